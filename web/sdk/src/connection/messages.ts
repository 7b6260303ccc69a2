import { parseStep, type VerificationStep } from '../verification/verification-steps.ts';
import type { SignalledCandidate, SignalledDescription } from './negotiation.ts';

/** Anything that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A signal between two members, inside the payload that is opaque to the server.
 *
 * `link` is the number of the sender's connection, which grows with time; `to` is that of the receiver's connection
 * that it is meant for, null if not known yet.
 */
export interface SignalMessage {
  readonly link: number;
  readonly to: number | null;
  readonly about:
    | { readonly description: SignalledDescription }
    | { readonly candidate: SignalledCandidate }
    /** To and from phones only: what somebody wrote. */
    | { readonly text: string };
}

/** What two members send to each other over their data channel. */
export type ChannelFrame =
  /** A message, kept by the sender until it is acknowledged by `got`. */
  | { readonly frame: 'message'; readonly n: number; readonly data: Json }
  | { readonly frame: 'got'; readonly n: number }
  | { readonly frame: 'media'; readonly media: PeerMedia }
  /** How high the camera's video may be that the sender of this frame wants, in pixels; 0: none, null: no limit. */
  | { readonly frame: 'video'; readonly maxHeight: number | null }
  /** A step of the short authentication string. */
  | { readonly frame: 'compare'; readonly step: VerificationStep }
  /** A {@link SignalMessage} by another way, while signalling is down. */
  | { readonly frame: 'words'; readonly words: string }
  /** Left for good (`leave`), or the page unloads and may be back (`away`). */
  | { readonly frame: 'leave' | 'away' };

/** What a participant says they send. */
export interface PeerMedia {
  /** `muted` has a track and sends silence; `none` has no track. */
  readonly microphone: 'on' | 'muted' | 'none';
  /** `off` has a track and sends no video; `none` has no track. */
  readonly camera: 'on' | 'off' | 'none';
  /** Whether they share a screen. */
  readonly screen: 'on' | 'none';
  /** With `camera` `none`: it failed or was lost, and they did not turn it off themselves. Default false. */
  readonly cameraFailed?: boolean;
}

/** Parses a signal from another member's client; null if it is invalid. */
export function parseSignal(text: string): SignalMessage | null {
  const value = parse(text);
  if (!isRecord(value) || !isCount(value['link']) || !(value['to'] === null || isCount(value['to']))) return null;
  const about = value['about'];
  if (!isRecord(about)) return null;
  const { link, to } = { link: value['link'], to: value['to'] };
  const description = about['description'];
  if (isDescription(description)) return { link, to, about: { description } };
  const candidate = about['candidate'];
  if (isCandidate(candidate)) return { link, to, about: { candidate } };
  const written = about['text'];
  if (typeof written === 'string') return { link, to, about: { text: written } };
  return null;
}

/** Parses a frame from another member's client; null if it is invalid. */
export function parseChannelFrame(text: string): ChannelFrame | null {
  const value = parse(text);
  if (!isRecord(value)) return null;
  switch (value['frame']) {
    case 'message':
      return isCount(value['n']) && 'data' in value
        ? { frame: 'message', n: value['n'], data: value['data'] as Json }
        : null;
    case 'got':
      return isCount(value['n']) ? { frame: 'got', n: value['n'] } : null;
    case 'media': {
      const media = parseMedia(value['media']);
      return media === null ? null : { frame: 'media', media };
    }
    case 'video': {
      const maxHeight = value['maxHeight'];
      return maxHeight === null || isCount(maxHeight) ? { frame: 'video', maxHeight } : null;
    }
    case 'compare': {
      const step = parseStep(value['step']);
      return step === null ? null : { frame: 'compare', step };
    }
    case 'words':
      return typeof value['words'] === 'string' ? { frame: 'words', words: value['words'] } : null;
    case 'leave':
    case 'away':
      return { frame: value['frame'] };
    default:
      return null;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isDescription(value: unknown): value is SignalledDescription {
  if (!isRecord(value)) return false;
  const kind = value['kind'];
  return (
    (kind === 'offer' || kind === 'answer') &&
    isCount(value['number']) &&
    typeof value['ufrag'] === 'string' &&
    typeof value['sdp'] === 'string'
  );
}

function isCandidate(value: unknown): value is SignalledCandidate {
  return (
    isRecord(value) &&
    typeof value['ufrag'] === 'string' &&
    typeof value['candidate'] === 'string' &&
    (value['mid'] === null || typeof value['mid'] === 'string')
  );
}

/** No `screen`, or an unknown one, means that none is shared. */
function parseMedia(value: unknown): PeerMedia | null {
  if (!isRecord(value)) return null;
  const { microphone, camera, screen } = value;
  if (microphone !== 'on' && microphone !== 'muted' && microphone !== 'none') return null;
  if (camera !== 'on' && camera !== 'off' && camera !== 'none') return null;
  const failed = camera === 'none' && value['cameraFailed'] === true;
  return { microphone, camera, screen: screen === 'on' ? 'on' : 'none', ...(failed && { cameraFailed: true }) };
}
