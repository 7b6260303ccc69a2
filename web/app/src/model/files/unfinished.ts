import { signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { listKeys } from './forget-transfers';
import { hasMembers, ReloadList } from './reload-list';

/** A file that we were sending, as remembered after a reload. */
export interface UnfinishedFile {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly folder: boolean;
  /** Id of the recipient. */
  readonly to: string;
  /** The same id for everyone who gets it; empty if it's for one person. */
  readonly share: string;
}

/** What this page is sending, remembered over a reload. Without a file handle, the file has to be chosen again. */
export class Unfinished {
  /** Transfers of an earlier page that wait for their file. */
  readonly entries = signal<readonly UnfinishedFile[]>([]);
  /** Resolves when {@link entries} has them. */
  readonly ready: Promise<void>;
  readonly #list: ReloadList<UnfinishedFile>;
  #running: readonly UnfinishedFile[] = [];

  constructor(platform: Platform, room: string) {
    this.#list = new ReloadList(platform, listKeys.sending(room), isEntry);
    this.ready = this.#list.earlier.then((earlier) => {
      this.entries.value = earlier;
      this.#keep();
    });
  }

  /** Takes the entries that this file belongs to, for people who are here: they no longer wait. */
  take(file: File, folder: boolean, here: (id: string) => boolean): readonly UnfinishedFile[] {
    const matches = (one: UnfinishedFile) =>
      one.name === file.name && one.size === file.size && one.folder === folder && here(one.to);
    const taken = this.entries.peek().filter(matches);
    this.entries.value = this.entries.peek().filter((one) => !matches(one));
    return taken;
  }

  /** Takes that entry, if it still waits. */
  claim(id: string): UnfinishedFile | null {
    const entry = this.entries.peek().find((one) => one.id === id) ?? null;
    this.entries.value = this.entries.peek().filter((one) => one !== entry);
    return entry;
  }

  add(entry: UnfinishedFile): void {
    this.#running = [...this.#running, entry];
    this.#keep();
  }

  /** The transfer is over, or given up. */
  drop(id: string): void {
    this.#running = this.#running.filter((one) => one.id !== id);
    this.entries.value = this.entries.peek().filter((one) => one.id !== id);
    this.#keep();
  }

  /** Gives all of them up, and returns their ids. */
  forget(): readonly string[] {
    this.#list.forget();
    return [...this.entries.peek(), ...this.#running].map(({ id }) => id);
  }

  #keep(): void {
    this.#list.set([...this.entries.peek(), ...this.#running]);
  }
}

function isEntry(value: unknown): value is UnfinishedFile {
  const types = { id: 'string', name: 'string', size: 'number', folder: 'boolean', to: 'string', share: 'string' };
  return hasMembers(value, types);
}
