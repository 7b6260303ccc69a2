import { useLayoutEffect } from 'preact/hooks';

/** When this goes away, the focus goes back to where it was before. */
export function useFocusBack(): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
}
