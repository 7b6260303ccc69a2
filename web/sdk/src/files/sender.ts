import type { ChunkScheduler, Replica } from './chunk-scheduler.ts';
import type { FileFrame } from './frames.ts';
import { chunkCount, type FileOffer } from './offer.ts';

/** `asked`, then `running`, then either `verified` (complete, and its hash is right) or `stopped`. */
export type TransferState = 'asked' | 'running' | 'verified' | 'stopped';

export type SenderEffect =
  | { readonly do: 'send'; readonly frame: FileFrame }
  /** Compare `hash` with the hash of the chunks before `next`, then call `compared`. */
  | { readonly do: 'compare'; readonly next: number; readonly hash: string }
  /** Send the hash over the hashes of all chunks. */
  | { readonly do: 'root' };

/** Sends one file to one peer: a pure machine. The {@link ChunkScheduler} decides which chunk is next. */
export class FileSender {
  state: TransferState = 'asked';
  /** Why it stopped. */
  code = '';
  pausedHere = false;
  pausedThere = false;
  readonly copy: Replica;
  readonly #offer: FileOffer;
  readonly #scheduler: ChunkScheduler;
  readonly #chunks: number;
  /** The chunk from which they asked to continue, until what they have is verified. */
  #asked: number | null = null;
  /** Whether they have yet to say where to continue. */
  #silent = true;
  #rooted = false;
  /** Whether we stopped it. */
  #ours = false;

  constructor(offer: FileOffer, scheduler: ChunkScheduler, peerId: string) {
    this.#offer = offer;
    this.#scheduler = scheduler;
    this.#chunks = chunkCount(offer.size);
    this.copy = scheduler.join(peerId);
  }

  /** Chunks that the receiver has stored. */
  get have(): number {
    return this.copy.have;
  }

  /** A channel is open. The receiver's last frames may be lost: the offer makes them send their state again. */
  opened(): SenderEffect[] {
    const { id } = this.#offer;
    if (this.#ours) return [{ do: 'send', frame: { frame: 'stop', id, code: this.code } }];
    if (this.#over) return [];
    this.pausedThere = false; // they send it again too
    this.#silent = true;
    this.#asked = null;
    this.#follow();
    const offer: SenderEffect = { do: 'send', frame: { frame: 'offer', ...this.#offer } };
    return this.pausedHere ? [offer, { do: 'send', frame: { frame: 'pause', id, on: true } }] : [offer];
  }

  receive(frame: FileFrame, now: number): SenderEffect[] {
    if (this.#over) return [];
    switch (frame.frame) {
      case 'from':
        if (frame.next > this.#chunks) return this.stop('bad-frame');
        this.state = 'running';
        this.#asked = frame.next;
        this.#follow();
        return [{ do: 'compare', next: frame.next, hash: frame.hash }];
      case 'have':
        if (this.#goesOn) this.#scheduler.have(this.copy, frame.next, now);
        return this.#conclude();
      case 'got':
        if (this.#goesOn) this.#scheduler.got(this.copy, frame.index, now);
        return [];
      case 'miss':
        if (this.#goesOn) this.#scheduler.miss(this.copy, frame.index, now);
        return [];
      case 'verified':
        this.#end('verified');
        return [];
      case 'pause':
        this.pausedThere = frame.on;
        return this.#conclude();
      case 'stop':
        this.#end('stopped', frame.code);
        return [];
      default:
        return [];
    }
  }

  /** Whether what they have before chunk `next` is the start of this file. */
  compared(next: number, matches: boolean): SenderEffect[] {
    if (this.#over || next !== this.#asked) return [];
    if (!matches) return this.stop('changed');
    this.#asked = null;
    this.#silent = false;
    this.#scheduler.begin(this.copy, next);
    this.#rooted = false;
    return this.#conclude();
  }

  pause(on: boolean): SenderEffect[] {
    if (this.#over || on === this.pausedHere) return [];
    this.pausedHere = on;
    return [{ do: 'send', frame: { frame: 'pause', id: this.#offer.id, on } }, ...this.#conclude()];
  }

  stop(code: string): SenderEffect[] {
    if (this.#over) return [];
    this.#end('stopped', code);
    this.#ours = true;
    return [{ do: 'send', frame: { frame: 'stop', id: this.#offer.id, code } }];
  }

  get #over(): boolean {
    return this.state === 'verified' || this.state === 'stopped';
  }

  /** Whether their frames are about chunks sent since they asked. */
  get #goesOn(): boolean {
    return this.state === 'running' && !this.#silent && this.#asked === null;
  }

  #end(state: 'verified' | 'stopped', code = ''): void {
    this.state = state;
    this.code = code;
    this.#follow();
  }

  #follow(): void {
    this.copy.ready = this.#goesOn && !this.pausedHere && !this.pausedThere;
    this.copy.serves = this.copy.ready || this.state === 'verified';
  }

  /** Asks for verification once they have all chunks. */
  #conclude(): SenderEffect[] {
    this.#follow();
    if (!this.copy.ready || this.have < this.#chunks || this.#rooted) return [];
    this.#rooted = true;
    return [{ do: 'root' }];
  }
}
