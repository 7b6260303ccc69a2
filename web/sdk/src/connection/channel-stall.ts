/** Milliseconds in which at least some of what waits must go out. */
const STALLED_MS = 15_000;

/** Notices that a data channel is open, has something to send, and sends nothing: no event tells of that. */
export class ChannelStall {
  #waiting = 0;
  #given = 0;
  #since = 0;

  /**
   * To be called about once a second with the bytes that wait, and with a count of what was given since others had left:
   * as many may wait each time, and not the same. True once for each time that it has lasted too long.
   */
  update(waiting: number, given: number, nowMs: number): boolean {
    if (waiting === 0 || waiting !== this.#waiting || given !== this.#given) {
      this.#given = given;
      this.#waiting = waiting;
      this.#since = nowMs;
    }
    if (nowMs - this.#since < STALLED_MS) return false;
    this.#since = nowMs;
    return true;
  }
}
