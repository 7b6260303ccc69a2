import type { FileFrame } from './frames.ts';
import { chunkBytes, chunkCount, type FileOffer } from './offer.ts';
import type { TransferState } from './sender.ts';

/** Times that a chunk may come wrong, one after the other. */
const WRONG_MAX = 3;

export type ReceiverEffect =
  | { readonly do: 'say'; readonly frame: FileFrame }
  /** Append the chunk to the file, then call `stored`. */
  | { readonly do: 'write' }
  /** Close the file: it is whole. */
  | { readonly do: 'close' }
  /** Throw away what was written. */
  | { readonly do: 'abort' };

/** One file on its way to us. Chunks are taken in order only; after a gap it asks from the first one missing. */
export class FileReceiver {
  state: TransferState = 'asked';
  /** Why it stopped. */
  code = '';
  /** Chunks that are stored. */
  have = 0;
  readonly #offer: FileOffer;
  #wrong = 0;

  constructor(offer: FileOffer) {
    this.#offer = offer;
  }

  accept(): ReceiverEffect[] {
    if (this.state !== 'asked') return [];
    this.state = 'running';
    return this.opened();
  }

  /** A channel is there: go on from what we have. */
  opened(): ReceiverEffect[] {
    return this.state === 'running' ? [this.#say({ frame: 'from', id: this.#offer.id, next: this.have })] : [];
  }

  /** A whole chunk came; `matches` tells whether it has the hash that was announced. */
  chunk(index: number, bytes: number, matches: boolean): ReceiverEffect[] {
    if (this.state !== 'running' || index !== this.have) return []; // sent before the sender heard where to go on
    if (index >= chunkCount(this.#offer.size) || bytes !== chunkBytes(this.#offer.size, index)) {
      return this.stop('wrong-size');
    }
    if (matches) return [{ do: 'write' }];
    this.#wrong += 1;
    return this.#wrong >= WRONG_MAX ? this.stop('wrong-hash') : this.opened();
  }

  stored(): ReceiverEffect[] {
    if (this.state !== 'running') return [];
    this.have += 1;
    this.#wrong = 0;
    return [this.#say({ frame: 'have', id: this.#offer.id, next: this.have })];
  }

  /** The sender told the hash of the whole; `matches` tells whether ours is the same. */
  root(matches: boolean): ReceiverEffect[] {
    if (this.state === 'verified' && matches) return [this.#say({ frame: 'verified', id: this.#offer.id })];
    if (this.state !== 'running' || this.have < chunkCount(this.#offer.size)) return [];
    if (!matches) return this.stop('wrong-hash');
    this.state = 'verified';
    return [{ do: 'close' }, this.#say({ frame: 'verified', id: this.#offer.id })];
  }

  /** We stop; the sender is told. */
  stop(code: string): ReceiverEffect[] {
    if (this.state === 'verified' || this.state === 'stopped') return [];
    return [...this.stopped(code), this.#say({ frame: 'stop', id: this.#offer.id, code })];
  }

  /** The sender stopped. */
  stopped(code: string): ReceiverEffect[] {
    if (this.state === 'verified' || this.state === 'stopped') return [];
    const started = this.state === 'running';
    this.state = 'stopped';
    this.code = code;
    return started ? [{ do: 'abort' }] : [];
  }

  #say(frame: FileFrame): ReceiverEffect {
    return { do: 'say', frame };
  }
}
