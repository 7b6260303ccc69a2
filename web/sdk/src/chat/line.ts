/** A line of the conversation, as one person has it. */
export interface ChatLine {
  /** Author and id: nobody else's line has it. */
  readonly key: string;
  /** The seat that it was written from. */
  readonly author: string;
  /** The author's own; never used twice. */
  readonly id: string;
  readonly name: string;
  /** Its place: a Lamport clock that begins at milliseconds since 1970. */
  readonly clock: number;
  /** Milliseconds since 1970, by the author's clock. */
  readonly at: number;
  /** 0 as first written; each change by its author counts one. */
  readonly revision: number;
  /** Empty if it was deleted. */
  readonly text: string;
  /** Key of the line that it answers, or null. */
  readonly reply: string | null;
  /** Seat of the only other person who may read it, or null. */
  readonly to: string | null;
  readonly mine: boolean;
  /** Who told it, if not its author; else empty. */
  readonly via: string;
  readonly delivery: Delivery;
}

/**
 * Who has a line of ours. `sending`: somebody within reach does not have it yet. `waiting`: those who don't are in the
 * room, but out of reach. `missed`: they left. `lacking` says their names.
 */
export interface Delivery {
  readonly state: 'sending' | 'waiting' | 'missed' | 'sent';
  readonly lacking: readonly string[];
}

export const SENT: Delivery = { state: 'sent', lacking: [] };

export function keyOf(author: string, id: string): string {
  return `${author}/${id}`;
}

/** The order that all agree on: by clock, then author, then id. */
export function compare(a: ChatLine, b: ChatLine): number {
  if (a.clock !== b.clock) return a.clock - b.clock;
  if (a.author !== b.author) return a.author < b.author ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Lines in their order; the oldest go when there are too many. */
export class ChatLog {
  readonly #most: number;
  readonly #byKey = new Map<string, ChatLine>();
  readonly #sorted: ChatLine[] = [];
  #snapshot: readonly ChatLine[] | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  /** The same array until a line comes or changes. */
  get lines(): readonly ChatLine[] {
    this.#snapshot ??= [...this.#sorted];
    return this.#snapshot;
  }

  get(key: string): ChatLine | undefined {
    return this.#byKey.get(key);
  }

  /** Takes the line in, in place of an earlier one with its key. */
  put(line: ChatLine): void {
    this.#snapshot = null;
    const known = this.#byKey.get(line.key);
    this.#byKey.set(line.key, line);
    if (known !== undefined && compare(known, line) === 0) {
      this.#sorted[this.#placeOf(line)] = line;
      return;
    }
    if (known !== undefined) this.#sorted.splice(this.#placeOf(known), 1);
    this.#sorted.splice(this.#placeOf(line), 0, line);
    if (this.#sorted.length <= this.#most) return;
    const oldest = this.#sorted.shift();
    if (oldest !== undefined) this.#byKey.delete(oldest.key);
  }

  #placeOf(line: ChatLine): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const one = this.#sorted[middle];
      if (one !== undefined && compare(one, line) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What somebody has of each author, in few characters: equal if the lines and their revisions are. */
export function sums(lines: readonly ChatLine[]): Map<string, string> {
  const found = new Map<string, { count: number; sum: number }>();
  for (const { author, id, revision } of lines) {
    const { count, sum } = found.get(author) ?? { count: 0, sum: 0 };
    found.set(author, { count: count + 1, sum: (sum + hash(`${id}:${revision}`)) >>> 0 });
  }
  return new Map([...found].map(([author, { count, sum }]) => [author, `${count}.${sum.toString(36)}`]));
}

/** FNV-1a, mixed so that the sums of two changes don't meet: tells lines apart that nobody made alike on purpose. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
