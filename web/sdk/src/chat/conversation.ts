import type { Json } from '../connection/messages.ts';
import { type ChatLine, ChatLog, type Delivery, keyOf, newest, SENT, sums } from './line.ts';
import {
  answers,
  CHAT_TEXT_MAX,
  chatMessage,
  parseLine,
  parseMessage,
  type WrittenLine,
  wellFormed,
} from './messages.ts';
import { askMessage, type ChatQuestion } from './question.ts';

/** Lines kept. */
const LINES_MAX = 10_000;

/** Milliseconds that a line may be ahead of our clock: one further ahead does not advance it. */
const AHEAD_MAX_MS = 24 * 3600 * 1000;

/** Rate limit: answers to one participant per minute. */
const ANSWERS_MAX = 20;
const ANSWERS_WINDOW_MS = 60_000;

/** Characters in answer to a question: the newest lines. */
const TOLD_CHARACTERS_MAX = 2 * 1024 * 1024;

/** Another participant, as {@link Conversation.setParticipants} takes it. */
export interface ChatParticipant {
  /** `Peer.id`. */
  readonly id: string;
  /** `Peer.name`. */
  readonly name: string;
  /** Whether there is a connection to them now. */
  readonly reachable: boolean;
}

/** An effect: send `message` to that peer by `Peer.send`, then call `delivered` or `failed` with this object. */
export interface ChatEnvelope {
  /** `Peer.id` of the receiver. */
  readonly to: string;
  /** What to send. */
  readonly message: Json;
  /** Our own lines in it. */
  readonly lines: readonly ChatLine[];
}

/** What {@link Conversation.receive} led to. */
export interface ChatReceived {
  /** A line that was written just now, and is new to us; null if none. */
  readonly added: ChatLine | null;
  /** What to send. */
  readonly sends: readonly ChatEnvelope[];
}

/** What {@link Conversation.write} or {@link Conversation.edit} led to. */
export interface ChatWritten {
  /** The line as it is now. */
  readonly line: ChatLine;
  /** What to send. */
  readonly sends: readonly ChatEnvelope[];
}

/** How {@link Conversation.write} writes a line. */
export interface ChatOptions {
  /** Key of the line that this one replies to. */
  readonly reply?: string | null;
  /** Id of the only participant that it is for. */
  readonly to?: string | null;
}

/**
 * Chat: the same lines in the same order for everyone, with edits, and for newcomers and after reconnects too. A pure
 * machine without clock and network: `now` is in milliseconds since 1970, effects are {@link ChatEnvelope}s, and a
 * message may be lost only if `failed` is called for it.
 */
export class Conversation {
  readonly #page: string;
  readonly #log = new ChatLog(LINES_MAX);
  /** Who doesn't have a line of ours, by key: names by id. */
  readonly #lacking = new Map<string, Map<string, string>>();
  /** Keys of lines that could not be sent, by id of the receiver. */
  readonly #owed = new Map<string, Set<string>>();
  /** The question that a participant may answer, by id. */
  readonly #asks = new Map<string, string>();
  /** When we answered a participant lately, by id. */
  readonly #answered = new Map<string, readonly number[]>();
  /** Our clock when a participant joined, by id. */
  readonly #since = new Map<string, number>();
  /** Whether newcomers get what was written before they joined (`Rules.history`). */
  history = true;
  #me: { readonly id: string; readonly name: string };
  #people: ReadonlyMap<string, ChatParticipant> = new Map();
  #clock = 0;
  #said = 0;
  #asked = 0;

  /** `page` is unique to this page load; `own` are the lines that earlier ones wrote, as JSON. */
  constructor(me: { readonly id: string; readonly name: string }, page: string, own: readonly unknown[] = []) {
    this.#me = me;
    this.#page = page;
    for (const said of own.map(parseLine)) {
      if (said !== null) this.#put({ ...said, key: keyOf(said.author, said.id), mine: true, via: '', delivery: SENT });
    }
  }

  /** All lines in order; the same array until something changes. */
  get lines(): readonly ChatLine[] {
    return this.#log.lines;
  }

  /** The line with that key. */
  line(key: string): ChatLine | undefined {
    return this.#log.get(key);
  }

  /** Who we are, and the other participants. To be called whenever one of them changes. */
  setParticipants(
    me: { readonly id: string; readonly name: string },
    people: readonly ChatParticipant[],
  ): readonly ChatEnvelope[] {
    const before = this.#people;
    this.#me = me;
    this.#people = new Map(people.map((person) => [person.id, person]));
    for (const id of this.#since.keys()) if (!this.#people.has(id)) this.#since.delete(id);
    for (const { id } of people) if (!before.has(id)) this.#since.set(id, this.#clock);
    const left = [...before.keys()].some((id) => !this.#people.has(id));
    const sends: ChatEnvelope[] = [];
    for (const { id } of people) {
      // When somebody has left, those who got their lines pass them on to those who didn't.
      if (left || !before.has(id)) sends.push(this.#ask(id, false));
      if (!before.has(id)) sends.push(...this.#pay(id));
    }
    for (const key of this.#lacking.keys()) this.#show(key);
    return sends;
  }

  /** Writes a line. null if the text is blank or too long, or if `to` is not here. */
  write(text: string, now: number, { reply = null, to = null }: ChatOptions = {}): ChatWritten | null {
    const person = to === null ? null : this.#people.get(to);
    if (text.trim() === '' || text.length > CHAT_TEXT_MAX || person === undefined) return null;
    this.#said += 1;
    const [id, { id: author, name }] = [`${this.#page}-${this.#said}`, this.#me];
    const key = keyOf(author, id);
    const said: WrittenLine = {
      id,
      author,
      name,
      clock: this.#next(now),
      at: now,
      revision: 0,
      text: wellFormed(text),
      reply,
      to,
    };
    this.#put({ ...said, key, mine: true, via: '', delivery: SENT });
    return this.#spread(key);
  }

  /**
   * Replaces the text of a line of ours; empty deletes it. null if {@link canEdit} is false or the text is too long.
   */
  edit(key: string, text: string): ChatWritten | null {
    const line = this.#log.get(key);
    if (line === undefined || !this.canEdit(line) || text.length > CHAT_TEXT_MAX || text === line.text) return null;
    const revision = line.revision + 1;
    this.#put({ ...line, revision, text: text.trim() === '' ? '' : wellFormed(text) });
    return this.#spread(key);
  }

  /** Whether we may edit the line: ours under our current id, not deleted, and its receiver is here. */
  canEdit({ mine, author, text, to }: ChatLine): boolean {
    return mine && author === this.#me.id && text !== '' && (to === null || this.#people.has(to));
  }

  /** Takes any message of a peer. What is not chat, or is invalid, has no effect. */
  receive(from: { readonly id: string; readonly name: string }, value: unknown, now: number): ChatReceived {
    const message = parseMessage(value, from);
    switch (message?.kind) {
      case 'chat':
        return { added: this.#isForUs(message.line) ? this.#learn(message.line, '', now) : null, sends: [] };
      case 'chat-ask':
        return { added: null, sends: this.#mayAsk(from.id, now) ? this.#answer(from, message) : [] };
      case 'chat-before':
        if (this.#asks.get(from.id) !== message.ask) break; // we didn't ask
        if (message.last) this.#asks.delete(from.id);
        for (const line of message.lines) this.#believe(from, line, now);
    }
    return { added: null, sends: [] };
  }

  /** The envelope was delivered: `Peer.send` resolved. Returns what to send next. */
  delivered({ to, lines }: ChatEnvelope): readonly ChatEnvelope[] {
    for (const { key, revision } of lines) if (this.#log.get(key)?.revision === revision) this.#has(to, key);
    return this.#pay(to, 1);
  }

  /** The envelope was not delivered: `Peer.send` rejected. It is sent again when they are back. */
  failed({ to, lines }: ChatEnvelope): void {
    const owed = this.#owed.get(to) ?? new Set();
    for (const { key } of lines) owed.add(key);
    this.#owed.set(to, owed);
  }

  #next(now: number): number {
    return now > this.#clock && (this.#clock === 0 || now - this.#clock <= AHEAD_MAX_MS) ? now : this.#clock + 1;
  }

  #put(line: ChatLine): void {
    this.#log.put(line);
    this.#clock = Math.max(this.#clock, line.clock);
  }

  /** Sends the line to everyone that it is for. */
  #spread(key: string): ChatWritten | null {
    const line = this.#log.get(key);
    if (line === undefined) return null;
    const people = [...this.#people.values()].filter(({ id }) => line.to === null || line.to === id);
    const lacking = this.#lacking.get(key) ?? new Map<string, string>();
    for (const { id, name } of people) lacking.set(id, name);
    this.#lacking.set(key, lacking);
    this.#show(key);
    return { line: this.#log.get(key) ?? line, sends: people.map(({ id }) => sendOf(id, line)) };
  }

  #ask(to: string, back: boolean): ChatEnvelope {
    this.#asked += 1;
    const ask = `${this.#page}-${this.#asked}`;
    this.#asks.set(to, ask);
    return { to, message: askMessage(ask, back, this.#sums(to)), lines: [] };
  }

  #answer(from: { readonly id: string }, { ask, back, have }: ChatQuestion): readonly ChatEnvelope[] {
    const sums = this.#sums(from.id);
    const differs = (author: string): boolean => sums.get(author) !== have.get(author);
    if (!differs(this.#me.id)) for (const key of this.#lacking.keys()) this.#has(from.id, key);
    const lines = this.#tellable(from.id).filter(({ author }) => differs(author));
    const sends = answers(ask, newest(lines, TOLD_CHARACTERS_MAX)).map((part) => ({
      to: from.id,
      message: part.message,
      lines: part.lines.filter(({ mine }) => mine),
    }));
    const news = [...have.keys()].some((author) => differs(author) && (author === from.id || !this.#isHere(author)));
    return news && !back ? [...sends, this.#ask(from.id, true)] : sends;
  }

  #mayAsk(id: string, now: number): boolean {
    const lately = (this.#answered.get(id) ?? []).filter((at) => now - at < ANSWERS_WINDOW_MS);
    if (lately.length >= ANSWERS_MAX) return false;
    this.#answered.set(id, [...lately, now]);
    return true;
  }

  /** Lines for an answer: our own, and those of participants who left. The others are here to send their own. */
  #tellable(to: string): readonly ChatLine[] {
    const isOurs = ({ author, mine }: ChatLine): boolean => mine || (author !== to && !this.#isHere(author));
    const since = this.history ? 0 : (this.#since.get(to) ?? 0);
    return this.lines.filter((line) => line.clock > since && isBetween(line, this.#me.id, to) && isOurs(line));
  }

  /** Checksums of what this participant may read, without what others passed on of theirs: they know better. */
  #sums(to: string): Map<string, string> {
    const known = this.lines.filter(({ author, via }) => author !== to || via === '');
    return sums(known.filter((line) => isBetween(line, this.#me.id, to)));
  }

  #isHere(id: string): boolean {
    return id === this.#me.id || this.#people.has(id);
  }

  /** A line in an answer: the sender's own, or of somebody who left. */
  #believe(from: { readonly id: string; readonly name: string }, line: WrittenLine, now: number): void {
    const own = line.author === from.id;
    if (own ? !this.#isForUs(line) : line.to !== null || this.#isHere(line.author)) return;
    this.#learn(own ? { ...line, name: from.name } : line, own ? '' : from.name, now);
  }

  #isForUs({ to }: WrittenLine): boolean {
    return to === null || to === this.#me.id;
  }

  /** Stores the line; returns it if it is new. */
  #learn(said: WrittenLine, via: string, now: number): ChatLine | null {
    const key = keyOf(said.author, said.id);
    const known = this.#log.get(key);
    if (known !== undefined && !isBetter(said, via, known)) return null;
    if (known !== undefined && (known.via === '') === (via === '')) {
      this.#put({ ...known, revision: said.revision, text: said.text });
      return null;
    }
    const clock = said.clock > now + AHEAD_MAX_MS ? this.#clock + 1 : said.clock;
    const line = { ...said, clock, at: Math.min(said.at, now), key, mine: false, via, delivery: SENT };
    this.#put(line);
    return known === undefined ? line : null;
  }

  #has(to: string, key: string): void {
    const lacking = this.#lacking.get(key);
    if (lacking === undefined) return;
    const name = this.#people.get(to)?.name;
    lacking.delete(to);
    // A participant who lost their seat came back with another id.
    for (const [id, other] of lacking) if (other === name && !this.#people.has(id)) lacking.delete(id);
    this.#show(key);
    if (lacking.size === 0) this.#lacking.delete(key);
  }

  /** Sends again what was not delivered, at most so many lines. */
  #pay(to: string, most = Number.POSITIVE_INFINITY): readonly ChatEnvelope[] {
    const owed = this.#owed.get(to);
    if (owed === undefined || !this.#people.has(to)) return [];
    const sends: ChatEnvelope[] = [];
    for (const key of owed) {
      if (sends.length >= most) break;
      owed.delete(key);
      const line = this.#log.get(key);
      if (line?.author === this.#me.id && this.#lacking.get(key)?.has(to)) sends.push(sendOf(to, line));
    }
    return sends;
  }

  /** Updates the delivery state of a line. */
  #show(key: string): void {
    const line = this.#log.get(key);
    const delivery = this.#deliveryOf(key);
    if (line === undefined) this.#lacking.delete(key);
    else if (!isSame(line.delivery, delivery)) this.#log.put({ ...line, delivery });
  }

  #deliveryOf(key: string): Delivery {
    const lacking = this.#lacking.get(key);
    if (lacking === undefined || lacking.size === 0) return SENT;
    const here = [...lacking.keys()].flatMap((id) => this.#people.get(id) ?? []);
    const state = here.some(({ reachable }) => reachable) ? 'sending' : here.length > 0 ? 'waiting' : 'missed';
    return { state, lacking: [...lacking.values()] };
  }
}

function sendOf(to: string, line: ChatLine): ChatEnvelope {
  return { to, message: chatMessage(line), lines: [line] };
}

/** Whether both participants may read the line. */
function isBetween({ author, to }: ChatLine, me: string, other: string): boolean {
  return to === null || (author === me && to === other) || (author === other && to === me);
}

/** The author's own version wins over one passed on, then the later revision. Nobody else changes our own lines. */
function isBetter(said: WrittenLine, via: string, known: ChatLine): boolean {
  if (known.mine) return false;
  if ((via === '') !== (known.via === '')) return via === '';
  return said.revision > known.revision;
}

function isSame(a: Delivery, b: Delivery): boolean {
  return a.state === b.state && a.lacking.join('/') === b.lacking.join('/');
}
