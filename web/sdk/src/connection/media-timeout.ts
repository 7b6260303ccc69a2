/** Milliseconds without a packet after which a path that carried media counts as dead. */
const SILENT_MS = 1000;

/**
 * Detects that no media arrives any more, seconds before the browser reports `disconnected`: a router with a new
 * address silently drops what is sent to the old one.
 */
export class MediaTimeout {
  #mark = 0;
  #since = 0;
  #told = true;

  /** Whether media was received once, and no longer is. */
  get expired(): boolean {
    return this.#told && this.#mark !== 0;
  }

  /**
   * To be called several times a second. `mark` changes whenever a packet arrives, and is 0 until the first one. True
   * once per timeout.
   */
  update(mark: number, nowMs: number): boolean {
    if (mark !== this.#mark) {
      this.#mark = mark;
      this.#since = nowMs;
      this.#told = mark === 0;
    }
    if (this.#told || nowMs - this.#since < SILENT_MS) return false;
    this.#told = true;
    return true;
  }
}
