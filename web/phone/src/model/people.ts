import { shownName } from '@eyeline/app/model/name';
import type { Memory } from '@eyeline/app/platform/platform';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Ending, Identity } from '../platform/user-agent';
import { nameOf, sameAddress, shortAddress } from './person';

/** How many people there are, how many of their calls and messages, and how many of these over a reload. */
const most = { people: 100, entries: 200, reload: 50 };

/** Something that was said or happened between the person and us. */
export type Entry =
  | {
      readonly kind: 'message';
      readonly id: number;
      readonly at: number;
      readonly mine: boolean;
      readonly text: string;
      readonly sent: 'sending' | 'sent' | 'failed';
    }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly at: number;
      readonly mine: boolean;
      readonly seconds: number | null;
      readonly why: Ending;
    };

/** Somebody in the list. */
export interface Contact {
  readonly uri: string;
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly unread: number;
  /** null if the server doesn't tell. */
  readonly online: boolean | null;
  /** When there last was something; 0 if never. */
  readonly at: number;
}

type Kept = Omit<Contact, 'online' | 'at'>;

/**
 * The people with whom there were calls or messages, and those who are online. The list is kept in this browser, for each
 * account; what was written is kept until the page is closed.
 */
export class People {
  readonly list: ReadonlySignal<readonly Contact[]>;
  readonly #kept = signal<ReadonlyMap<string, Kept>>(new Map());
  readonly #online = signal<readonly string[] | null>(null);
  readonly #own: string;
  readonly #key: string;
  readonly #memory: Memory;
  readonly #session: Memory;
  #entries = 0;

  constructor(own: string, memory: Memory, session: Memory) {
    this.#own = own;
    this.#key = `eyeline:phone:people:${own}`;
    this.#memory = memory;
    this.#session = session;
    this.#read();
    this.list = computed(() => this.#sorted());
  }

  find(uri: string): Contact | null {
    const key = sameAddress(uri);
    return this.list.value.find((each) => each.uri === key) ?? null;
  }

  /** Makes sure that they are in the list. */
  add({ uri, name }: Identity): void {
    this.#change(uri, (kept) => ({ ...kept, name: shownName(name) || kept.name }));
  }

  remove(uri: string): void {
    const kept = new Map(this.#kept.peek());
    kept.delete(sameAddress(uri));
    this.#keep(kept);
  }

  /** Users of our own host who are registered. */
  see(online: readonly string[] | null): void {
    const host = this.#own.slice(this.#own.lastIndexOf('@'));
    this.#online.value = online?.map((user) => sameAddress(`sip:${user}${host}`)) ?? null;
  }

  called(
    who: Identity,
    call: { readonly at: number; readonly mine: boolean; readonly seconds: number | null; readonly why: Ending },
  ): void {
    this.#log(who, { kind: 'call', id: this.#next(), ...call });
  }

  /** Returns what to call when its delivery is known. */
  wrote(to: Identity, at: number, text: string): (sent: 'sent' | 'failed') => void {
    const id = this.#next();
    this.#log(to, { kind: 'message', id, at, mine: true, text, sent: 'sending' });
    return (sent) =>
      this.#change(to.uri, (kept) => ({
        ...kept,
        entries: kept.entries.map((each) => (each.id === id && each.kind === 'message' ? { ...each, sent } : each)),
      }));
  }

  read(from: Identity, at: number, text: string, unread: boolean): void {
    this.#log(from, { kind: 'message', id: this.#next(), at, mine: false, text, sent: 'sent' });
    if (unread) this.#change(from.uri, (kept) => ({ ...kept, unread: kept.unread + 1 }));
  }

  /** A call was missed. */
  missed(who: Identity): void {
    this.#change(who.uri, (kept) => ({ ...kept, unread: kept.unread + 1 }));
  }

  /** The person has looked at it. */
  seen(uri: string): void {
    if ((this.find(uri)?.unread ?? 0) > 0) this.#change(uri, (kept) => ({ ...kept, unread: 0 }));
  }

  #next(): number {
    this.#entries += 1;
    return this.#entries;
  }

  #log(who: Identity, entry: Entry): void {
    this.add(who);
    this.#change(who.uri, (kept) => ({ ...kept, entries: [...kept.entries, entry].slice(-most.entries) }));
  }

  #change(uri: string, change: (kept: Kept) => Kept): void {
    const key = sameAddress(uri);
    const kept = new Map(this.#kept.peek());
    const before = kept.get(key) ?? {
      uri: key,
      name: nameOf({ uri: key, name: '' }, this.#own),
      entries: [],
      unread: 0,
    };
    kept.delete(key);
    kept.set(key, change(before));
    for (const [oldest] of kept) {
      if (kept.size <= most.people) break;
      kept.delete(oldest);
    }
    this.#keep(kept);
  }

  #sorted(): readonly Contact[] {
    const online = this.#online.value;
    const all = new Map(this.#kept.value);
    const own = sameAddress(this.#own);
    for (const uri of online ?? []) {
      const name = shortAddress(uri, this.#own);
      if (uri !== own && !all.has(uri)) all.set(uri, { uri, name, entries: [], unread: 0 });
    }
    const contacts = [...all.values()].map((kept) => ({
      ...kept,
      online: online?.includes(kept.uri) ?? null,
      at: kept.entries.at(-1)?.at ?? 0,
    }));
    return contacts.sort((one, other) => other.at - one.at || one.name.localeCompare(other.name));
  }

  #keep(kept: ReadonlyMap<string, Kept>): void {
    this.#kept.value = kept;
    const all = [...kept.values()];
    const calls = all.map((each) => ({
      ...each,
      entries: each.entries.filter(({ kind }) => kind === 'call').slice(-5),
    }));
    this.#memory.set(this.#key, JSON.stringify(calls));
    const recent = all.map((each) => ({ ...each, entries: each.entries.slice(-most.reload) }));
    this.#session.set(this.#key, JSON.stringify(recent));
  }

  #read(): void {
    try {
      const all = JSON.parse(this.#session.get(this.#key) ?? this.#memory.get(this.#key) ?? '[]') as Kept[];
      this.#entries = Math.max(0, ...all.flatMap(({ entries }) => entries.map(({ id }) => id)));
      this.#kept.value = new Map(all.map((kept) => [kept.uri, kept]));
    } catch {
      this.#memory.forget(this.#key); // of another version, or somebody has changed it
      this.#session.forget(this.#key);
    }
  }
}
