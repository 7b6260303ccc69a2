import { FLOW, type Flow } from './channel.ts';
import { type Copy, Sharing } from './chunk-scheduler.ts';
import { Chunks } from './chunks.ts';
import { hashOf, hex, rootOf } from './hash.ts';
import { chunkCount } from './offer.ts';

/** Bytes of a message at least. */
const LEAST_BYTES = 16 * 1024;

/** One who gets the file. */
export interface Recipient {
  readonly isOpen: boolean;
  /** The chunk is to be had from the holder. */
  tell(index: number, hash: string, holder: string): void;
  /** There may be a chunk to send. */
  wake(): void;
}

/** A file of ours on its way: to one person, or to several who pass it on to each other. */
export class Share {
  readonly machine: Sharing;
  readonly #file: File;
  readonly #chunks: Chunks;
  /** Of the chunks that were read. */
  readonly #hashes: Uint8Array<ArrayBuffer>[] = [];
  readonly #recipients = new Map<Copy, Recipient>();
  #turn: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(file: File) {
    this.#file = file;
    this.machine = new Sharing(chunkCount(file.size));
    this.#chunks = new Chunks(file);
  }

  get isOpen(): boolean {
    return [...this.#recipients.values()].some((each) => each.isOpen);
  }

  /** Whether it is this file, as far as one can tell without reading it. */
  isOf(file: File): boolean {
    const { name, size, lastModified } = this.#file;
    return file.name === name && file.size === size && file.lastModified === lastModified;
  }

  join(copy: Copy, recipient: Recipient): void {
    this.#recipients.set(copy, recipient);
  }

  leave(copy: Copy): void {
    this.machine.leave(copy);
    this.#recipients.delete(copy);
    this.spread();
  }

  /** To several together not much more goes out at once than to one alone. */
  get flow(): Flow {
    const open = [...this.#recipients.values()].filter((each) => each.isOpen).length;
    const each = Math.max(LEAST_BYTES, Math.floor(FLOW.message / Math.max(1, open)));
    return { message: each, waiting: each };
  }

  /** Rejects if the file can't be read. */
  async read(index: number): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly hash: string }> {
    const bytes = await this.#chunks.read(index);
    const hash = this.#hashes[index] ?? (await hashOf(bytes));
    this.#hashes[index] = hash;
    return { bytes, hash: hex(hash) };
  }

  /** The hash over those of all chunks before `next`, also of those that only an earlier page has sent. */
  async rootBefore(next: number): Promise<string> {
    const turn = this.#turn.then(async () => {
      for (let index = 0; index < next; index += 1) if (this.#hashes[index] === undefined) await this.read(index);
    });
    this.#turn = turn.catch(() => undefined); // several ask for the same chunks: each is read once
    await turn;
    return rootOf(this.#hashes.slice(0, next));
  }

  /** Something has changed: tells who can have what from whom, and lets go out what can. */
  spread(): void {
    const now = seconds();
    for (const { to, index, holder } of this.machine.tell(now)) {
      const hash = this.#hashes[index];
      if (hash !== undefined) this.#recipients.get(to)?.tell(index, hex(hash), holder);
    }
    for (const recipient of this.#recipients.values()) recipient.wake();
    if (!this.isOpen) this.#chunks.rest();
    clearTimeout(this.#timer);
    const due = this.machine.nextWake(now);
    if (due !== null) this.#timer = setTimeout(() => this.spread(), (due - now) * 1000);
  }
}

/** Of the clock that the machines for files go by. */
export function seconds(): number {
  return performance.now() / 1000;
}
