import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Milliseconds to wait for the first picture. */
const most = 500;

/**
 * Whether to draw what surrounds the others' pictures: once the first of them plays, because drawing keeps the page
 * busy and would delay the picture on a busy machine. At once if nobody else is here.
 */
export function useFirstPicture(main: RefObject<HTMLElement | null>, alone: boolean): boolean {
  const [pictured, setPictured] = useState(alone);
  const isTime = pictured || alone;
  useEffect(() => {
    if (isTime) return setPictured(true);
    const now = () => setPictured(true);
    const drawn = () => requestAnimationFrame(() => requestAnimationFrame(now));
    const timer = setTimeout(now, most);
    const element = main.current;
    element?.addEventListener('playing', drawn, { capture: true, once: true });
    return () => {
      clearTimeout(timer);
      element?.removeEventListener('playing', drawn, { capture: true });
    };
  }, [main, isTime]);
  return isTime;
}
