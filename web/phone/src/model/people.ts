import { alike } from '@eyeline/app/model/look-alike';
import { shownName } from '@eyeline/app/model/name';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { PhonePlatform } from '../platform/platform';
import type { Ending, Identity } from '../platform/user-agent';
import { sameAddress, shortAddress } from './person';

/** How many people there are, how many of their calls and messages, and how many of these over a reload. */
const most = { people: 100, entries: 200, reload: 50 };

/** Seconds from a change until it's stored. */
const stored = 1;

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
  readonly #platform: Pick<PhonePlatform, 'memory' | 'session' | 'seen' | 'after'>;
  readonly #stopWatching: () => void;
  #cancelStoring: (() => void) | null = null;
  #entries = 0;

  constructor(own: string, platform: Pick<PhonePlatform, 'memory' | 'session' | 'seen' | 'after'>) {
    this.#own = own;
    this.#key = `eyeline:phone:people:${own}`;
    this.#platform = platform;
    this.#read();
    this.list = computed(() => this.#sorted());
    this.#stopWatching = effect(() => {
      if (!platform.seen.value) this.#store(); // perhaps the page is being closed
    });
  }

  /** Nobody is signed in any more: what was written is forgotten. */
  end(): void {
    this.#stopWatching();
    this.#store();
    this.#platform.session.forget(this.#key);
  }

  /** What to call somebody: the name that came with their address, unless somebody else is known by it. */
  nameOf({ uri, name }: Identity): string {
    const key = sameAddress(uri);
    const shown = shownName(name);
    if (shown === '' || this.#isTaken(shown, key)) return this.#kept.value.get(key)?.name ?? this.#short(key);
    return shown;
  }

  find(uri: string): Contact | null {
    const key = sameAddress(uri);
    return this.list.value.find((each) => each.uri === key) ?? null;
  }

  /** Makes sure that they are in the list. */
  add(who: Identity): void {
    const name = this.nameOf(who);
    const known = this.#kept.peek().has(sameAddress(who.uri));
    this.#change(who.uri, (kept) => ({ ...kept, name }));
    if (!known) this.#takeBackNames();
  }

  remove(uri: string): void {
    const kept = new Map(this.#kept.peek());
    kept.delete(sameAddress(uri));
    this.#keep(kept);
  }

  /** Users of our own host who are registered. */
  see(online: readonly string[] | null): void {
    const host = this.#own.slice(this.#own.lastIndexOf('@'));
    const now = online?.map((user) => sameAddress(`sip:${user}${host}`)) ?? null;
    if (JSON.stringify(now) === JSON.stringify(this.#online.peek())) return;
    this.#online.value = now;
    this.#takeBackNames();
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

  #short(uri: string): string {
    return shortAddress(uri, this.#own);
  }

  /** Whether it's the name or the address of somebody else, or looks like it. */
  #isTaken(name: string, key: string): boolean {
    const others = [...this.#kept.peek().values()].filter(({ uri }) => uri !== key);
    return others.some((other) => alike(name, other.name)) || this.#isAddress(name, key);
  }

  #isAddress(name: string, key: string): boolean {
    const known = [...this.#kept.peek().keys(), ...(this.#online.peek() ?? []), sameAddress(this.#own)];
    return known.some((uri) => uri !== key && alike(name, this.#short(uri)));
  }

  /** Nobody keeps a name that is the address of somebody who has come since. */
  #takeBackNames(): void {
    for (const { uri, name } of this.#kept.peek().values()) {
      const own = this.#short(uri);
      if (name !== own && this.#isAddress(name, uri)) this.#change(uri, (kept) => ({ ...kept, name: own }));
    }
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
    const before = kept.get(key) ?? { uri: key, name: this.#short(key), entries: [], unread: 0 };
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
    this.#cancelStoring ??= this.#platform.after(stored, () => this.#store());
  }

  #store(): void {
    if (this.#cancelStoring === null) return;
    this.#cancelStoring();
    this.#cancelStoring = null;
    const all = [...this.#kept.peek().values()];
    const calls = all.map((each) => ({
      ...each,
      entries: each.entries.filter(({ kind }) => kind === 'call').slice(-5),
    }));
    this.#platform.memory.set(this.#key, JSON.stringify(calls));
    const recent = all.map((each) => ({ ...each, entries: each.entries.slice(-most.reload) }));
    this.#platform.session.set(this.#key, JSON.stringify(recent));
  }

  #read(): void {
    try {
      const all = JSON.parse(
        this.#platform.session.get(this.#key) ?? this.#platform.memory.get(this.#key) ?? '[]',
      ) as Kept[];
      this.#entries = Math.max(0, ...all.flatMap(({ entries }) => entries.map(({ id }) => id)));
      this.#kept.value = new Map(all.map((kept) => [kept.uri, kept]));
    } catch {
      this.#platform.memory.forget(this.#key); // of another version, or somebody has changed it
      this.#platform.session.forget(this.#key);
    }
  }
}
