import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Milliseconds that a first picture is waited for, at most. */
const most = 500;

/**
 * Whether it is time to draw what stands around the others' pictures: once the first of them plays, for drawing keeps the
 * page busy, and on a busy machine the picture would come that much later. At once where nobody else is.
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
