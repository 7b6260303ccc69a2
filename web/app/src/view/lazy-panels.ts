import { useEffect, useState } from 'preact/hooks';
import { verdictTexts } from '../model/verdict-texts';
import panelsCss from '../panels.css?url';
import { lazy } from '../platform/lazy';
import { addStylesheet } from './ui/stylesheet';

type Panels = typeof import('./panels');

const panelsPart = lazy(() => import('./panels'));

/** Milliseconds after which the panels are loaded: by then the first pictures are there. */
export const panelsDelay = 1500;

/** Milliseconds until the next try if the server is away. */
const again = 3000;

/** The panels of a call, loaded shortly after it began, so that they are there even if the server goes away. */
export function usePanels(wanted: boolean): Panels | null {
  const [panels, setPanels] = useState<Panels | null>(null);
  useEffect(() => {
    if (panels !== null) return;
    let timer: ReturnType<typeof setTimeout>;
    let gone = false;
    const load = () =>
      Promise.all([panelsPart(), addStylesheet(panelsCss), verdictTexts()]).then(
        ([loaded]) => gone || setPanels(loaded),
        () => {
          if (!gone) timer = setTimeout(load, again);
        },
      );
    timer = setTimeout(load, wanted ? 0 : panelsDelay);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [panels, wanted]);
  return panels;
}
