import type * as sdk from '@eyeline/sdk';
import { computed, signal } from '@preact/signals';
import { cleanName, shownName } from './name';
import type { Outside } from './outside';
import { showable } from './text';

/** In characters as the browser counts them. */
export const longestText = 4000;
/** Lines kept; the oldest go first. */
const keptLines = 500;
/** Lines of our own that somebody gets who came later: the newest of them, so many in a message. */
const toldLines = 100;
const linesInMessage = 5;
/** How often one person may ask for them: each time that their page is loaded anew. */
const askedMost = 20;
const longestId = 64;

export interface Line {
  readonly key: number;
  /** Whose it is, and the id that they gave it. */
  readonly author: string;
  readonly id: string;
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
  /** Before the numbers of our lines, which begin anew with each page. */
  readonly #page: string;
  readonly #met = new WeakSet<sdk.Peer>();
  readonly #asked = new WeakMap<sdk.Peer, number>();
  #keys = 0;

  constructor(outside: Outside, room: sdk.Room) {
    this.#room = room;
    this.#now = outside.now;
    this.#page = `${outside.now()}`;
  }

  /** Asks everybody, once, what they wrote before we were here. */
  meet(peers: readonly sdk.Peer[]): void {
    for (const peer of peers) {
      if (this.#met.has(peer)) continue;
      this.#met.add(peer);
      void peer.send({ kind: 'chat-ask' }).catch(() => undefined); // they left
    }
  }

  show(open: boolean): void {
    this.open.value = open;
    if (open) this.unread.value = 0;
  }

  /** Anything a peer sent. Answers with the line, if it was one for people that is news. */
  receive(from: sdk.Peer, message: unknown): Line | null {
    const kind = readKind(message);
    if (kind === 'chat-ask') this.#tell(from);
    if (kind === 'chat-before') this.#learn(from, message);
    const said = kind === 'chat' ? readLine(message) : null;
    if (said === null) return null;
    const line = this.#add({ ...theirs(from, said), at: this.#now() });
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
    const id = `${this.#page}-${this.#keys + 1}`;
    const { id: author, name } = this.#room.me;
    const mine = { mine: true, author, id, name, text: showable(text) };
    const { key } = this.#add({ ...mine, at: this.#now(), delivery: 'sending' });
    try {
      await this.#room.send({ kind: 'chat', id, text });
      this.#change(key, { delivery: 'delivered' });
    } catch (error) {
      this.#change(key, { delivery: 'missed', missed: readMissed(error) });
    }
  }

  /** Everybody tells what they wrote themselves: so nobody can put words into another's mouth. */
  #tell(to: sdk.Peer): void {
    const times = this.#asked.get(to) ?? 0;
    if (times >= askedMost) return;
    this.#asked.set(to, times + 1);
    const mine = this.lines.peek().filter((line) => line.mine);
    const told = mine.slice(-toldLines).map(({ id, text, at }) => ({ id, text, at }));
    for (let start = 0; start < told.length; start += linesInMessage) {
      const lines = told.slice(start, start + linesInMessage);
      void to.send({ kind: 'chat-before', lines }).catch(() => undefined); // they left
    }
  }

  /** Puts what somebody wrote earlier where its author's clock says. */
  #learn(from: sdk.Peer, message: unknown): void {
    for (const said of readLines(message)) {
      const line = theirs(from, said);
      if (this.lines.peek().some((known) => isSame(known, line))) continue;
      this.#add({ ...line, at: Math.min(said.at, this.#now()) });
    }
  }

  #add(line: Omit<Line, 'key' | 'missed'>): Line {
    this.#keys += 1;
    const added: Line = { ...line, key: this.#keys, missed: '' };
    const before = this.lines.peek().filter(({ at }) => at <= line.at);
    const after = this.lines.peek().filter(({ at }) => at > line.at);
    this.lines.value = [...before, added, ...after].slice(-keptLines);
    return added;
  }

  #change(key: number, news: Partial<Line>): void {
    this.lines.value = this.lines.peek().map((line) => (line.key === key ? { ...line, ...news } : line));
  }
}

/** What somebody says that they wrote. */
interface Said {
  readonly id: string;
  readonly text: string;
}

function theirs(from: sdk.Peer, { id, text }: Said): Omit<Line, 'key' | 'at' | 'missed'> {
  return { mine: false, author: from.id, id, name: shownName(from.name), text, delivery: 'delivered' };
}

/**
 * Whether they are one line. Who lost their seat and took another has a new id, and tells the same lines: with the same
 * words under the same name nothing is hidden, whoever tells them.
 */
function isSame(known: Line, line: Omit<Line, 'key' | 'at' | 'missed'>): boolean {
  if (known.mine || known.id !== line.id) return false;
  return known.author === line.author || (known.name === line.name && known.text === line.text);
}

function readKind(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'kind' in message ? message.kind : null;
}

/** A line made fit to be shown; null for anything else. */
function readLine(message: unknown): Said | null {
  if (typeof message !== 'object' || message === null) return null;
  const { id, text }: { id?: unknown; text?: unknown } = message;
  if (typeof id !== 'string' || id.length > longestId || typeof text !== 'string' || text.trim() === '') return null;
  const shown = showable(text);
  return { id, text: shown.length > longestText ? `${shown.slice(0, longestText)}…` : shown };
}

/** Those of them that are lines with a time. */
function readLines(message: unknown): readonly (Said & { readonly at: number })[] {
  if (typeof message !== 'object' || message === null || !('lines' in message)) return [];
  const { lines }: { lines: unknown } = message;
  if (!Array.isArray(lines)) return [];
  return lines.slice(0, linesInMessage).flatMap((one: unknown) => {
    const said = readLine(one);
    const at = typeof one === 'object' && one !== null && 'at' in one ? one.at : null;
    return said !== null && typeof at === 'number' && at >= 0 ? [{ ...said, at }] : [];
  });
}

/** The SDK tells who did not get it in the words of its error. */
function readMissed(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'gone') return '';
  return cleanName(error.message);
}
