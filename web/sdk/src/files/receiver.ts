import type { FileFrame } from './frames.ts';
import { chunkBytes, chunkCount, type FileOffer, WINDOW_CHUNKS } from './offer.ts';
import type { TransferState } from './sender.ts';

/** Wrong chunks from the sender in a row before the transfer stops. */
const WRONG_MAX = 3;

export type ReceiverEffect =
  | { readonly do: 'send'; readonly frame: FileFrame }
  /** Send `from` with what we have and its hash. */
  | { readonly do: 'ask' }
  /** Keep the bytes of the chunk that arrived. */
  | { readonly do: 'keep'; readonly index: number }
  /** Append the kept chunk to the file, then call `stored`. */
  | { readonly do: 'write'; readonly index: number }
  /** Ask the holder for the chunk, then call `passed` or `lacked`. */
  | { readonly do: 'get'; readonly index: number; readonly holder: string }
  /** Close the file, which is complete; then call `closed`. */
  | { readonly do: 'close' }
  /** Discard what was written. */
  | { readonly do: 'abort' };

/** A chunk that we requested from another member. */
export interface WantedChunk {
  /** From the sender. */
  readonly hash: string;
  readonly holder: string;
}

/** Receives one file: a pure machine. Chunks arrive in any order, and are written in sequence. */
export class FileReceiver {
  state: TransferState = 'asked';
  /** Why it stopped. */
  code = '';
  /** Chunks that are stored. */
  have = 0;
  /** Chunks that arrived and are not stored yet; at most {@link WINDOW_CHUNKS}. */
  readonly kept = new Set<number>();
  /** At most as many. */
  readonly wanted = new Map<number, WantedChunk>();
  pausedHere = false;
  pausedThere = false;
  readonly #offer: FileOffer;
  #writing = false;
  #wrong = 0;
  #closing = false;
  /** Whether the sender stopped it. */
  #theirs = false;

  constructor(offer: FileOffer) {
    this.#offer = offer;
  }

  /** An earlier page has stored the first `stored` chunks. */
  accept(stored = 0): ReceiverEffect[] {
    if (this.state !== 'asked') return [];
    this.state = 'running';
    this.have = stored;
    return [{ do: 'ask' }];
  }

  /** The offer arrived again on a new connection: our last frames may be lost. */
  offered(): ReceiverEffect[] {
    const { id } = this.#offer;
    this.pausedThere = false; // they send it again too
    if (this.state === 'verified') return [{ do: 'send', frame: { frame: 'verified', id } }];
    if (this.state === 'stopped') return [{ do: 'send', frame: { frame: 'stop', id, code: this.code } }];
    if (this.state === 'asked' || this.#closing) return [];
    return this.pausedHere ? [{ do: 'ask' }, this.#say({ frame: 'pause', id, on: true })] : [{ do: 'ask' }];
  }

  /** Whether the sender stopped it, and so may offer it again under the same id. */
  get mayReturn(): boolean {
    return this.#theirs;
  }

  /** Whether chunks may be passed on. */
  get serves(): boolean {
    return this.state === 'verified' || (this.state === 'running' && !this.pausedHere && !this.pausedThere);
  }

  /** A chunk arrived from the sender; `matches`: it has the announced hash. */
  chunk(index: number, bytes: number, matches: boolean): ReceiverEffect[] {
    if (this.state !== 'running') return [];
    if (index >= chunkCount(this.#offer.size) || bytes !== chunkBytes(this.#offer.size, index)) {
      return this.stop('wrong-size');
    }
    if (matches) {
      this.#wrong = 0;
      return this.#take(index);
    }
    this.#wrong += 1;
    return this.#wrong >= WRONG_MAX ? this.stop('wrong-hash') : [this.#about('miss', index)];
  }

  /** Another member has the chunk, says the sender. */
  at(index: number, hash: string, holder: string): ReceiverEffect[] {
    if (this.state !== 'running' || index >= chunkCount(this.#offer.size)) return [];
    if (!this.#lacks(index)) return this.#take(index);
    this.wanted.set(index, { hash, holder });
    return [{ do: 'get', index, holder }];
  }

  /** The chunk arrived from the member that we asked. */
  passed(index: number, holder: string, bytes: number, matches: boolean): ReceiverEffect[] {
    if (this.wanted.get(index)?.holder !== holder) return [];
    if (!matches || bytes !== chunkBytes(this.#offer.size, index)) return this.lacked(index, holder);
    return this.#take(index);
  }

  /** The holder can't give us the chunk: no connection, not kept, or too slow. */
  lacked(index: number, holder: string): ReceiverEffect[] {
    if (this.state !== 'running' || this.wanted.get(index)?.holder !== holder) return [];
    this.wanted.delete(index);
    return [this.#about('miss', index)];
  }

  stored(): ReceiverEffect[] {
    this.#writing = false;
    if (this.state !== 'running') return [];
    this.kept.delete(this.have);
    this.have += 1;
    return [this.#say({ frame: 'have', id: this.#offer.id, next: this.have }), ...this.#write()];
  }

  /** The hash of the whole file arrived; `matches`: ours is the same. */
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

  /** The sender paused or resumed. */
  paused(on: boolean): ReceiverEffect[] {
    this.pausedThere = on;
    return [];
  }

  /** Stops the transfer, and tells the sender. */
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
    this.kept.clear();
    this.wanted.clear();
    return started ? [{ do: 'abort' }] : [];
  }

  /** Whether the chunk is in the window and has not arrived. */
  #lacks(index: number): boolean {
    return index >= this.have && index < this.have + WINDOW_CHUNKS && !this.kept.has(index);
  }

  /** A correct chunk arrived. A duplicate means that the sender doesn't know that we have it: tell them again. */
  #take(index: number): ReceiverEffect[] {
    this.wanted.delete(index);
    if (index < this.have) return [this.#say({ frame: 'have', id: this.#offer.id, next: this.have })];
    const got = this.#offer.share === undefined ? [] : [this.#about('got', index)];
    if (this.kept.has(index)) return got;
    if (!this.#lacks(index)) return []; // outside the window
    this.kept.add(index);
    return [{ do: 'keep', index }, ...got, ...this.#write()];
  }

  #write(): ReceiverEffect[] {
    if (this.#writing || !this.kept.has(this.have)) return [];
    this.#writing = true;
    return [{ do: 'write', index: this.have }];
  }

  #about(frame: 'got' | 'miss', index: number): ReceiverEffect {
    return this.#say({ frame, id: this.#offer.id, index });
  }

  #say(frame: FileFrame): ReceiverEffect {
    return { do: 'send', frame };
  }
}
