import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Box } from '../../model/stage/layout';

/** Animates a tile to its new box when people come, go or move. When only the window is resized, it follows at once. */
export function useTileAnimation(ref: RefObject<HTMLElement | null>, box: Box, shape: string, held: boolean): void {
  const last = useRef({ box, shape, held });
  useLayoutEffect(() => {
    const before = last.current;
    last.current = { box, shape, held };
    const moved = before.shape !== shape || (before.held && !held);
    if (!moved || held || box.width * box.height === 0 || before.box.width === 0) return;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const { x, y, width, height } = before.box;
    const start = `translate(${x - box.x}px, ${y - box.y}px) scale(${width / box.width}, ${height / box.height})`;
    ref.current?.animate([{ transform: start }, { transform: 'none' }], { duration: 200, easing: 'ease-out' });
  }, [box.x, box.y, box.width, box.height, shape, held]);
}
