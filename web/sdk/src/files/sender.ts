import type { FileFrame } from './frames.ts';
import { chunkCount, type FileOffer, WINDOW_CHUNKS } from './offer.ts';

export type TransferState = 'asked' | 'running' | 'verified' | 'stopped';

export type SenderEffect =
  | { readonly do: 'say'; readonly frame: FileFrame }
  /** Compare `hash` with the hash of the chunks before `next`, then call `compared`. */
  | { readonly do: 'compare'; readonly next: number; readonly hash: string }
  /** Read, hash and send the chunk. */
  | { readonly do: 'send'; readonly index: number }
  /** Send the hash over the hashes of all chunks. */
  | { readonly do: 'root' };

/** One file on its way to one person. */
export class FileSender {
  state: TransferState = 'asked';
  /** Why it stopped. */
  code = '';
  /** Chunks that the receiver has stored. */
  have = 0;
  pausedHere = false;
  pausedThere = false;
  readonly #offer: FileOffer;
  readonly #chunks: number;
  #next = 0;
  /** From where they asked, until that was compared. */
  #asked: number | null = null;
  #rooted = false;
  /** It was us who stopped. */
  #ours = false;

  constructor(offer: FileOffer) {
    this.#offer = offer;
    this.#chunks = chunkCount(offer.size);
  }

  /** A channel is there. Whatever the receiver said last may have been lost: the offer asks for it again. */
  opened(): SenderEffect[] {
    const { id } = this.#offer;
    if (this.#ours) return [{ do: 'say', frame: { frame: 'stop', id, code: this.code } }];
    if (this.#over) return [];
    this.pausedThere = false; // it is said again as well
    const offer: SenderEffect = { do: 'say', frame: { frame: 'offer', ...this.#offer } };
    return this.pausedHere ? [offer, { do: 'say', frame: { frame: 'pause', id, on: true } }] : [offer];
  }

  hear(frame: FileFrame): SenderEffect[] {
    if (this.#over) return [];
    switch (frame.frame) {
      case 'from':
        if (frame.next > this.#chunks) return this.stop('bad-frame');
        this.state = 'running';
        this.#asked = frame.next;
        return [{ do: 'compare', next: frame.next, hash: frame.hash }];
      case 'have':
        if (this.state !== 'running' || this.#asked !== null || frame.next > this.#next) return [];
        this.have = Math.max(this.have, frame.next);
        return this.#go();
      case 'verified':
        this.state = 'verified';
        return [];
      case 'pause':
        this.pausedThere = frame.on;
        return this.#go();
      case 'stop':
        this.state = 'stopped';
        this.code = frame.code;
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
    this.have = this.#next = next;
    this.#rooted = false;
    return this.#go();
  }

  pause(on: boolean): SenderEffect[] {
    if (this.#over || on === this.pausedHere) return [];
    this.pausedHere = on;
    return [{ do: 'say', frame: { frame: 'pause', id: this.#offer.id, on } }, ...this.#go()];
  }

  stop(code: string): SenderEffect[] {
    if (this.#over) return [];
    this.state = 'stopped';
    this.code = code;
    this.#ours = true;
    return [{ do: 'say', frame: { frame: 'stop', id: this.#offer.id, code } }];
  }

  get #over(): boolean {
    return this.state === 'verified' || this.state === 'stopped';
  }

  #go(): SenderEffect[] {
    if (this.state !== 'running' || this.#asked !== null || this.pausedHere || this.pausedThere) return [];
    const effects: SenderEffect[] = [];
    const end = Math.min(this.#chunks, this.have + WINDOW_CHUNKS);
    for (; this.#next < end; this.#next += 1) effects.push({ do: 'send', index: this.#next });
    if (this.have === this.#chunks && !this.#rooted) {
      this.#rooted = true;
      effects.push({ do: 'root' });
    }
    return effects;
  }
}
