import { useEffect } from 'preact/hooks';

const takesFocus = 'button:not(:disabled), a[href], input:not(:disabled), select, textarea, [tabindex]';

/**
 * When what has the focus goes away (a card that was answered, a line that was deleted), the focus goes to the nearest
 * place around it: else the keyboard would begin anew at the top of the page.
 */
export function FocusKept() {
  useEffect(() => {
    /** What has the focus, and what is around it from the inside out. */
    let around: readonly EventTarget[] = [];
    const remember = (event: FocusEvent) => {
      around = event.composedPath();
    };
    const keep = () => {
      const [last] = around;
      if (!(last instanceof HTMLElement) || last.isConnected || document.activeElement !== document.body) return;
      const near = around.filter((one) => one instanceof HTMLElement && one.isConnected) as HTMLElement[];
      around = [];
      for (const place of near) {
        const next = place.hasAttribute('tabindex') ? place : place.querySelector<HTMLElement>(takesFocus);
        if (next === null) continue;
        next.focus();
        return;
      }
    };
    const observer = new MutationObserver(keep);
    observer.observe(document.body, { childList: true, subtree: true });
    document.addEventListener('focusin', remember);
    return () => {
      observer.disconnect();
      document.removeEventListener('focusin', remember);
    };
  }, []);
  return null;
}
