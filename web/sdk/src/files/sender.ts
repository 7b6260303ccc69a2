import type { FileFrame } from './frames.ts';
import { chunkCount, type FileOffer, WINDOW_CHUNKS } from './offer.ts';

export type TransferState = 'asked' | 'running' | 'verified' | 'stopped';

export type SenderEffect =
  | { readonly do: 'say'; readonly frame: FileFrame }
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
  readonly #offer: FileOffer;
  readonly #chunks: number;
  #next = 0;
  #rooted = false;

  constructor(offer: FileOffer) {
    this.#offer = offer;
    this.#chunks = chunkCount(offer.size);
  }

  /** A channel is there. A transfer that runs is resumed by the receiver, who knows from where. */
  opened(): SenderEffect[] {
    if (this.state === 'asked') return [{ do: 'say', frame: { frame: 'offer', ...this.#offer } }];
    return this.state === 'running' && this.#rooted ? [{ do: 'root' }] : []; // its answer may have been lost
  }

  hear(frame: FileFrame): SenderEffect[] {
    if (this.state === 'verified' || this.state === 'stopped') return [];
    switch (frame.frame) {
      case 'from':
        if (frame.next > this.#chunks) return this.stop('bad-frame');
        this.state = 'running';
        this.have = this.#next = frame.next;
        this.#rooted = false;
        return this.#go();
      case 'have':
        if (this.state !== 'running' || frame.next > this.#next) return [];
        this.have = Math.max(this.have, frame.next);
        return this.#go();
      case 'verified':
        if (!this.#rooted) return this.stop('bad-frame');
        this.state = 'verified';
        return [];
      case 'stop':
        this.state = 'stopped';
        this.code = frame.code;
        return [];
      default:
        return [];
    }
  }

  stop(code: string): SenderEffect[] {
    if (this.state === 'verified' || this.state === 'stopped') return [];
    this.state = 'stopped';
    this.code = code;
    return [{ do: 'say', frame: { frame: 'stop', id: this.#offer.id, code } }];
  }

  #go(): SenderEffect[] {
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
