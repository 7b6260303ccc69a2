/**
 * Detects that our own page was blocked or suspended between two updates: what is missing then may wait in the browser,
 * and says nothing about the other side.
 */
export class OwnStall {
  readonly #lateMs: number;
  #updatedAt: number | null = null;

  /** `lateMs`: the longest time between two updates of a page that runs freely. */
  constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  /** Whether this update is late. */
  update(nowMs: number): boolean {
    const late = this.#updatedAt !== null && nowMs - this.#updatedAt > this.#lateMs;
    this.#updatedAt = nowMs;
    return late;
  }
}
