/** Options that browsers have known since 2023, but TypeScript doesn't. */
interface Wish extends DisplayMediaStreamOptions {
  readonly selfBrowserSurface: 'exclude';
  readonly surfaceSwitching: 'include';
  readonly systemAudio: 'include' | 'exclude';
  readonly windowAudio: 'window';
}

/** Sharp on any likely screen, and no more than a software encoder can handle. */
const video: MediaTrackConstraints = { width: { max: 2560 }, height: { max: 1440 }, frameRate: { max: 30 } };

/** Unprocessed: what improves speech spoils music. */
const audio: MediaTrackConstraints & { readonly restrictOwnAudio: true } = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
  restrictOwnAudio: true,
};

/**
 * Asks the person for a screen, window or tab, with its sound. Call it while a click or a key press runs. System sound
 * is requested only if the browser can exclude this page's own: otherwise the others would hear themselves.
 */
export function captureScreen(): Promise<MediaStream> {
  const silencesPage = Reflect.has(navigator.mediaDevices.getSupportedConstraints(), 'restrictOwnAudio');
  const wish: Wish = {
    video,
    audio,
    selfBrowserSurface: 'exclude',
    surfaceSwitching: 'include',
    systemAudio: silencesPage ? 'include' : 'exclude',
    windowAudio: 'window',
  };
  return navigator.mediaDevices.getDisplayMedia(wish);
}
