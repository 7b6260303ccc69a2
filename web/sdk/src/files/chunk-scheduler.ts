import { WINDOW_CHUNKS } from './offer.ts';

/** Chunks requested from one holder at a time: others may have the next ones by then. */
const ASKED_OF_ONE = 12;

/**
 * Chunks in flight from us to one of several receivers. More are no faster: they cause packet loss on the shared
 * uplink.
 */
const SEEDS_OF_ONE = 2;

/** Shortest timeout, in seconds, for a chunk from another receiver. */
const PATIENCE_MIN = 2;

/** The timeout as a multiple of the time that a chunk from us takes. */
const PATIENCE = 8;

/** Assumed seconds per chunk from us, before any has arrived. */
const PACE_UNKNOWN = 2;

/** Shortest time, in seconds, that a receiver is not sent to a holder who failed them. */
const AVOIDED_MIN = 30;

interface ChunkInFlight {
  /** null if we send it. */
  readonly holder: string | null;
  readonly since: number;
}

/** One receiver's copy of the file: what they say they have, and what is in flight to them. */
export class Replica {
  /** The id of the receiver. */
  readonly peerId: string;
  /** Chunks that are stored. */
  have = 0;
  /** Chunks after those that have arrived. */
  readonly got = new Set<number>();
  readonly coming = new Map<number, ChunkInFlight>();
  /** When they began to wait for a chunk from another receiver. */
  readonly waits = new Map<number, number>();
  /** Until when they are not sent to a holder. */
  readonly avoided = new Map<string, number>();
  /** Whether they can receive more. */
  ready = false;
  /** Whether they can pass chunks on. */
  serves = false;
  /** Average seconds that a chunk from us takes; null before the first. */
  pace: number | null = null;

  constructor(peerId: string) {
    this.peerId = peerId;
  }

  holds(index: number): boolean {
    return index < this.have || this.got.has(index);
  }
}

/** Tell the receiver to get this chunk from the holder. */
export interface HolderHint {
  readonly replica: Replica;
  readonly index: number;
  readonly holder: string;
}

/**
 * Schedules the chunks of a file for all its receivers: a pure machine. We send each chunk once, to the first receiver
 * that can take one, and receivers pass it on; more than once only if a receiver would wait too long. Times are seconds
 * on any monotonic clock.
 */
export class ChunkScheduler {
  readonly #chunks: number;
  readonly #replicas = new Set<Replica>();

  constructor(chunks: number) {
    this.#chunks = chunks;
  }

  join(peerId: string): Replica {
    const copy = new Replica(peerId);
    this.#replicas.add(copy);
    return copy;
  }

  leave(copy: Replica): void {
    this.#replicas.delete(copy);
  }

  /** They have the chunks before `next`. Whatever was in flight to them is lost. */
  begin(copy: Replica, next: number): void {
    copy.have = next;
    copy.got.clear();
    copy.coming.clear();
    copy.waits.clear();
  }

  /** A chunk arrived there. Ignored unless it was in flight. */
  got(copy: Replica, index: number, now: number): void {
    const coming = copy.coming.get(index);
    if (coming === undefined) return;
    copy.coming.delete(index);
    copy.waits.delete(index);
    copy.got.add(index);
    if (coming.holder !== null) return;
    const took = now - coming.since;
    copy.pace = copy.pace === null ? took : copy.pace + (took - copy.pace) / 4;
  }

  /** They have stored the chunks before `next`, as far as these had arrived or were in flight. */
  have(copy: Replica, next: number, now: number): void {
    for (; copy.have < next; copy.have += 1) {
      this.got(copy, copy.have, now);
      if (!copy.got.delete(copy.have)) return;
    }
  }

  /** A chunk did not arrive there, or is wrong. */
  miss(copy: Replica, index: number, now: number): void {
    const coming = copy.coming.get(index);
    if (coming === undefined) return;
    copy.coming.delete(index);
    if (coming.holder !== null) this.#avoid(copy, coming.holder, now);
  }

  /** The chunk that we send them next, which is in flight from now on; null if none. */
  seed(copy: Replica, now: number): number | null {
    if (!copy.ready || this.#isFull(copy)) return null;
    let late: number | null = null;
    for (const index of this.#lacked(copy)) {
      if (!this.#isForOthers(copy, index, now)) return this.#give(copy, index, now);
      if (late === null && this.#isLate(copy, index, now)) late = index;
    }
    if (late === null) return null;
    for (const other of this.#replicas) if (other.coming.has(late)) this.#avoid(copy, other.peerId, now);
    return this.#give(copy, late, now);
  }

  /** Sends receivers to holders of the chunks that they lack. */
  assign(now: number): readonly HolderHint[] {
    const told: HolderHint[] = [];
    if (this.#replicas.size < 2) return told;
    const asked = this.#asked(now);
    for (let before = -1; before < told.length; ) {
      before = told.length;
      for (const to of this.#replicas) {
        const one = to.ready ? this.#find(to, asked, now) : null;
        if (one === null) continue;
        to.coming.set(one.index, { holder: one.holder, since: now });
        to.waits.set(one.index, now);
        asked.set(one.holder, (asked.get(one.holder) ?? 0) + 1);
        told.push(one);
      }
    }
    return told;
  }

  /** When the next timeout is due; call {@link assign} then, and {@link seed} for each receiver. */
  nextWake(now: number): number | null {
    let next: number | null = null;
    for (const copy of this.#replicas) {
      const patience = this.#patience(copy, now);
      for (const since of copy.ready ? copy.waits.values() : []) {
        const at = since + patience;
        if (at > now && (next === null || at < next)) next = at;
      }
    }
    return next;
  }

  /** Requests per holder. Those that timed out are given up. */
  #asked(now: number): Map<string, number> {
    const asked = new Map<string, number>();
    for (const copy of this.#replicas) {
      for (const [index, { holder }] of copy.coming) {
        if (holder === null) continue;
        if (copy.ready && this.#isLate(copy, index, now)) {
          this.miss(copy, index, now);
          copy.waits.set(index, now);
        } else asked.set(holder, (asked.get(holder) ?? 0) + 1);
      }
    }
    return asked;
  }

  /** Of the chunks that others hold the rarest one, from the holder with the fewest requests. */
  #find(to: Replica, asked: ReadonlyMap<string, number>, now: number): HolderHint | null {
    let found: HolderHint | null = null;
    let rarest = Number.POSITIVE_INFINITY;
    for (const index of this.#lacked(to)) {
      let copies = 0;
      let fewest = ASKED_OF_ONE;
      let holder: string | null = null;
      for (const other of this.#replicas) {
        if (other.holds(index) || other.coming.has(index)) copies += 1;
        const count = asked.get(other.peerId) ?? 0;
        if (count >= fewest || !other.holds(index) || !this.#mayServe(other, to, now)) continue;
        fewest = count;
        holder = other.peerId;
      }
      if (holder === null || copies >= rarest) continue;
      rarest = copies;
      found = { replica: to, index, holder };
    }
    return found;
  }

  /** Whether enough chunks are in flight to them from us. */
  #isFull({ coming }: Replica): boolean {
    const ready = [...this.#replicas].filter((copy) => copy.ready).length;
    const ours = [...coming.values()].filter(({ holder }) => holder === null).length;
    return ready > 1 && ours >= SEEDS_OF_ONE;
  }

  /** The chunks that may be on their way to them, and are not. */
  #lacked(copy: Replica): readonly number[] {
    const length = Math.max(0, Math.min(WINDOW_CHUNKS, this.#chunks - copy.have));
    const window = Array.from({ length }, (_, at) => copy.have + at);
    return window.filter((index) => !copy.got.has(index) && !copy.coming.has(index));
  }

  #give(copy: Replica, index: number, now: number): number {
    copy.coming.set(index, { holder: null, since: now });
    copy.waits.delete(index);
    for (const { waits, coming } of this.#replicas) {
      if (waits.has(index) && !coming.has(index)) waits.set(index, now); // soon they can have it from this one
    }
    return index;
  }

  /** Whether another receiver has or gets the chunk and can pass it on, or should get it since they pass on more. */
  #isForOthers(copy: Replica, index: number, now: number): boolean {
    const failing = this.#isFailing(copy, now);
    for (const other of this.#replicas) {
      if (other.peerId === copy.peerId) continue;
      if (this.#mayServe(other, copy, now) && (other.holds(index) || other.coming.has(index))) return true;
      const wants = other.ready && !other.holds(index) && index < other.have + 2 * WINDOW_CHUNKS;
      if (failing && wants && !this.#isFailing(other, now)) return true;
    }
    return false;
  }

  #mayServe(other: Replica, copy: Replica, now: number): boolean {
    return other.serves && other.peerId !== copy.peerId && (copy.avoided.get(other.peerId) ?? now) <= now;
  }

  /** Whether at least half of the receivers had timeouts with this one. */
  #isFailing({ peerId }: Replica, now: number): boolean {
    const avoiding = [...this.#replicas].filter(({ avoided }) => (avoided.get(peerId) ?? now) > now);
    return 2 * avoiding.length >= this.#replicas.size;
  }

  #avoid(copy: Replica, peerId: string, now: number): void {
    copy.avoided.set(peerId, now + Math.max(AVOIDED_MIN, 2 * this.#patience(copy, now)));
  }

  /** Whether a chunk from another receiver has timed out. */
  #isLate(copy: Replica, index: number, now: number): boolean {
    const since = copy.waits.get(index) ?? now;
    copy.waits.set(index, since);
    return since + this.#patience(copy, now) <= now;
  }

  /** The timeout: longer for a slow receiver, to whom others are slow too. */
  #patience(copy: Replica, now: number): number {
    let pace = copy.pace ?? this.#fastest() ?? PACE_UNKNOWN;
    for (const { holder, since } of copy.coming.values()) if (holder === null) pace = Math.max(pace, now - since);
    return Math.max(PATIENCE_MIN, PATIENCE * pace);
  }

  #fastest(): number | null {
    const paces = [...this.#replicas].flatMap(({ pace }) => pace ?? []);
    return paces.length === 0 ? null : Math.min(...paces);
  }
}
