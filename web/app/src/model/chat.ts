import type * as sdk from '@eyeline/sdk';
import { computed, signal } from '@preact/signals';
import { cleanName, shownName } from './name';
import type { Outside } from './outside';
import { showable } from './text';

/** In characters as the browser counts them. */
export const longestText = 4000;
/** Lines kept; the oldest go first. */
const keptLines = 500;

export interface Line {
  readonly key: number;
  readonly mine: boolean;
  readonly name: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly delivery: Delivery;
  /** By whom it was not received; empty if unknown or if all have it. */
  readonly missed: string;
}
export type Delivery = 'sending' | 'delivered' | 'missed';

/** What people write to one another in this call. */
export class Chat {
  readonly lines = signal<readonly Line[]>([]);
  readonly open = signal(false);
  readonly unread = signal(0);
  readonly draft = signal('');
  /** How many characters the draft has too many. */
  readonly excess = computed(() => Math.max(0, this.draft.value.trim().length - longestText));
  readonly #room: sdk.Room;
  readonly #now: () => number;
  #keys = 0;

  constructor(outside: Outside, room: sdk.Room) {
    this.#room = room;
    this.#now = outside.now;
  }

  show(open: boolean): void {
    this.open.value = open;
    if (open) this.unread.value = 0;
  }

  /** Anything a peer sent. Answers whether it was a line for people. */
  receive(from: sdk.Peer, message: unknown): Line | null {
    const text = readText(message);
    if (text === null) return null;
    const line = this.#add({ mine: false, name: shownName(from.name), text, delivery: 'delivered' });
    if (!this.open.peek()) this.unread.value += 1;
    return line;
  }

  /** Sends the draft, if there is something in it. */
  send(): void {
    const text = this.draft.peek().trim();
    if (text === '' || this.excess.peek() > 0) return;
    this.draft.value = '';
    void this.#deliver(text);
  }

  async #deliver(text: string): Promise<void> {
    const { key } = this.#add({ mine: true, name: this.#room.me.name, text: showable(text), delivery: 'sending' });
    try {
      await this.#room.send({ kind: 'chat', id: `${key}`, text });
      this.#change(key, { delivery: 'delivered' });
    } catch (error) {
      this.#change(key, { delivery: 'missed', missed: readMissed(error) });
    }
  }

  #add(line: Pick<Line, 'mine' | 'name' | 'text' | 'delivery'>): Line {
    this.#keys += 1;
    const added: Line = { ...line, key: this.#keys, at: this.#now(), missed: '' };
    this.lines.value = [...this.lines.peek(), added].slice(-keptLines);
    return added;
  }

  #change(key: number, news: Partial<Line>): void {
    this.lines.value = this.lines.peek().map((line) => (line.key === key ? { ...line, ...news } : line));
  }
}

/** The text of a chat message of ours, made fit to be shown; null for anything else. */
function readText(message: unknown): string | null {
  if (typeof message !== 'object' || message === null) return null;
  const { kind, id, text }: { kind?: unknown; id?: unknown; text?: unknown } = message;
  if (kind !== 'chat' || typeof id !== 'string' || typeof text !== 'string' || text.trim() === '') return null;
  const shown = showable(text);
  return shown.length > longestText ? `${shown.slice(0, longestText)}…` : shown;
}

/** The SDK tells who did not get it in the words of its error. */
function readMissed(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'gone') return '';
  return cleanName(error.message);
}
