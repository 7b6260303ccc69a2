/**
 * Frames about files on the data channel for files; see docs/peer-protocol.md. `id` is that of the transfer, in the
 * last three that of the share.
 */
export type FileFrame =
  | {
      readonly frame: 'offer';
      readonly id: string;
      readonly name: string;
      readonly size: number;
      readonly preview: string;
      readonly entries?: unknown;
      readonly share?: unknown;
    }
  /** Send from chunk `next` on: accepts the offer, or resumes after a reconnect. */
  | { readonly frame: 'from'; readonly id: string; readonly next: number; readonly hash: string }
  /** Every chunk before `next` is stored. */
  | { readonly frame: 'have'; readonly id: string; readonly next: number }
  /** This chunk arrived, and can be passed on. */
  | { readonly frame: 'got'; readonly id: string; readonly index: number }
  /** This chunk did not arrive, or is wrong. */
  | { readonly frame: 'miss'; readonly id: string; readonly index: number }
  /** The bytes follow as binary messages. */
  | { readonly frame: 'chunk'; readonly id: string; readonly index: number; readonly hash: string }
  /** Get this chunk from another member. */
  | {
      readonly frame: 'at';
      readonly id: string;
      readonly index: number;
      readonly hash: string;
      readonly holder: string;
    }
  | { readonly frame: 'root'; readonly id: string; readonly hash: string }
  | { readonly frame: 'verified'; readonly id: string }
  | { readonly frame: 'pause'; readonly id: string; readonly on: boolean }
  /** The transfer is over: `declined`, `cancelled`, or what was wrong. */
  | { readonly frame: 'stop'; readonly id: string; readonly code: string }
  /** Pass this chunk on to me. */
  | { readonly frame: 'get'; readonly id: string; readonly index: number }
  /** Its bytes follow as binary messages. */
  | { readonly frame: 'pass'; readonly id: string; readonly index: number }
  /** I can't pass it on. */
  | { readonly frame: 'lack'; readonly id: string; readonly index: number };

/** Parses a frame; null if it is invalid. `readOffer` validates offers. */
export function parseFileFrame(text: string): FileFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { frame, id, name, size, preview, entries, share, next, index, hash, holder, on, code } = value as Record<
    string,
    unknown
  >;
  if (typeof id !== 'string') return null;
  if (frame === 'offer')
    return { frame, id, name: name as string, size: size as number, preview: preview as string, entries, share };
  if (frame === 'from' && isCount(next) && typeof hash === 'string') return { frame, id, next, hash };
  if (frame === 'have' && isCount(next)) return { frame, id, next };
  if (frame === 'chunk' && isCount(index) && typeof hash === 'string') return { frame, id, index, hash };
  if (frame === 'at' && isCount(index) && typeof hash === 'string' && typeof holder === 'string')
    return { frame, id, index, hash, holder };
  if (isAboutOne(frame) && isCount(index)) return { frame, id, index };
  if (frame === 'root' && typeof hash === 'string') return { frame, id, hash };
  if (frame === 'verified') return { frame, id };
  if (frame === 'pause' && typeof on === 'boolean') return { frame, id, on };
  if (frame === 'stop' && typeof code === 'string') return { frame, id, code: code.slice(0, 40) };
  return null;
}

function isAboutOne(frame: unknown): frame is 'got' | 'miss' | 'get' | 'pass' | 'lack' {
  return frame === 'got' || frame === 'miss' || frame === 'get' || frame === 'pass' || frame === 'lack';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
