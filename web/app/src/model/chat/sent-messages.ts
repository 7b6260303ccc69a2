import type * as sdk from '@eyeline/sdk';
import type { Memory } from '../../platform/platform';

/** How many messages are kept. */
const most = 1000;

/**
 * Our own messages, kept in this tab over a reload. Peers aren't asked for them, so nobody can put words in our mouth. A
 * duplicated tab starts with a copy of the other one's: it's ignored while that one is in the room.
 */
export class SentMessages {
  readonly #memory: Memory;
  readonly #room: string;
  readonly #places = new Map<string, number>();
  #count = 0;

  constructor(memory: Memory, { name, me, peers }: Pick<sdk.Room, 'name' | 'me' | 'peers'>) {
    this.#memory = memory;
    this.#room = name;
    const owner = memory.get(ownerKey(name));
    if (peers.current.some(({ id }) => id === owner)) forgetSent(memory, name);
    memory.set(ownerKey(name), me.id);
  }

  /** The messages that the page sent before the reload. */
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

  /** Stores a new or changed message. The oldest ones are overwritten. */
  keep({ key, id, author, name, clock, at, revision, text, reply, to }: sdk.ChatLine): void {
    const place = this.#places.get(key) ?? this.#count++ % most;
    this.#places.set(key, place);
    const said = { id, author, name, clock, at, revision, text, reply, to };
    this.#memory.set(this.#at(place), JSON.stringify(said));
  }

  #at(place: number): string {
    return placeKey(this.#room, place);
  }
}

/** Deletes what is kept of a room: the call is over. */
export function forgetSent(memory: Memory, room: string): void {
  for (let place = 0; memory.get(placeKey(room, place)) !== null; place += 1) memory.forget(placeKey(room, place));
  memory.forget(ownerKey(room));
}

/** Where the id is kept under which they were sent. */
function ownerKey(room: string): string {
  return `eyeline:said:${room}`;
}

function placeKey(room: string, place: number): string {
  return `${ownerKey(room)}:${place}`;
}

function parse(text: string | null): { readonly author?: unknown; readonly id?: unknown } | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
