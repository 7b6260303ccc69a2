import { useEffect } from 'preact/hooks';

/**
 * When the focused element is removed (a card that was answered, a message that was deleted), the focus moves to what
 * surrounded it: otherwise the keyboard would start again at the top of the page. It never moves to another button:
 * somebody who presses Enter twice must not answer the next question.
 */
export function FocusKept() {
  useEffect(() => {
    /** The focused element and its ancestors, from the inside out. */
    let around: readonly EventTarget[] = [];
    const remember = (event: FocusEvent) => {
      around = event.composedPath();
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
