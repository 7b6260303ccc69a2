import { Source } from '../value.ts';
import type { RoomTransfers } from './room-transfers.ts';

/** Milliseconds until the next try, if the server is away. */
const RETRY_AFTER_MS = 3000;

/** Loads the code that transfers files: a call begins without it. One for each room. */
export class TransferLoader {
  /** null until the code is there. */
  readonly loaded = new Source<RoomTransfers | null>(null);
  #started = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Loads it within that many milliseconds, unless {@link load} is called first. */
  loadAfter(ms: number): void {
    if (!this.#started && !this.#closed) this.#timer ??= setTimeout(() => this.load(), ms);
  }

  /** Loads it now, and tries again until that succeeds. */
  load(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    clearTimeout(this.#timer);
    import('./room-transfers.ts').then(
      ({ RoomTransfers }) => {
        if (!this.#closed) this.loaded.set(new RoomTransfers());
      },
      () => {
        this.#started = false;
        if (this.#closed) return;
        this.#timer = setTimeout(() => this.load(), RETRY_AFTER_MS);
      },
    );
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
