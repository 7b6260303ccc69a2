import type * as sdk from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { shownName } from '../name';

/** Seconds between our "typing" messages, and after which somebody else's expires. */
const sayEvery = 3;
const lasts = 6;

/** Typing indicator: who is writing right now. */
export class Typing {
  readonly names: ReadonlySignal<readonly string[]>;
  readonly #names = signal<readonly string[]>([]);
  readonly #after: Platform['after'];
  readonly #typing = new Map<string, { readonly name: string; readonly stop: () => void }>();
  #resting: (() => void) | null = null;

  constructor(after: Platform['after']) {
    this.#after = after;
    this.names = this.#names;
  }

  /** Tells these people that we're typing. */
  type(peers: readonly sdk.Peer[]): void {
    if (this.#resting !== null) return;
    this.#resting = this.#after(sayEvery, () => {
      this.#resting = null;
    });
    for (const peer of peers) void peer.send({ kind: 'chat-typing' }).catch(() => undefined); // they left
  }

  /** Handles anything a peer sent. */
  hear(from: sdk.Peer, message: unknown): void {
    if (typeof message !== 'object' || message === null || !('kind' in message)) return;
    if (message.kind === 'chat') this.forget(from.id);
    if (message.kind !== 'chat-typing') return;
    this.#typing.get(from.id)?.stop();
    const stop = this.#after(lasts, () => this.forget(from.id));
    this.#typing.set(from.id, { name: shownName(from.name), stop });
    this.#show();
  }

  /** They stopped typing. */
  forget(id: string): void {
    this.#typing.get(id)?.stop();
    if (this.#typing.delete(id)) this.#show();
  }

  /** The draft was sent: when we type again, it's announced at once. */
  rest(): void {
    this.#resting?.();
    this.#resting = null;
  }

  end(): void {
    this.rest();
    for (const id of [...this.#typing.keys()]) this.forget(id);
  }

  #show(): void {
    this.#names.value = [...this.#typing.values()].map(({ name }) => name);
  }
}
