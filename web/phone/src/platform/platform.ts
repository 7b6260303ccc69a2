import type { Platform } from '@eyeline/app/platform/platform';
import type { Account, UserAgent, UserAgentEvents } from './user-agent';

/** Why there is no microphone or camera. */
export type CaptureProblem = 'denied' | 'missing' | 'busy' | 'insecure' | 'unknown';

/** The browser gave no microphone or camera. */
export class CaptureError extends Error {
  readonly problem: CaptureProblem;

  constructor(problem: CaptureProblem) {
    super(`no capture: ${problem}`);
    this.problem = problem;
  }
}

type FromApp = 'url' | 'webrtc' | 'memory' | 'session' | 'seen' | 'alerts' | 'stayAwake' | 'warnOnLeave';
type AlsoFromApp = 'copy' | 'now' | 'after' | 'operator';

/** Everything the model needs from the browser and from JsSIP. Tests pass their own. */
export interface PhonePlatform extends Pick<Platform, FromApp | AlsoFromApp> {
  /** The fragment of the address, without "#". It's removed from the address bar. */
  takeFragment(): string;
  /** Connects and registers. */
  openUserAgent(account: Account, events: UserAgentEvents): UserAgent;
  /** A new track of the microphone or camera. Rejects with a {@link CaptureError}. */
  capture(kind: 'microphone' | 'camera'): Promise<MediaStreamTrack>;
  /** A stream of these tracks. */
  stream(tracks: readonly MediaStreamTrack[]): MediaStream;
}
