import { report } from '../value.ts';
import { keepCameraSize, VIDEO } from './camera-size.ts';
import type { AudioProcessing, Device, DeviceKind, ProcessedTrack } from './device.ts';

/** What is asked of the browser for one device. */
export interface CaptureRequest {
  readonly kind: DeviceKind;
  /** `deviceId`, or null for any. */
  readonly id: string | null;
  /** For a camera: which way it should look. */
  readonly facing: Device['facing'];
}

/** Firefox turns the microphone itself off while all its tracks are disabled, and a clone would keep it on. */
const staysOnWhileMuted = (): boolean => !navigator.userAgent.includes('Firefox');

/** Milliseconds that audio processing has to begin. Meanwhile the devices are on, but shown as starting. */
const PROCESSING_MS = 5000;

/** A camera or microphone that is on. */
export class Capture {
  readonly kind: DeviceKind;
  /** The device's own track. */
  readonly track: MediaStreamTrack;
  /** To measure a microphone's level, even while it's muted, if the browser goes on capturing. */
  readonly measured: MediaStreamTrack;
  readonly #ended = new AbortController();
  #processed: ProcessedTrack | null = null;

  /** It is turned off when `mediaEnded` aborts, also while nobody else holds it yet. */
  constructor(track: MediaStreamTrack, mediaEnded: AbortSignal) {
    this.kind = track.kind === 'audio' ? 'microphone' : 'camera';
    this.track = track;
    this.measured = this.kind === 'microphone' && staysOnWhileMuted() ? track.clone() : track;
    if (this.kind === 'camera') keepCameraSize(track, this.#ended.signal);
    mediaEnded.addEventListener('abort', () => this.stop(), { signal: this.#ended.signal });
    if (mediaEnded.aborted) this.stop();
  }

  /** The track to send. */
  get sent(): MediaStreamTrack {
    return this.#processed?.track ?? this.track;
  }

  get enabled(): boolean {
    return this.track.enabled;
  }

  /** Mutes or unmutes what is sent. */
  enable(on: boolean): void {
    this.track.enabled = on;
    if (this.#processed !== null) this.#processed.track.enabled = on && !this.track.muted;
  }

  /** From now on, what `process` makes is sent, unless it fails or takes too long. */
  async process(process: NonNullable<AudioProcessing['process']>): Promise<void> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), PROCESSING_MS);
    const take = (processed: ProcessedTrack): void => {
      if (late.signal.aborted || this.#ended.signal.aborted) processed.stop();
      else this.#processed = processed;
    };
    try {
      await Promise.race([process(this.track).then(take), aborted(late.signal), aborted(this.#ended.signal)]);
    } catch (error) {
      report(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Turns the device off. */
  stop(): void {
    this.#ended.abort();
    this.track.stop();
    this.measured.stop();
    try {
      this.#processed?.stop();
    } catch (error) {
      report(error); // it's the page's code: the device is off all the same
    }
  }
}

/** Asks the browser for devices, with one permission prompt. */
export async function openCaptures(
  requests: readonly CaptureRequest[],
  { noiseSuppression = true }: AudioProcessing,
  mediaEnded: AbortSignal,
): Promise<Capture[]> {
  if (navigator.mediaDevices === undefined) throw new DOMException('', 'InsecureContext');
  const audio: MediaTrackConstraints = noiseSuppression ? {} : { noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: constraints(requests, 'microphone', audio),
    video: constraints(requests, 'camera', VIDEO),
  });
  const tracks = stream.getTracks();
  try {
    return tracks.map((track) => new Capture(track, mediaEnded));
  } catch (error) {
    for (const track of tracks) track.stop(); // no device stays on that we don't know of
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function constraints(
  requests: readonly CaptureRequest[],
  kind: DeviceKind,
  base: MediaTrackConstraints,
): MediaTrackConstraints | false {
  const request = requests.find((each) => each.kind === kind);
  if (request === undefined) return false;
  const { id, facing } = request;
  return {
    ...base,
    ...(id === null ? {} : { deviceId: { exact: id } }),
    ...(facing === null ? {} : { facingMode: { ideal: facing } }),
  };
}

/** Why the browser gave no device. */
export function problemOf(error: unknown): NonNullable<Device['problem']> {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    case 'InsecureContext':
      return 'insecure';
    default:
      return error instanceof Error && error.name === 'OverconstrainedError' ? 'missing' : 'unknown';
  }
}
