import { BACKPRESSURE, type Backpressure } from './channel.ts';
import { ChunkScheduler, type Replica } from './chunk-scheduler.ts';
import { Chunks } from './chunks.ts';
import { hashOf, hex, rootOf } from './hash.ts';
import { chunkCount } from './offer.ts';

/** Smallest message, in bytes. */
const LEAST_BYTES = 16 * 1024;

/** One receiver of the file. */
export interface Recipient {
  readonly isOpen: boolean;
  /** Get the chunk from the holder. */
  tell(index: number, hash: string, holder: string): void;
  /** There may be a chunk to send. */
  wake(): void;
}

/** A file that we send to one peer, or to several who pass chunks on to each other. */
export class SharedFile {
  readonly scheduler: ChunkScheduler;
  readonly #file: File;
  readonly #chunks: Chunks;
  /** Hashes of the chunks that were read. */
  readonly #hashes: Uint8Array<ArrayBuffer>[] = [];
  readonly #recipients = new Map<Replica, Recipient>();
  #turn: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(file: File) {
    this.#file = file;
    this.scheduler = new ChunkScheduler(chunkCount(file.size));
    this.#chunks = new Chunks(file);
  }

  get isOpen(): boolean {
    return [...this.#recipients.values()].some((each) => each.isOpen);
  }

  /** Whether it is the same file, as far as that shows without reading it. */
  isOf(file: File): boolean {
    const { name, size, lastModified } = this.#file;
    return file.name === name && file.size === size && file.lastModified === lastModified;
  }

  join(copy: Replica, recipient: Recipient): void {
    this.#recipients.set(copy, recipient);
  }

  leave(copy: Replica): void {
    this.scheduler.leave(copy);
    this.#recipients.delete(copy);
    this.schedule();
  }

  /** Several receivers together get hardly more at a time than one alone. */
  get backpressure(): Backpressure {
    const open = [...this.#recipients.values()].filter((each) => each.isOpen).length;
    const each = Math.max(LEAST_BYTES, Math.floor(BACKPRESSURE.messageBytes / Math.max(1, open)));
    return { messageBytes: each, bufferedBytes: each };
  }

  /** Rejects if the file can't be read. */
  async read(index: number): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly hash: string }> {
    const bytes = await this.#chunks.read(index);
    const hash = this.#hashes[index] ?? (await hashOf(bytes));
    this.#hashes[index] = hash;
    return { bytes, hash: hex(hash) };
  }

  /** The hash over the hashes of all chunks before `next`; reads those that an earlier page sent. */
  async rootBefore(next: number): Promise<string> {
    const turn = this.#turn.then(async () => {
      for (let index = 0; index < next; index += 1) if (this.#hashes[index] === undefined) await this.read(index);
    });
    this.#turn = turn.catch(() => undefined); // one after the other, so that each chunk is read once
    await turn;
    return rootOf(this.#hashes.slice(0, next));
  }

  /**
   * Whether the file still has the first and last chunk that were sent. Not every change shows there, but reading it
   * all again would take as long as the transfer. Rejects if the file can't be read.
   */
  async isUnchanged(): Promise<boolean> {
    const chunks = new Chunks(this.#file); // reads from the disk, not from memory
    for (const index of new Set([0, this.#hashes.length - 1])) {
      const hash = this.#hashes[index];
      if (hash !== undefined && hex(await hashOf(await chunks.read(index))) !== hex(hash)) return false;
    }
    return true;
  }

  /** Something has changed: tells receivers which chunks to get from whom, and sends what can be sent. */
  schedule(): void {
    const now = seconds();
    for (const { replica, index, holder } of this.scheduler.assign(now)) {
      const hash = this.#hashes[index];
      if (hash !== undefined) this.#recipients.get(replica)?.tell(index, hex(hash), holder);
    }
    for (const recipient of this.#recipients.values()) recipient.wake();
    if (!this.isOpen) this.#chunks.rest();
    clearTimeout(this.#timer);
    const due = this.scheduler.nextWake(now);
    if (due !== null) this.#timer = setTimeout(() => this.schedule(), (due - now) * 1000);
  }
}

/** Seconds on the clock that all machines for files use. */
export function seconds(): number {
  return performance.now() / 1000;
}
