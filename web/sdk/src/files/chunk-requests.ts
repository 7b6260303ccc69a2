/** Chunks that one member may request from us at a time; further requests are denied. */
const ASKED_MAX = 64;

/** Seconds without any bytes after which our requests to a member have failed. */
const SILENT_SECONDS = 10;

/** A chunk of a file that several members receive. */
export interface ChunkRef {
  readonly share: string;
  readonly index: number;
}

/**
 * Chunk requests between us and one other member, who pass chunks on to each other: a pure machine. Times are seconds
 * on any monotonic clock.
 */
export class ChunkRequests {
  /** What we requested, by name. */
  readonly #wanted = new Map<string, ChunkRef>();
  /** What they requested, in order. */
  #asked: ChunkRef[] = [];
  #heardAt = 0;

  /** We request this chunk. */
  want(piece: ChunkRef, now: number): void {
    if (this.#wanted.size === 0) this.#heardAt = now;
    this.#wanted.set(nameOf(piece), piece);
  }

  wants(piece: ChunkRef): boolean {
    return this.#wanted.has(nameOf(piece));
  }

  /** Bytes arrived: they are still sending. */
  progressed(now: number): void {
    this.#heardAt = now;
  }

  /** The chunk arrived, or won't; false if we did not request it. */
  answered(piece: ChunkRef): boolean {
    return this.#wanted.delete(nameOf(piece));
  }

  /** They request this chunk; false if too many wait already, so it is denied. */
  ask(piece: ChunkRef): boolean {
    if (this.#asked.length >= ASKED_MAX) return false;
    this.#asked.push(piece);
    return true;
  }

  /** The chunk to send them next. */
  next(): ChunkRef | null {
    return this.#asked.shift() ?? null;
  }

  nextWake(): number | null {
    return this.#wanted.size === 0 ? null : this.#heardAt + SILENT_SECONDS;
  }

  /** Our requests that have failed. */
  wake(now: number): readonly ChunkRef[] {
    const due = this.nextWake();
    return due === null || due > now ? [] : this.lose();
  }

  /** The connection is gone, and all requests with it; returns ours. */
  lose(): readonly ChunkRef[] {
    const lost = [...this.#wanted.values()];
    this.#wanted.clear();
    this.#asked = [];
    return lost;
  }
}

function nameOf({ share, index }: ChunkRef): string {
  return `${index} ${share}`;
}
