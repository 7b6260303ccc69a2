import { lazy } from '../platform/lazy';

/** What explains why there is no connection. It is loaded with the panels, long before a first verdict. */
export const verdictTexts = lazy(() => import('../strings/verdicts'));
