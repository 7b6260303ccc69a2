import { hashOf } from './hash.ts';
import { CHUNK_BYTES, chunkBytes } from './offer.ts';

/** Chunks read from disk at once: reading them one by one takes four times as long. */
const READ_CHUNKS = 8;

/** Reads that are kept: the next one starts early, and one receiver may be a little behind another. */
const BLOCKS = 3;

/** Seconds after which a read has failed: a network drive may never answer. */
const READ_SECONDS = 30;

/** Reads a file in chunks, which are needed about in sequence. */
export class Chunks {
  readonly #file: Blob;
  /** The latest reads, by their first chunk. */
  readonly #blocks = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();

  constructor(file: Blob) {
    this.#file = file;
  }

  /**
   * Reads a chunk; not to be modified. Rejects if the file can't be read to the end of the chunk. Firefox reads fewer
   * bytes, without an error, if the file has become shorter.
   */
  async read(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const place = index % READ_CHUNKS;
    const first = index - place;
    const start = place * CHUNK_BYTES;
    const block = await this.#block(first);
    if (place === READ_CHUNKS / 2) this.#prepare(first + READ_CHUNKS);
    const chunk = block.subarray(start, start + chunkBytes(this.#file.size, index));
    if (chunk.length < chunkBytes(this.#file.size, index)) throw new RangeError('the file has become shorter');
    return chunk;
  }

  /** Frees the memory. */
  rest(): void {
    this.#blocks.clear();
  }

  /** Reads ahead. */
  #prepare(first: number): void {
    if (first * CHUNK_BYTES < this.#file.size) this.#block(first).catch(() => undefined); // reported when it is read
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
    return new Uint8Array(await inTime(this.#file.slice(start, start + READ_CHUNKS * CHUNK_BYTES).arrayBuffer()));
  }
}

/** Rejects if the read takes longer than {@link READ_SECONDS}. */
async function inTime<T>(read: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DOMException('the file was not read in time', 'TimeoutError')),
      READ_SECONDS * 1000,
    );
  });
  return Promise.race([read, late]).finally(() => clearTimeout(timer));
}

/** The start of a file that an earlier page received, for `IncomingFile.accept`; see {@link resumable}. */
export interface StoredChunks {
  /** Size of the complete chunks, in bytes. */
  readonly bytes: number;
  /** SHA-256 of each chunk. */
  readonly hashes: readonly Uint8Array<ArrayBuffer>[];
}

/** Reads a partly received file, so that its transfer can resume. Rejects if it can't be read. */
export async function resumable(file: Blob): Promise<StoredChunks> {
  const whole = Math.floor(file.size / CHUNK_BYTES);
  const chunks = new Chunks(file);
  const hashes: Uint8Array<ArrayBuffer>[] = [];
  for (let index = 0; index < whole; index += 1) hashes.push(await hashOf(await chunks.read(index)));
  return { bytes: whole * CHUNK_BYTES, hashes };
}
