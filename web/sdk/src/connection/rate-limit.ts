import { Source } from '../value.ts';

/** Frames that a peer may send: a second, and at once. People, and programs that behave, stay far below it. */
const FRAMES_PER_SECOND = 200;
const FRAMES_BURST = 1000;

/** Characters of these frames. The burst has room for all that a newcomer is sent. */
const CHARACTERS_PER_SECOND = 1024 * 1024;
export const CHARACTERS_BURST = 4 * 1024 * 1024;

/** Frames dropped within {@link FLOODING_MS} of each other, after which the peer is flooding. */
const DROPPED_MAX = 200;

/** Milliseconds without a dropped frame after which the peer is no longer flooding. */
const FLOODING_MS = 10_000;

/** Token bucket: `perSecond` on average, and `burst` at once. Times are milliseconds of any monotonic clock. */
class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = 0;

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  has(tokens: number, now: number): boolean {
    this.earn((Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = Math.max(now, this.#filledAt);
    return this.#tokens >= tokens;
  }

  spend(tokens: number): void {
    this.#tokens -= tokens;
  }

  earn(tokens: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + tokens);
  }
}

/** Rate limit for the frames of one data channel in one direction. */
export class FrameLimit {
  readonly #charactersMax: number;
  readonly #frames: TokenBucket;
  readonly #characters: TokenBucket;

  /** `charactersMax` is the limit for one frame, `share` the part of the whole limit that this has. */
  constructor(charactersMax: number, share = 1) {
    this.#charactersMax = charactersMax;
    this.#frames = new TokenBucket(share * FRAMES_PER_SECOND, share * FRAMES_BURST);
    this.#characters = new TokenBucket(share * CHARACTERS_PER_SECOND, share * CHARACTERS_BURST);
  }

  /** Whether a frame of that many characters is within the limit; it counts only then. */
  take(characters: number, now = performance.now()): boolean {
    if (characters > this.#charactersMax || !this.#frames.has(1, now) || !this.#characters.has(characters, now))
      return false;
    this.#frames.spend(1);
    this.#characters.spend(characters);
    return true;
  }

  /** So many more frames may come: they answer what we sent, or are about bytes that were transferred. */
  earn(frames: number): void {
    this.#frames.earn(frames);
  }
}

/** Notices a peer who keeps sending more than we take. */
export class FloodDetector {
  readonly flooding = new Source(false);
  #dropped = 0;
  #droppedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** A frame was dropped because of a limit. */
  dropped(): void {
    const now = performance.now();
    if (now - this.#droppedAt > FLOODING_MS) this.#dropped = 0;
    this.#dropped += 1;
    this.#droppedAt = now;
    if (this.#dropped < DROPPED_MAX || this.flooding.current) return;
    this.flooding.set(true);
    this.#watch(FLOODING_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #watch(ms: number): void {
    this.#timer = setTimeout(() => {
      const left = this.#droppedAt + FLOODING_MS - performance.now();
      if (left > 0) this.#watch(left);
      else this.flooding.set(false);
    }, ms);
  }
}
