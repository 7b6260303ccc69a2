/** Milliseconds in which at least some of what waits must go out. */
const STALLED_MS = 15_000;

/** Notices that a data channel is open, has something to send, and sends nothing: no event tells of that. */
export class Stall {
  #waiting = 0;
  #since = 0;

  /** To be called about once a second with the bytes that wait; true once for each time that it has lasted too long. */
  look(waiting: number, nowMs: number): boolean {
    if (waiting === 0 || waiting !== this.#waiting) {
      this.#waiting = waiting;
      this.#since = nowMs;
    }
    if (nowMs - this.#since < STALLED_MS) return false;
    this.#since = nowMs;
    return true;
  }
}
