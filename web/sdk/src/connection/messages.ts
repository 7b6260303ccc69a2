import { parseStep, type VerificationStep } from '../verification/short-auth-string.ts';
import type { SignalledCandidate, SignalledDescription } from './negotiation.ts';

/** Anything that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * What two members say to each other to connect, inside the opaque payload of a signal.
 *
 * `link` numbers the speaker's connection object, growing with time; `to` is the listener's that it is meant for, null if
 * not known yet.
 */
export interface SignalMessage {
  readonly link: number;
  readonly to: number | null;
  readonly about: { readonly description: SignalledDescription } | { readonly candidate: SignalledCandidate };
}

/** What two members say to each other over their data channel. */
export type ChannelFrame =
  /** A message, kept by the sender until `got`. */
  | { readonly frame: 'message'; readonly n: number; readonly data: Json }
  | { readonly frame: 'got'; readonly n: number }
  | { readonly frame: 'media'; readonly media: PeerMedia }
  /** To know whether somebody is between. */
  | { readonly frame: 'compare'; readonly step: VerificationStep }
  /** `words` by another way, while the broker is away. */
  | { readonly frame: 'words'; readonly words: string }
  /** Left for good (`leave`), or the page is going away and may be back (`away`). */
  | { readonly frame: 'leave' | 'away' };

export interface PeerMedia {
  readonly microphone: 'on' | 'muted' | 'none';
  readonly camera: 'on' | 'off' | 'none';
  readonly screen: 'on' | 'none';
}

/** Words from another member, or null if they make no sense: they come from somebody else's program. */
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
  return null;
}

/** A frame from another member, or null if it makes no sense. */
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

/** Who says nothing of a screen, or nothing that we know, shares none. */
function parseMedia(value: unknown): PeerMedia | null {
  if (!isRecord(value)) return null;
  const { microphone, camera, screen } = value;
  if (microphone !== 'on' && microphone !== 'muted' && microphone !== 'none') return null;
  if (camera !== 'on' && camera !== 'off' && camera !== 'none') return null;
  return { microphone, camera, screen: screen === 'on' ? 'on' : 'none' };
}
