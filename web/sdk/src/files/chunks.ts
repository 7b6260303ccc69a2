import { hashOf } from './hash.ts';
import { CHUNK_BYTES, chunkBytes } from './offer.ts';

/** Chunks that are read from the disk at once: one at a time takes the browser four times as long. */
const READ_CHUNKS = 8;

/** Such reads that are kept: the next one is begun early, and one receiver may be a little behind the other. */
const BLOCKS = 3;

/** A file as its chunks, which are wanted about one after the other. */
export class Chunks {
  readonly #file: Blob;
  /** What was read last, by its first chunk. */
  readonly #blocks = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();

  constructor(file: Blob) {
    this.#file = file;
  }

  /** A view of what was read, not to be changed. Rejects if the file has changed or gone. */
  async read(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const place = index % READ_CHUNKS;
    const first = index - place;
    const start = place * CHUNK_BYTES;
    const block = await this.#block(first);
    if (place === READ_CHUNKS / 2) this.#prepare(first + READ_CHUNKS);
    return block.subarray(start, start + chunkBytes(this.#file.size, index));
  }

  /** Gives the memory back. */
  rest(): void {
    this.#blocks.clear();
  }

  /** Reads ahead, so that nobody waits for the disk later. */
  #prepare(first: number): void {
    if (first * CHUNK_BYTES < this.#file.size) this.#block(first).catch(() => undefined); // whoever reads it hears of it
  }

  #block(first: number): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#blocks.get(first);
    if (known !== undefined) return known;
    for (const old of this.#blocks.keys()) if (this.#blocks.size >= BLOCKS) this.#blocks.delete(old);
    const block = this.#load(first);
    this.#blocks.set(first, block);
    return block;
  }

  async #load(first: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = first * CHUNK_BYTES;
    return new Uint8Array(await this.#file.slice(start, start + READ_CHUNKS * CHUNK_BYTES).arrayBuffer());
  }
}

/** The start of a file that an earlier page received, as {@link resumable} reads it. */
export interface StoredChunks {
  /** Bytes in whole chunks. */
  readonly bytes: number;
  readonly hashes: readonly Uint8Array<ArrayBuffer>[];
}

/** What a file that was received in part has of whole chunks. */
export async function resumable(file: Blob): Promise<StoredChunks> {
  const whole = Math.floor(file.size / CHUNK_BYTES);
  const chunks = new Chunks(file);
  const hashes: Uint8Array<ArrayBuffer>[] = [];
  for (let index = 0; index < whole; index += 1) hashes.push(await hashOf(await chunks.read(index)));
  return { bytes: whole * CHUNK_BYTES, hashes };
}
