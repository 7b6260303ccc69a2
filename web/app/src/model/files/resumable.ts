import { computed, signal } from '@preact/signals';
import type { FileHandles, StoredFileHandle } from '../../platform/platform';
import type { Unfinished, UnfinishedFile } from './unfinished';

/** Files of an earlier page whose handles the browser kept: they resume without being chosen again. */
export class ResumableFiles {
  /** Ids of transfers that resume once the person lets the browser read the file. */
  readonly asking = computed<ReadonlySet<string>>(() => {
    const waiting = this.#unfinished.entries.value;
    return new Set(waiting.map(({ id }) => id).filter((id) => this.#guarded.value.has(id)));
  });
  readonly #unfinished: Unfinished;
  readonly #fileHandles: FileHandles;
  readonly #guarded = signal<ReadonlySet<string>>(new Set());
  readonly #found: Promise<ReadonlyMap<string, StoredFileHandle>>;

  constructor(unfinished: Unfinished, fileHandles: FileHandles) {
    this.#unfinished = unfinished;
    this.#fileHandles = fileHandles;
    this.#found = unfinished.ready.then(() => this.#find(unfinished.entries.peek()));
  }

  /** The files among these entries that can be read now. For the others the person can be asked. */
  async readable(entries: readonly UnfinishedFile[]): Promise<readonly (readonly [UnfinishedFile, File])[]> {
    const found = await this.#found;
    const files: (readonly [UnfinishedFile, File])[] = [];
    for (const entry of entries) {
      const held = found.get(entry.id);
      if (held === undefined) continue;
      const granted = await held.granted();
      this.#guard(entry.id, !granted);
      const file = granted ? await held.file().catch(() => null) : null;
      if (file !== null) files.push([entry, file]);
    }
    return files;
  }

  /** Asks the person for permission to read them. Call it while a click runs. */
  async ask(): Promise<void> {
    const found = await this.#found;
    for (const id of this.asking.peek()) {
      const granted = await found
        .get(id)
        ?.ask()
        .catch(() => false);
      if (granted !== true) return;
    }
  }

  async #find(entries: readonly UnfinishedFile[]): Promise<ReadonlyMap<string, StoredFileHandle>> {
    const found = new Map<string, StoredFileHandle>();
    for (const { id } of entries) {
      const held = await this.#fileHandles.find(id).catch(() => null);
      if (held !== null) found.set(id, held);
    }
    return found;
  }

  #guard(id: string, guarded: boolean): void {
    if (this.#guarded.peek().has(id) === guarded) return;
    const others = [...this.#guarded.peek()].filter((one) => one !== id);
    this.#guarded.value = new Set(guarded ? [...others, id] : others);
  }
}
