import { CaptureError, type CaptureProblem } from './platform';

const problems: { readonly [name: string]: CaptureProblem } = {
  NotAllowedError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

const constraints = {
  microphone: { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } },
  camera: { video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } },
} as const;

/**
 * Captures the microphone or camera. Several calls share the device: on an iPhone a second capture would mute the first.
 */
export function capture(): (kind: 'microphone' | 'camera') => Promise<MediaStreamTrack> {
  const live = { microphone: new Set<MediaStreamTrack>(), camera: new Set<MediaStreamTrack>() };
  return async (kind) => {
    for (const track of live[kind]) if (track.readyState === 'ended') live[kind].delete(track);
    const [shared] = live[kind];
    const track = shared?.clone() ?? (await captured(kind));
    track.enabled = true;
    live[kind].add(track);
    return track;
  };
}

async function captured(kind: 'microphone' | 'camera'): Promise<MediaStreamTrack> {
  if (navigator.mediaDevices === undefined) throw new CaptureError('insecure');
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints[kind]);
    const [track] = stream.getTracks();
    if (track !== undefined) return track;
  } catch (error) {
    throw new CaptureError((error instanceof DOMException && problems[error.name]) || 'unknown');
  }
  throw new CaptureError('unknown');
}
