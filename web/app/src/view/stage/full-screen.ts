import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';

/**
 * Shows the page full screen for as long as the component is there, where the browser can. `onEnd` is called when the
 * person ends that in the browser's own way.
 */
export function useFullScreen(call: Call, onEnd: () => void): void {
  const latest = useRef(onEnd);
  latest.current = onEnd;
  useEffect(() => {
    const fullScreen = call.lazy.view.peek()?.fullScreen ?? null;
    if (fullScreen === null || fullScreen.on.peek()) return undefined;
    let entered = false;
    let over = false;
    const exit = () => fullScreen.exit().catch(() => undefined);
    fullScreen.enter().then(
      () => {
        if (over) void exit();
      },
      () => undefined,
    );
    const stop = effect(() => {
      if (fullScreen.on.value) entered = true;
      else if (entered) queueMicrotask(() => latest.current());
    });
    return () => {
      stop();
      over = true;
      if (fullScreen.on.peek()) void exit();
    };
  }, [call]);
}
