import { OwnStall } from './own-stall.ts';

/** Milliseconds without a packet after which a path that carried media may be dead. */
const SILENT_MS = 1000;

/** Milliseconds between two reports of a timeout that lasts: an ICE restart takes less if it helps. */
const REPEAT_MS = 8000;

/** Milliseconds between two updates from which on our own page was blocked. A hidden page updates once a second. */
const LATE_MS = 1200;

/** A timeout that has begun, or one that still lasts 8 seconds after the last report. */
export type TimeoutReport = 'begins' | 'lasts';

/**
 * Detects that no media arrives any more, seconds before the browser reports `disconnected`: a router with a new
 * address silently drops what is sent to the old one.
 */
export class MediaTimeout {
  readonly #ownStall = new OwnStall(LATE_MS);
  #mark = 0;
  #since = 0;
  /** When the timeout was last reported; null if there is none. */
  #reportedAt: number | null = null;

  /** Whether media was received once, and no longer is. */
  get expired(): boolean {
    return this.#reportedAt !== null;
  }

  /**
   * To be called several times a second. `mark` changes whenever a packet arrives, and is 0 until the first one. An
   * update that comes late starts the time over.
   */
  update(mark: number, nowMs: number): TimeoutReport | null {
    const late = this.#ownStall.update(nowMs);
    if (mark !== this.#mark) {
      this.#mark = mark;
      this.#reportedAt = null;
      this.#since = nowMs;
    } else if (late && this.#reportedAt === null) {
      this.#since = nowMs;
    }
    if (mark === 0 || nowMs - (this.#reportedAt ?? this.#since) < (this.#reportedAt === null ? SILENT_MS : REPEAT_MS))
      return null;
    const report = this.#reportedAt === null ? 'begins' : 'lasts';
    this.#reportedAt = nowMs;
    return report;
  }

  /** Something else arrives on the path, so it isn't dead: the time starts over. */
  retract(nowMs: number): void {
    this.#reportedAt = null;
    this.#since = nowMs;
  }
}
