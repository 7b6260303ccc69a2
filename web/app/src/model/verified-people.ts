import type { Memory } from '../platform/platform';
import { alike } from './look-alike';

const key = 'eyeline:verified';

/** People who are remembered; the one verified longest ago is forgotten first. */
const most = 200;

interface Acquaintance {
  readonly identity: string;
  readonly name: string;
}

/** The people this browser has verified, by the fingerprint of their long-term key. */
export class VerifiedPeople {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The name under which this key was verified; null if it was not. */
  nameOf(identity: string): string | null {
    return this.#all().find((one) => one.identity === identity)?.name ?? null;
  }

  /** Whether the name belongs to another key: somebody was verified under it, and not this one. */
  contradicts(identity: string, name: string): boolean {
    const known = this.nameOf(identity);
    if (known !== null && alike(known, name)) return false;
    return this.#all().some((one) => alike(one.name, name));
  }

  /** Forgets every other key that was verified under this name. */
  add(identity: string, name: string): void {
    this.#keep([
      ...this.#all().filter((one) => one.identity !== identity && !alike(one.name, name)),
      { identity, name },
    ]);
  }

  remove(identity: string): void {
    this.#keep(this.#all().filter((one) => one.identity !== identity));
  }

  #keep(all: readonly Acquaintance[]): void {
    this.#memory.set(key, JSON.stringify(all.slice(-most)));
  }

  #all(): readonly Acquaintance[] {
    try {
      const all: unknown = JSON.parse(this.#memory.get(key) ?? '[]');
      return Array.isArray(all) ? all.filter(isAcquaintance) : [];
    } catch {
      return [];
    }
  }
}

function isAcquaintance(value: unknown): value is Acquaintance {
  return (
    typeof value === 'object' &&
    value !== null &&
    'identity' in value &&
    typeof value.identity === 'string' &&
    'name' in value &&
    typeof value.name === 'string'
  );
}
