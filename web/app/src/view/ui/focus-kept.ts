import { useEffect } from 'preact/hooks';

/**
 * When what the keyboard is at goes away (a card that was answered, a line that was deleted), the focus goes to what stood
 * around it: else the keyboard would begin anew at the top of the page. Never to another button: whoever presses Enter
 * twice must not answer what comes next.
 */
export function FocusKept() {
  useEffect(() => {
    /** What the keyboard is at, and what is around it, from the inside out. */
    let around: readonly EventTarget[] = [];
    const remember = (event: FocusEvent) => {
      const { target } = event;
      around = target instanceof Element && target.matches(':focus-visible') ? event.composedPath() : [];
    };
    const keep = () => {
      const [last] = around;
      if (!(last instanceof HTMLElement) || last.isConnected || document.activeElement !== document.body) return;
      const place = around.find((one) => one instanceof HTMLElement && one.isConnected) as HTMLElement | undefined;
      around = [];
      if (place === undefined || place === document.body) return;
      if (!place.hasAttribute('tabindex')) place.tabIndex = -1;
      place.focus({ preventScroll: true });
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
