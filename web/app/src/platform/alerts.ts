import { chime } from './chime';
import { notifications } from './notifications';
import { pageIcon } from './page-icon';
import type { Alerts } from './platform';

/** The real {@link Alerts}. */
export function alerts(): Alerts {
  return { play: chime(), mark: pageIcon(), notifications: notifications() };
}
