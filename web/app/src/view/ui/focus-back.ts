import { useLayoutEffect } from 'preact/hooks';

/** When the component unmounts, the focus returns to where it was before. */
export function useFocusBack(): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
}
