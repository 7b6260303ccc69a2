/** Milliseconds without a packet after which a path that carried sound or pictures is taken for dead. */
const SILENT_MS = 1000;

/**
 * Notices that nothing comes any more, seconds before the browser says `disconnected`: a router with a new address drops
 * what is sent to the old one, and tells nobody.
 */
export class MediaTimeout {
  #mark = 0;
  #since = 0;
  #told = true;

  /** Whether it lasts too long already. */
  get expired(): boolean {
    return this.#told && this.#mark !== 0;
  }

  /**
   * To be called several times a second. `mark` is another number whenever something has come, and 0 as long as nothing
   * ever has; true once for each silence, when it has lasted too long.
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
