import type { FileFrame } from './frames.ts';
import { chunkBytes, chunkCount, type FileOffer } from './offer.ts';
import type { TransferState } from './sender.ts';

/** Times that a chunk may come wrong, one after the other. */
const WRONG_MAX = 3;

export type ReceiverEffect =
  | { readonly do: 'say'; readonly frame: FileFrame }
  /** Say `from` with what we have and its hash. */
  | { readonly do: 'ask' }
  /** Append the chunk to the file, then call `stored`. */
  | { readonly do: 'write' }
  /** Close the file, for it is whole; then call `closed`. */
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
  pausedHere = false;
  pausedThere = false;
  readonly #offer: FileOffer;
  #wrong = 0;
  #closing = false;
  /** It was the sender who stopped. */
  #theirs = false;

  constructor(offer: FileOffer) {
    this.#offer = offer;
  }

  /** `kept` chunks were stored before, by an earlier page. */
  accept(kept = 0): ReceiverEffect[] {
    if (this.state !== 'asked') return [];
    this.state = 'running';
    this.have = kept;
    return [{ do: 'ask' }];
  }

  /** The offer came again, on a new link: what we said last may have been lost. */
  offered(): ReceiverEffect[] {
    const { id } = this.#offer;
    this.pausedThere = false; // it is said again as well
    if (this.state === 'verified') return [{ do: 'say', frame: { frame: 'verified', id } }];
    if (this.state === 'stopped') return [{ do: 'say', frame: { frame: 'stop', id, code: this.code } }];
    if (this.state === 'asked' || this.#closing) return [];
    return this.pausedHere ? [{ do: 'ask' }, this.#say({ frame: 'pause', id, on: true })] : [{ do: 'ask' }];
  }

  /** Whether the sender, who stopped, may ask anew under the same id. */
  get mayReturn(): boolean {
    return this.#theirs;
  }

  /** A whole chunk came; `matches` tells whether it has the hash that was announced. */
  chunk(index: number, bytes: number, matches: boolean): ReceiverEffect[] {
    if (this.state !== 'running' || index !== this.have) return []; // sent before the sender heard where to go on
    if (index >= chunkCount(this.#offer.size) || bytes !== chunkBytes(this.#offer.size, index)) {
      return this.stop('wrong-size');
    }
    if (matches) return [{ do: 'write' }];
    this.#wrong += 1;
    return this.#wrong >= WRONG_MAX ? this.stop('wrong-hash') : [{ do: 'ask' }];
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
    if (this.state !== 'running' || this.#closing || this.have < chunkCount(this.#offer.size)) return [];
    if (!matches) return this.stop('wrong-hash');
    this.#closing = true;
    return [{ do: 'close' }];
  }

  closed(): ReceiverEffect[] {
    if (this.state !== 'running') return [];
    this.state = 'verified';
    return [this.#say({ frame: 'verified', id: this.#offer.id })];
  }

  pause(on: boolean): ReceiverEffect[] {
    if (this.state !== 'running' || on === this.pausedHere) return [];
    this.pausedHere = on;
    return [this.#say({ frame: 'pause', id: this.#offer.id, on })];
  }

  /** The sender paused, or goes on. */
  paused(on: boolean): void {
    this.pausedThere = on;
  }

  /** We stop; the sender is told. */
  stop(code: string): ReceiverEffect[] {
    if (this.state === 'verified' || this.state === 'stopped') return [];
    return [...this.#end(code), this.#say({ frame: 'stop', id: this.#offer.id, code })];
  }

  /** The sender stopped. */
  stopped(code: string): ReceiverEffect[] {
    if (this.state === 'verified' || this.state === 'stopped') return [];
    this.#theirs = true;
    return this.#end(code);
  }

  #end(code: string): ReceiverEffect[] {
    const started = this.state === 'running';
    this.state = 'stopped';
    this.code = code;
    return started ? [{ do: 'abort' }] : [];
  }

  #say(frame: FileFrame): ReceiverEffect {
    return { do: 'say', frame };
  }
}
