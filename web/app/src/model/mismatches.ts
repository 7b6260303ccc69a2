import { signal } from '@preact/signals';
import type { Memory } from '../platform/platform';
import { alike } from './look-alike';

/** People whose emoji didn't match are remembered; the earliest one is forgotten first. */
const most = 50;

/** `identity` is null for somebody who shows no long-term key. */
interface Mismatch {
  readonly identity: string | null;
  readonly name: string;
}

/** The people of this call of whom you said that their emoji don't match. Kept over a reload, until the call is over. */
export class Mismatches {
  readonly #memory: Memory;
  readonly #key: string;
  readonly #all;

  constructor(memory: Memory, room: string) {
    this.#memory = memory;
    this.#key = keyOf(room);
    this.#all = signal(parse(memory.get(this.#key)));
  }

  /** By the long-term keys if both are known, otherwise by name: leaving out the key doesn't take the warning away. */
  has(identity: string | null, name: string): boolean {
    return this.#all.value.some((one) => isSame(one, { identity, name }));
  }

  add(identity: string | null, name: string): void {
    this.#keep([...this.#without(identity, name), { identity, name }]);
  }

  remove(identity: string | null, name: string): void {
    this.#keep(this.#without(identity, name));
  }

  #without(identity: string | null, name: string): readonly Mismatch[] {
    return this.#all.peek().filter((one) => !isSame(one, { identity, name }));
  }

  #keep(all: readonly Mismatch[]): void {
    this.#all.value = all.slice(-most);
    this.#memory.set(this.#key, JSON.stringify(this.#all.peek()));
  }
}

/** The call is over. */
export function forgetMismatches(memory: Memory, room: string): void {
  memory.forget(keyOf(room));
}

function keyOf(room: string): string {
  return `eyeline:mismatches:${room}`;
}

function isSame(one: Mismatch, other: Mismatch): boolean {
  if (one.identity !== null && other.identity !== null) return one.identity === other.identity;
  return alike(one.name, other.name);
}

function parse(kept: string | null): readonly Mismatch[] {
  try {
    const all: unknown = JSON.parse(kept ?? '[]');
    return Array.isArray(all) ? all.filter(isMismatch).slice(-most) : [];
  } catch {
    return [];
  }
}

function isMismatch(value: unknown): value is Mismatch {
  return (
    typeof value === 'object' &&
    value !== null &&
    'identity' in value &&
    (value.identity === null || typeof value.identity === 'string') &&
    'name' in value &&
    typeof value.name === 'string'
  );
}
