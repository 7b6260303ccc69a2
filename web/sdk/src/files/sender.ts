import type { ChunkScheduler, Replica } from './chunk-scheduler.ts';
import type { FileFrame } from './frames.ts';
import { chunkCount, type FileOffer } from './offer.ts';

export type TransferState = 'asked' | 'running' | 'verified' | 'stopped';

export type SenderEffect =
  | { readonly do: 'say'; readonly frame: FileFrame }
  /** Compare `hash` with the hash of the chunks before `next`, then call `compared`. */
  | { readonly do: 'compare'; readonly next: number; readonly hash: string }
  /** Send the hash over the hashes of all chunks. */
  | { readonly do: 'root' };

/** One file on its way to one person. Which chunk is next is for the {@link ChunkScheduler} to say. */
export class FileSender {
  state: TransferState = 'asked';
  /** Why it stopped. */
  code = '';
  pausedHere = false;
  pausedThere = false;
  readonly copy: Replica;
  readonly #offer: FileOffer;
  readonly #sharing: ChunkScheduler;
  readonly #chunks: number;
  /** From where they asked, until that was compared. */
  #asked: number | null = null;
  /** They have not said yet from where to go on. */
  #silent = true;
  #rooted = false;
  /** It was us who stopped. */
  #ours = false;

  constructor(offer: FileOffer, sharing: ChunkScheduler, who: string) {
    this.#offer = offer;
    this.#sharing = sharing;
    this.#chunks = chunkCount(offer.size);
    this.copy = sharing.join(who);
  }

  /** Chunks that the receiver has stored. */
  get have(): number {
    return this.copy.have;
  }

  /** A channel is there. Whatever the receiver said last may have been lost: the offer asks for it again. */
  opened(): SenderEffect[] {
    const { id } = this.#offer;
    if (this.#ours) return [{ do: 'say', frame: { frame: 'stop', id, code: this.code } }];
    if (this.#over) return [];
    this.pausedThere = false; // it is said again as well
    this.#silent = true;
    this.#asked = null;
    this.#follow();
    const offer: SenderEffect = { do: 'say', frame: { frame: 'offer', ...this.#offer } };
    return this.pausedHere ? [offer, { do: 'say', frame: { frame: 'pause', id, on: true } }] : [offer];
  }

  hear(frame: FileFrame, now: number): SenderEffect[] {
    if (this.#over) return [];
    switch (frame.frame) {
      case 'from':
        if (frame.next > this.#chunks) return this.stop('bad-frame');
        this.state = 'running';
        this.#asked = frame.next;
        this.#follow();
        return [{ do: 'compare', next: frame.next, hash: frame.hash }];
      case 'have':
        if (this.#goesOn) this.#sharing.have(this.copy, frame.next, now);
        return this.#conclude();
      case 'got':
        if (this.#goesOn) this.#sharing.got(this.copy, frame.index, now);
        return [];
      case 'miss':
        if (this.#goesOn) this.#sharing.miss(this.copy, frame.index, now);
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

  /** What they have before chunk `next` is, or isn't, the start of this file. */
  compared(next: number, matches: boolean): SenderEffect[] {
    if (this.#over || next !== this.#asked) return [];
    if (!matches) return this.stop('changed');
    this.#asked = null;
    this.#silent = false;
    this.#sharing.begin(this.copy, next);
    this.#rooted = false;
    return this.#conclude();
  }

  pause(on: boolean): SenderEffect[] {
    if (this.#over || on === this.pausedHere) return [];
    this.pausedHere = on;
    return [{ do: 'say', frame: { frame: 'pause', id: this.#offer.id, on } }, ...this.#conclude()];
  }

  stop(code: string): SenderEffect[] {
    if (this.#over) return [];
    this.#end('stopped', code);
    this.#ours = true;
    return [{ do: 'say', frame: { frame: 'stop', id: this.#offer.id, code } }];
  }

  get #over(): boolean {
    return this.state === 'verified' || this.state === 'stopped';
  }

  /** Whether what they say is about chunks that were sent since they asked. */
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

  /** All is there, and can be verified. */
  #conclude(): SenderEffect[] {
    this.#follow();
    if (!this.copy.ready || this.have < this.#chunks || this.#rooted) return [];
    this.#rooted = true;
    return [{ do: 'root' }];
  }
}
