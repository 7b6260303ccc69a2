/** What browsers know since 2023 and later, and TypeScript does not. */
interface Wish extends DisplayMediaStreamOptions {
  readonly selfBrowserSurface: 'exclude';
  readonly surfaceSwitching: 'include';
  readonly systemAudio: 'include' | 'exclude';
  readonly windowAudio: 'window';
}

/** Sharp on any screen that is likely, and no more than an encoder without help can take. */
const video: MediaTrackConstraints = { width: { max: 2560 }, height: { max: 1440 }, frameRate: { max: 30 } };

/** As it is: what makes speech better spoils music. */
const audio: MediaTrackConstraints & { readonly restrictOwnAudio: true } = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
  restrictOwnAudio: true,
};

/**
 * Asks the person for a screen, a window or a tab, with its sound; to be called while a click or a key press runs. What is
 * heard on the whole machine is asked for only where the browser leaves out this page: others would hear themselves.
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
