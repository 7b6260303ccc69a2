import { signal } from '@preact/signals';
import type { FullScreen } from './platform';

/** The Fullscreen API; null where the browser has none for pages, as on iPhones. */
export function fullScreen(): FullScreen | null {
  if (document.fullscreenEnabled !== true) return null;
  const on = signal(document.fullscreenElement !== null);
  document.addEventListener('fullscreenchange', () => {
    on.value = document.fullscreenElement !== null;
  });
  return {
    on,
    enter: () => document.documentElement.requestFullscreen({ navigationUI: 'hide' }),
    exit: () => document.exitFullscreen(),
  };
}
