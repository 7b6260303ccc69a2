import { WINDOW_CHUNKS } from './offer.ts';

/** Chunks that one holder is asked for at a time: for the next ones there may be others by then. */
const ASKED_OF_ONE = 12;

/**
 * Chunks that are on their way from us to one of several people. More at once come no faster, and more of them are lost
 * where all lines meet, and sent again.
 */
const SEEDS_OF_ONE = 2;

/** Seconds that somebody waits for a chunk from another one before it comes from elsewhere, at least. */
const PATIENCE_MIN = 2;

/** Times as long as a chunk from us takes to come that they wait. */
const PATIENCE = 8;

/** Seconds that a chunk from us is taken to need as long as none has come anywhere. */
const PACE_UNKNOWN = 2;

/** Seconds that somebody is not sent to a holder who failed them, at least. */
const AVOIDED_MIN = 30;

interface ChunkInFlight {
  /** null if it comes from us. */
  readonly holder: string | null;
  readonly since: number;
}

/** What one receiver has of the file, as far as they have told, and what is on its way to them. */
export class Replica {
  /** The id of the receiver. */
  readonly peerId: string;
  /** Chunks that are stored. */
  have = 0;
  /** Those after them that have come. */
  readonly got = new Set<number>();
  readonly coming = new Map<number, ChunkInFlight>();
  /** Since when they wait for a chunk to come from another one. */
  readonly waits = new Map<number, number>();
  /** Until when they are not sent to this holder. */
  readonly avoided = new Map<string, number>();
  /** Whether it may be given more. */
  ready = false;
  /** Whether it may be passed on. */
  serves = false;
  /** Seconds that a chunk from us takes to come, on average; null before one has. */
  pace: number | null = null;

  constructor(who: string) {
    this.peerId = who;
  }

  holds(index: number): boolean {
    return index < this.have || this.got.has(index);
  }
}

/** Tell the receiver that the chunk is to be had from the holder. */
export interface HolderHint {
  readonly replica: Replica;
  readonly index: number;
  readonly holder: string;
}

/**
 * Who gets which chunk of a file from whom. Each goes out from us once, to whoever takes the next one, and who has it
 * passes it on; more than once only where somebody would wait too long. Times are seconds on any monotonic clock.
 */
export class ChunkScheduler {
  readonly #chunks: number;
  readonly #replicas = new Set<Replica>();

  constructor(chunks: number) {
    this.#chunks = chunks;
  }

  join(who: string): Replica {
    const copy = new Replica(who);
    this.#replicas.add(copy);
    return copy;
  }

  leave(copy: Replica): void {
    this.#replicas.delete(copy);
  }

  /** They have the chunks before `next`. Whatever was on its way to them is lost. */
  begin(copy: Replica, next: number): void {
    copy.have = next;
    copy.got.clear();
    copy.coming.clear();
    copy.waits.clear();
  }

  /** A chunk came there; one that was not on its way is not believed. */
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

  /** They have stored the chunks before `next`; it is believed as far as these came or were on their way. */
  have(copy: Replica, next: number, now: number): void {
    for (; copy.have < next; copy.have += 1) {
      this.got(copy, copy.have, now);
      if (!copy.got.delete(copy.have)) return;
    }
  }

  /** A chunk did not come, or came wrong. */
  miss(copy: Replica, index: number, now: number): void {
    const coming = copy.coming.get(index);
    if (coming === undefined) return;
    copy.coming.delete(index);
    if (coming.holder !== null) this.#avoid(copy, coming.holder, now);
  }

  /** The chunk that we send them next, which from now on is on its way; null if there is none now. */
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

  /** Sends receivers to those who have what they lack. */
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

  /** When somebody will have waited too long; to be followed by {@link assign}, and by {@link seed} for all. */
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

  /** How much each holder is asked for, without what was waited for too long: that comes from elsewhere. */
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

  /** Of the chunks that they can have from another one that which the fewest have, from who is asked for the fewest. */
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

  /** Whether as many chunks are on their way to them from us as should. */
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

  /** Whether they can have it from another one, now or soon, or another one should have it who passes more on. */
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

  /** Whether most of the others have waited in vain for what this one has. */
  #isFailing({ peerId: who }: Replica, now: number): boolean {
    const avoiding = [...this.#replicas].filter(({ avoided }) => (avoided.get(who) ?? now) > now);
    return 2 * avoiding.length >= this.#replicas.size;
  }

  #avoid(copy: Replica, who: string, now: number): void {
    copy.avoided.set(who, now + Math.max(AVOIDED_MIN, 2 * this.#patience(copy, now)));
  }

  /** Whether they have waited too long for a chunk from another one. */
  #isLate(copy: Replica, index: number, now: number): boolean {
    const since = copy.waits.get(index) ?? now;
    copy.waits.set(index, since);
    return since + this.#patience(copy, now) <= now;
  }

  /** Who gets little from us gets little from others as well: they wait longer. */
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
