const WIDTH = 1280;
const HEIGHT = 720;

/** What we ask of a camera. */
export const VIDEO: MediaTrackConstraints = {
  width: { ideal: WIDTH },
  height: { ideal: HEIGHT },
  frameRate: { ideal: 30 },
};

/** Milliseconds between two attempts. */
const AGAIN_MS = 10_000;

/**
 * In Chromium, the first page that uses a camera decides its size for all: a later one gets 640x480 if that was asked
 * first, and keeps it when the first page has stopped. So while the size is smaller than what we asked for and what the
 * camera can do, it's asked again: every 10 seconds, and when the page is shown. Until `ended` aborts.
 */
export function keepCameraSize(track: MediaStreamTrack, ended: AbortSignal): void {
  const largest = track.getCapabilities?.();
  if ((largest?.width?.max ?? 0) < WIDTH || (largest?.height?.max ?? 0) < HEIGHT) return;
  const isSmall = (): boolean => {
    const { width = WIDTH, height = HEIGHT } = track.getSettings();
    return width * height < WIDTH * HEIGHT;
  };
  const ask = (): void => {
    if (!isSmall() || track.readyState !== 'live') return;
    track.applyConstraints({ ...track.getConstraints(), ...VIDEO }).catch(() => undefined); // it stays as it is
  };
  const timer = setInterval(ask, AGAIN_MS);
  document.addEventListener('visibilitychange', ask, { signal: ended });
  ended.addEventListener('abort', () => clearInterval(timer));
}
