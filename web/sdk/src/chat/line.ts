/** A chat line, as this participant has it. */
export interface ChatLine {
  /** Author and id: unique in the conversation. */
  readonly key: string;
  /** Id of the participant who wrote it. */
  readonly author: string;
  /** Unique among the author's lines. */
  readonly id: string;
  /** Name of the author. */
  readonly name: string;
  /** Its position: a Lamport clock that starts at milliseconds since 1970. */
  readonly clock: number;
  /** Milliseconds since 1970, by the author's clock. */
  readonly at: number;
  /** 0 as first written; each edit by its author adds one. */
  readonly revision: number;
  /** At most {@link CHAT_TEXT_MAX} characters; empty if it was deleted. Text, never markup. */
  readonly text: string;
  /** Key of the line that it replies to, or null. */
  readonly reply: string | null;
  /** Id of the only other participant who may read it; null if everyone may. */
  readonly to: string | null;
  /** Whether we wrote it, here or on an earlier page. */
  readonly mine: boolean;
  /** Name of the participant who passed it on after its author had left; empty if the author sent it. */
  readonly via: string;
  /** The recipients that have it, if we wrote it. */
  readonly delivery: Delivery;
}

/** Delivery of one of our messages. */
export interface Delivery {
  /**
   * `sending`: a connected participant doesn't have it yet. `waiting`: those who don't are in the room, and not
   * connected. `missed`: they left. `sent`: everyone has it.
   */
  readonly state: 'sending' | 'waiting' | 'missed' | 'sent';
  /** Names of those who don't have it. */
  readonly lacking: readonly string[];
}

export const SENT: Delivery = { state: 'sent', lacking: [] };

export function keyOf(author: string, id: string): string {
  return `${author}/${id}`;
}

/** The order, the same for everyone: by clock, then author, then id. */
export function compare(a: ChatLine, b: ChatLine): number {
  if (a.clock !== b.clock) return a.clock - b.clock;
  if (a.author !== b.author) return a.author < b.author ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Lines in order, without duplicates. */
class SortedLines {
  readonly lines: ChatLine[] = [];

  add(line: ChatLine): void {
    this.lines.splice(this.#placeOf(line), 0, line);
  }

  /** Replaces a line that is at the same place. */
  replace(line: ChatLine): void {
    this.lines[this.#placeOf(line)] = line;
  }

  remove(line: ChatLine): void {
    this.lines.splice(this.#placeOf(line), 1);
  }

  #placeOf(line: ChatLine): number {
    let [low, high] = [0, this.lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const one = this.lines[middle];
      if (one !== undefined && compare(one, line) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sorted lines. When there are too many, the oldest from whoever sent most are dropped; our own only as the last. */
export class ChatLog {
  readonly #most: number;
  readonly #byKey = new Map<string, ChatLine>();
  readonly #all = new SortedLines();
  /** The same lines by their sender. */
  readonly #bySender = new Map<string, SortedLines>();
  #snapshot: readonly ChatLine[] | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  /** The same array until a line is added or changes. */
  get lines(): readonly ChatLine[] {
    this.#snapshot ??= [...this.#all.lines];
    return this.#snapshot;
  }

  get(key: string): ChatLine | undefined {
    return this.#byKey.get(key);
  }

  /** Adds the line, or replaces the one with its key. */
  put(line: ChatLine): void {
    this.#snapshot = null;
    const known = this.#byKey.get(line.key);
    this.#byKey.set(line.key, line);
    if (known !== undefined && compare(known, line) === 0 && senderOf(known) === senderOf(line)) {
      this.#all.replace(line);
      this.#bySender.get(senderOf(line))?.replace(line);
      return;
    }
    if (known !== undefined) this.#remove(known);
    const sent = this.#bySender.get(senderOf(line)) ?? new SortedLines();
    this.#bySender.set(senderOf(line), sent);
    sent.add(line);
    this.#all.add(line);
    if (this.#all.lines.length > this.#most) this.#dropOne();
  }

  #remove(line: ChatLine): void {
    this.#all.remove(line);
    const sent = this.#bySender.get(senderOf(line));
    sent?.remove(line);
    if (sent?.lines.length === 0) this.#bySender.delete(senderOf(line));
  }

  #dropOne(): void {
    let from = this.#bySender.get(OURS);
    for (const [sender, sent] of this.#bySender) {
      if (sender !== OURS && (from === this.#bySender.get(OURS) || sent.lines.length > (from?.lines.length ?? 0)))
        from = sent;
    }
    const oldest = from?.lines[0];
    if (oldest === undefined) return;
    this.#remove(oldest);
    this.#byKey.delete(oldest.key);
  }
}

/** The sender of our own lines. */
const OURS = '';

/** Who sent us the line: its author, or somebody who passed it on and could invent authors. */
function senderOf({ mine, via, author }: ChatLine): string {
  if (mine) return OURS;
  return via === '' ? `by ${author}` : `via ${via}`;
}

/** The newest lines, at most `characters` in all. When there are more, each sender has an equal share. */
export function newest(lines: readonly ChatLine[], characters: number): readonly ChatLine[] {
  const shares = new Map<string, { readonly lines: ChatLine[]; size: number; from: number }>();
  let size = 0;
  for (const line of lines) {
    const share = shares.get(senderOf(line)) ?? { lines: [], size: 0, from: 0 };
    shares.set(senderOf(line), share);
    share.lines.push(line);
    share.size += sizeOf(line);
    size += sizeOf(line);
  }
  const dropped = new Set<ChatLine>();
  while (size > characters) {
    const largest = [...shares.values()].reduce((most, share) => (share.size > most.size ? share : most));
    const oldest = largest.lines[largest.from];
    if (oldest === undefined) break;
    largest.from += 1;
    largest.size -= sizeOf(oldest);
    size -= sizeOf(oldest);
    dropped.add(oldest);
  }
  return lines.filter((line) => !dropped.has(line));
}

/** Characters of a line with all that is sent with it, about. */
function sizeOf({ text }: ChatLine): number {
  return text.length + 200;
}

/** A checksum of the lines of each author: equal if the lines and their revisions are. */
export function sums(lines: readonly ChatLine[]): Map<string, string> {
  const found = new Map<string, { count: number; sum: number }>();
  for (const { author, id, revision } of lines) {
    const { count, sum } = found.get(author) ?? { count: 0, sum: 0 };
    found.set(author, { count: count + 1, sum: (sum + hash(`${id}:${revision}`)) >>> 0 });
  }
  return new Map([...found].map(([author, { count, sum }]) => [author, `${count}.${sum.toString(36)}`]));
}

/**
 * FNV-1a with a finalizer, so that two changes don't cancel out in a sum. No protection against deliberate collisions.
 */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
