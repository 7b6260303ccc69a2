import { hashOf } from './hash.ts';
import { CHUNK_BYTES, chunkBytes, chunkCount } from './offer.ts';

/** Chunks that are read from the disk at once: one at a time takes the browser four times as long. */
const READ_CHUNKS = 8;

export interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** A file as its chunks, which are wanted one after the other. */
export class Chunks {
  readonly #file: Blob;
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #first = Number.NEGATIVE_INFINITY;

  constructor(file: Blob) {
    this.#file = file;
  }

  /** Rejects if the file has changed or gone. */
  async read(index: number): Promise<Chunk> {
    if (index < this.#first || index >= this.#first + READ_CHUNKS) await this.#load(index);
    const start = (index - this.#first) * CHUNK_BYTES;
    const bytes = this.#block.slice(start, start + chunkBytes(this.#file.size, index));
    if (index === chunkCount(this.#file.size) - 1) this.#forget();
    return { bytes, hash: await hashOf(bytes) };
  }

  #forget(): void {
    this.#block = new Uint8Array(0);
    this.#first = Number.NEGATIVE_INFINITY;
  }

  async #load(first: number): Promise<void> {
    const start = first * CHUNK_BYTES;
    this.#block = new Uint8Array(await this.#file.slice(start, start + READ_CHUNKS * CHUNK_BYTES).arrayBuffer());
    this.#first = first;
  }
}

/** The start of a file that an earlier page received, as {@link keptIn} reads it. */
export interface Kept {
  /** Bytes in whole chunks. */
  readonly bytes: number;
  readonly hashes: readonly Uint8Array<ArrayBuffer>[];
}

/** What a file that was received in part has of whole chunks. */
export async function keptIn(file: Blob): Promise<Kept> {
  const whole = Math.floor(file.size / CHUNK_BYTES);
  const chunks = new Chunks(file);
  const hashes: Uint8Array<ArrayBuffer>[] = [];
  for (let index = 0; index < whole; index += 1) hashes.push((await chunks.read(index)).hash);
  return { bytes: whole * CHUNK_BYTES, hashes };
}
