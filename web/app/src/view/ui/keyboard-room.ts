import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/**
 * Keeps what is at the bottom of the call above an on-screen keyboard that lies over the page, as on iPhones. Elsewhere
 * `interactive-widget` in the page's viewport does it: the page gets lower, and here there is nothing to do.
 */
export function KeyboardRoom({ call }: { readonly call: RefObject<HTMLElement | null> }) {
  useEffect(() => {
    const seen = window.visualViewport ?? null;
    if (seen === null) return undefined;
    const fit = () => {
      const zoomed = seen.scale > 1.01; // by the person: they look at a part on purpose
      const above = zoomed ? 0 : seen.offsetTop;
      const keyboard = zoomed ? 0 : Math.max(0, window.innerHeight - seen.height - seen.offsetTop);
      call.current?.style.setProperty('--above', `${above}px`);
      call.current?.style.setProperty('--keyboard', `${keyboard}px`);
    };
    fit();
    seen.addEventListener('resize', fit);
    seen.addEventListener('scroll', fit);
    return () => {
      seen.removeEventListener('resize', fit);
      seen.removeEventListener('scroll', fit);
    };
  }, [call]);
  return null;
}
