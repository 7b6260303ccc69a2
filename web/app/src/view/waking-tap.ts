import { useRef } from 'preact/hooks';
import type { ControlsVisibility } from '../model/controls-visibility';

/** Milliseconds after the controls came back in which a finger was already on its way to the place they had left. */
const grace = 300;

/** What hides when nobody moves. */
const fading = '.bar, .viewer-tools, .tile-button';

/**
 * The tap that brings the hidden controls back doesn't press what it can't see. A finger or a pen comes from nowhere:
 * they are shown when it touches the screen, and the browser looks for what it clicks when it lifts. A mouse has
 * moved there before.
 */
export function useWakingTap(controls: ControlsVisibility) {
  const blind = useRef(false);
  const woken = useRef(Number.NEGATIVE_INFINITY);
  const drop = (event: MouseEvent) => {
    const byKey = event.detail === 0; // or by a screen reader
    if (byKey || !blind.current || !(event.target instanceof Element) || !event.target.closest(fading)) return;
    event.preventDefault(); // nor does the button get the focus
    event.stopPropagation();
  };
  return {
    onPointerDownCapture: ({ pointerType, isPrimary, timeStamp }: PointerEvent) => {
      if (!isPrimary) return;
      if (!controls.shown.peek()) woken.current = timeStamp;
      blind.current = pointerType !== 'mouse' && timeStamp - woken.current < grace;
    },
    onMouseDownCapture: drop,
    onClickCapture: drop,
  };
}
