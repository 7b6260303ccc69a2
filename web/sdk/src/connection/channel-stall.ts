import { OwnStall } from './own-stall.ts';

/** Milliseconds in which some of the buffered bytes must be sent. */
const STALLED_MS = 15_000;

/** Milliseconds between two updates from which on our own page was blocked: it sends nothing then. */
const LATE_MS = 5000;

/** Detects that an open data channel has bytes to send, and sends none: there is no event for that. */
export class ChannelStall {
  readonly #ownStall = new OwnStall(LATE_MS);
  #waiting = 0;
  #given = 0;
  #since = 0;

  /**
   * To be called about once a second with the buffered bytes, and with a count of messages given to the channel: the
   * same number of bytes may be buffered each time, and not the same ones. True once per stall, when it has lasted too
   * long.
   */
  update(waiting: number, given: number, nowMs: number): boolean {
    const late = this.#ownStall.update(nowMs);
    if (late || waiting === 0 || waiting !== this.#waiting || given !== this.#given) {
      this.#given = given;
      this.#waiting = waiting;
      this.#since = nowMs;
    }
    if (nowMs - this.#since < STALLED_MS) return false;
    this.#since = nowMs;
    return true;
  }
}
