import type { DeviceKind } from './device.ts';

/** Runs calls for devices one after the other. Of those that wait for the same devices, only the latest runs. */
export class CallQueue {
  readonly #ended: AbortSignal;
  readonly #calls: Record<DeviceKind, number> = { microphone: 0, camera: 0 };
  /** The call that runs, or the last one that waits for it. */
  #last: Promise<void> | null = null;

  /** Nothing more is started once `ended` has aborted. */
  constructor(ended: AbortSignal) {
    this.#ended = ended;
  }

  /** For what the user wants: calls for the same devices that still wait are dropped. */
  async run(kinds: readonly DeviceKind[], work: () => Promise<void>): Promise<void> {
    for (const kind of kinds) this.#calls[kind] += 1;
    await this.append(kinds, work);
  }

  /** For what nobody asked for: it drops no call, and is dropped if the user wants something else by then. */
  async append(kinds: readonly DeviceKind[], work: () => Promise<void>): Promise<void> {
    const calls = kinds.map((kind) => this.#calls[kind]);
    const stale = (): boolean => kinds.every((kind, index) => this.#calls[kind] !== calls[index]);
    const start = async (): Promise<void> => (stale() || this.#ended.aborted ? undefined : work());
    const mine = this.#last === null ? start() : this.#last.then(start, start);
    this.#last = mine;
    try {
      await mine;
    } finally {
      if (this.#last === mine) this.#last = null;
    }
  }
}
