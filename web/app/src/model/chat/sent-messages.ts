import type * as sdk from '@eyeline/sdk';
import type { Memory } from '../../platform/platform';

/** Lines kept. */
const most = 1000;

/** What we wrote, kept over a reload by the tab and by nobody else: so nobody can tell us that we wrote it. */
export class SentMessages {
  readonly #memory: Memory;
  readonly #key: string;
  readonly #places = new Map<string, number>();
  #count = 0;

  constructor(memory: Memory, room: string) {
    this.#memory = memory;
    this.#key = `eyeline:said:${room}`;
  }

  /** What an earlier page wrote. */
  read(): readonly unknown[] {
    const found: unknown[] = [];
    for (let place = 0; place < most; place += 1) {
      const line = parse(this.#memory.get(this.#at(place)));
      if (line === null) break;
      this.#places.set(`${line.author}/${line.id}`, place);
      found.push(line);
    }
    this.#count = found.length;
    return found;
  }

  /** A line that is new, or has changed. The oldest make room. */
  keep({ key, id, author, name, clock, at, revision, text, reply, to }: sdk.ChatLine): void {
    const place = this.#places.get(key) ?? this.#count++ % most;
    this.#places.set(key, place);
    const said = { id, author, name, clock, at, revision, text, reply, to };
    this.#memory.set(this.#at(place), JSON.stringify(said));
  }

  /** The call is over. */
  forget(): void {
    for (let place = 0; place < Math.min(this.#count, most); place += 1) this.#memory.forget(this.#at(place));
  }

  #at(place: number): string {
    return `${this.#key}:${place}`;
  }
}

function parse(text: string | null): { readonly author?: unknown; readonly id?: unknown } | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
