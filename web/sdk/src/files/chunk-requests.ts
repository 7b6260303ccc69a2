/** Chunks that one member may wait for from us; what they ask for beyond is denied. */
const ASKED_MAX = 64;

/** Seconds without any bytes after which a member is not waited for. */
const SILENT_SECONDS = 10;

/** A chunk of a file that several people get. */
export interface ChunkRef {
  readonly share: string;
  readonly index: number;
}

/** Chunks that we and one other member pass on to each other. Times are seconds on any monotonic clock. */
export class ChunkRequests {
  /** What we asked them for, by its name. */
  readonly #wanted = new Map<string, ChunkRef>();
  /** What they asked us for, first come first. */
  #asked: ChunkRef[] = [];
  #heardAt = 0;

  /** We ask for this one. */
  want(piece: ChunkRef, now: number): void {
    if (this.#wanted.size === 0) this.#heardAt = now;
    this.#wanted.set(nameOf(piece), piece);
  }

  wants(piece: ChunkRef): boolean {
    return this.#wanted.has(nameOf(piece));
  }

  /** Bytes came: they are at it. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** It came, or it won't; false if we did not ask. */
  answered(piece: ChunkRef): boolean {
    return this.#wanted.delete(nameOf(piece));
  }

  /** They ask for this one; false if they are denied it, for too many wait already. */
  ask(piece: ChunkRef): boolean {
    if (this.#asked.length >= ASKED_MAX) return false;
    this.#asked.push(piece);
    return true;
  }

  /** What they are given next. */
  next(): ChunkRef | null {
    return this.#asked.shift() ?? null;
  }

  nextWake(): number | null {
    return this.#wanted.size === 0 ? null : this.#heardAt + SILENT_SECONDS;
  }

  /** What will not come. */
  wake(now: number): readonly ChunkRef[] {
    const due = this.nextWake();
    return due === null || due > now ? [] : this.lose();
  }

  /** The link is gone, and with it all that was asked for; what of it was ours. */
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
