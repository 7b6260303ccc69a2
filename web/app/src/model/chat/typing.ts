import type * as sdk from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { shownName } from '../name';

/** Seconds between two words of ours that we type, and after which others' count no more. */
const sayEvery = 3;
const lasts = 6;

/** Who is writing a line just now. */
export class Typing {
  /** Their names. */
  readonly names: ReadonlySignal<readonly string[]>;
  readonly #names = signal<readonly string[]>([]);
  readonly #after: Platform['after'];
  readonly #typing = new Map<string, { readonly name: string; readonly stop: () => void }>();
  #resting: (() => void) | null = null;

  constructor(after: Platform['after']) {
    this.#after = after;
    this.names = this.#names;
  }

  /** We type something for these people. */
  type(peers: readonly sdk.Peer[]): void {
    if (this.#resting !== null) return;
    this.#resting = this.#after(sayEvery, () => {
      this.#resting = null;
    });
    for (const peer of peers) void peer.send({ kind: 'chat-typing' }).catch(() => undefined); // they left
  }

  /** Anything a peer sent. */
  hear(from: sdk.Peer, message: unknown): void {
    if (typeof message !== 'object' || message === null || !('kind' in message)) return;
    if (message.kind === 'chat') this.forget(from.id);
    if (message.kind !== 'chat-typing') return;
    this.#typing.get(from.id)?.stop();
    const stop = this.#after(lasts, () => this.forget(from.id));
    this.#typing.set(from.id, { name: shownName(from.name), stop });
    this.#show();
  }

  /** They write no more. */
  forget(id: string): void {
    this.#typing.get(id)?.stop();
    if (this.#typing.delete(id)) this.#show();
  }

  /** What was typed is sent: the next words are told at once. */
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
