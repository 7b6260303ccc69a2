import type { Platform } from '../../platform/platform';

/** A list in sessionStorage, by the page that stored it. */
interface Stored<T> {
  readonly page: string;
  readonly entries: readonly T[];
}

/**
 * A list that this page finds again after it is reloaded. A duplicated tab starts with a copy of it: the copy is ignored
 * as long as the page that stored it is open.
 */
export class ReloadList<T> {
  /** What this page stored before the reload. */
  readonly earlier: Promise<readonly T[]>;
  readonly #platform: Pick<Platform, 'session' | 'page' | 'storage'>;
  readonly #key: string;
  /** What is stored and not claimed yet. */
  #unclaimed: readonly Stored<T>[];

  constructor(
    platform: Pick<Platform, 'session' | 'page' | 'storage'>,
    key: string,
    isEntry: (value: unknown) => value is T,
  ) {
    this.#platform = platform;
    this.#key = key;
    this.#unclaimed = read(platform.session.get(key), isEntry);
    void this.#isClaimed(platform.page);
    this.earlier = this.#claim();
  }

  set(entries: readonly T[]): void {
    const stored: readonly Stored<T>[] = [...this.#unclaimed, { page: this.#platform.page, entries }];
    this.#platform.session.set(this.#key, JSON.stringify(stored));
  }

  forget(): void {
    this.#unclaimed = [];
    this.#platform.session.forget(this.#key);
  }

  /** Fails if the server is away and the code isn't loaded yet: then nothing is continued. */
  #isClaimed(page: string): Promise<boolean> {
    return this.#platform.storage.claimPage(page).catch(() => false);
  }

  async #claim(): Promise<readonly T[]> {
    const claimed: T[] = [];
    for (const { page, entries } of this.#unclaimed) {
      if (await this.#isClaimed(page)) claimed.push(...entries);
    }
    this.#unclaimed = [];
    return claimed;
  }
}

function read<T>(text: string | null, isEntry: (value: unknown) => value is T): readonly Stored<T>[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.flatMap((one) => readStored(one, isEntry) ?? []) : [];
  } catch {
    return [];
  }
}

function readStored<T>(value: unknown, isEntry: (value: unknown) => value is T): Stored<T> | null {
  if (typeof value !== 'object' || value === null) return null;
  const { page, entries } = value as { readonly page?: unknown; readonly entries?: unknown };
  return typeof page === 'string' && Array.isArray(entries) ? { page, entries: entries.filter(isEntry) } : null;
}

/** Whether the value has these members, each of that type. */
export function hasMembers(value: unknown, types: { readonly [name: string]: string }): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(types).every(([name, type]) => typeof (value as Record<string, unknown>)[name] === type);
}
