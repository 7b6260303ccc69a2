import { resumable, type StoredChunks } from '@eyeline/sdk';
import type { FileStorage, Platform, RoomForFile } from '../../platform/platform';
import { listKeys } from './forget-transfers';
import { hasMembers, ReloadList } from './reload-list';
import { type Incoming, isOver } from './transfer';

/**
 * Seconds between two downloads. Chromium lets a page start ten in a second, and drops the others without an error.
 */
const secondsBetweenDownloads = 0.2;

/** An offer that the person accepted, as remembered after a reload. */
interface AcceptedFile {
  readonly id: string;
  /** Id of the sender. */
  readonly from: string;
  readonly name: string;
  readonly size: number;
  /** How many files are in the folder; 0 for a file. */
  readonly files: number;
}

/** Receives files: where they are stored, how they are saved, and when their bytes are deleted. */
export class ReceivedFiles {
  readonly #platform: Platform;
  readonly #storage: FileStorage;
  readonly #list: ReloadList<AcceptedFile>;
  readonly #ready: Promise<void>;
  #accepted: readonly AcceptedFile[] = [];
  #left = false;
  readonly #all = new Set<Incoming>();
  #where: RoomForFile['where'] = 'disk';
  readonly #saving = new Set<Promise<void>>();
  /** Downloads are given to the browser one at a time. */
  #downloads: Promise<void> = Promise.resolve();

  constructor(platform: Platform, room: string) {
    this.#platform = platform;
    this.#storage = platform.storage;
    this.#list = new ReloadList(platform, listKeys.receiving(room), isAccepted);
    this.#ready = this.#list.earlier.then((earlier) => this.#remember([...earlier, ...this.#accepted]));
    // Fails if the server is away right now; the first use of the storage tries again.
    void this.#storage.prepare().catch(() => undefined);
  }

  /** What is stored of a file that the person accepted before, from the same person; null if they have to be asked. */
  async find(one: Incoming): Promise<Blob | null> {
    await this.#ready;
    const offer = offerOf(one);
    const known = this.#accepted.some((each) => JSON.stringify(each) === JSON.stringify(offer));
    return known ? this.#storage.find(one.key).catch(() => null) : null;
  }

  /** Continues a file of which a part is stored. */
  async resume(one: Incoming, found: Blob): Promise<void> {
    const kept = await resumable(found).catch(() => null); // then it is sent again from the start
    await this.#store(one, kept).catch(() => {
      this.#all.delete(one);
      one.problem.value = 'disk';
    });
  }

  /**
   * Receives into the browser's own storage if there is space, so that a reload can resume; otherwise into a picked
   * file. If there is no space at all, the sender is told.
   */
  async take(one: Incoming): Promise<void> {
    if (this.#all.has(one)) return; // accepted twice
    one.problem.value = null;
    this.#all.add(one);
    try {
      if (await this.#makeRoom(one)) await this.#store(one, null);
      else if (!(await this.#pick(one))) {
        if (this.#where === 'memory') one.problem.value = 'memory';
        one.decline('no-room');
      }
    } catch {
      one.problem.value = 'disk';
    }
    if (one.asksUs) this.#all.delete(one);
  }

  /** Lets the person choose where to put a folder, if the browser has a folder picker; false if they cancel. */
  async choosePlace(one: Incoming): Promise<boolean> {
    if (this.#storage.pickFolder === null) return true;
    one.place = await this.#storage.pickFolder().catch(() => null);
    return one.place !== null;
  }

  /**
   * Saves a finished transfer. A folder is written where the person chose, or as an archive if there is no folder
   * picker.
   */
  async save(one: Incoming): Promise<void> {
    const saving = this.#save(one);
    this.#saving.add(saving);
    await saving;
    this.#saving.delete(saving);
  }

  /** Deletes what is stored of it. */
  delete(one: Incoming): void {
    const wasStored = this.#all.delete(one) && one.stored.peek();
    one.stored.value = false;
    if ([...this.#all].some(({ key }) => key === one.key)) return; // the sender came back with it
    this.#remember(this.#accepted.filter(({ id, from }) => id !== one.id || from !== one.personId));
    if (wasStored) void this.#storage.remove(one.key).catch(() => undefined);
  }

  /** We left the call: deletes everything, after what is being saved. */
  async leave(): Promise<void> {
    this.#left = true;
    this.#list.forget();
    await Promise.all(this.#saving);
    for (const one of [...this.#all]) this.delete(one);
  }

  async #save(one: Incoming): Promise<void> {
    const { key, name, entries, place, size } = one;
    if (place === null && entries !== null && this.#storage.pickFolder !== null) return;
    one.problem.value = null;
    one.saving.value = 'runs';
    try {
      if (entries === null) await this.#inTurn(() => this.#storage.save(key, name, size));
      else if (place === null) await this.#inTurn(() => this.#storage.saveZip(key, name, entries));
      else await this.#storage.copy(key, await place.write(name, entries));
      one.saving.value = place === null ? 'handed' : 'done';
      if (place !== null) this.delete(one);
    } catch {
      one.saving.value = 'no';
      one.problem.value = entries === null ? 'lost' : 'unsaved';
    }
  }

  /** The space of files that were accepted and are not complete is taken already. */
  async #makeRoom(one: Incoming): Promise<boolean> {
    let bytes = one.size;
    for (const { progress, size, stored } of this.#all) {
      const now = progress.peek();
      if (stored.peek() && !isOver(now.state)) bytes += size - now.bytes;
    }
    one.stored.value = true; // from now on, so that files accepted together don't share the same space
    const { where, fits, removed } = await this.#storage.makeRoom(bytes);
    one.stored.value = fits;
    this.#where = where;
    for (const other of this.#all) if (removed.includes(other.key)) other.stored.value = false;
    return fits;
  }

  /** Receives into a file or folder that the person picks, if they do; false if the browser has no picker for it. */
  async #pick(one: Incoming): Promise<boolean> {
    const { entries, place, name } = one;
    if (entries !== null && place === null && this.#storage.pickFolder !== null) {
      one.problem.value = 'room';
      return true;
    }
    try {
      const to = entries === null ? await this.#storage.pick(name) : ((await place?.write(name, entries)) ?? null);
      if (to !== null) one.accept(to, null, null);
      return to !== null;
    } catch (error) {
      const cancelled = error instanceof DOMException && error.name === 'AbortError';
      one.problem.value = cancelled ? null : entries === null ? 'room' : 'unsaved';
      return true;
    }
  }

  async #store(one: Incoming, kept: StoredChunks | null): Promise<void> {
    this.#all.add(one);
    const to = await this.#storage.store(one.key, kept?.bytes ?? 0);
    one.stored.value = true;
    one.inMemory.value = this.#where === 'memory';
    this.#remember([...this.#accepted.filter(({ id }) => id !== one.id), offerOf(one)]);
    one.accept(to, kept, (start, bytes) => this.#storage.read(one.key, start, bytes));
  }

  async #inTurn(download: () => Promise<void>): Promise<void> {
    const turn = this.#downloads.then(download);
    this.#downloads = turn
      .catch(() => undefined)
      .then(() => new Promise((resolve) => void this.#platform.after(secondsBetweenDownloads, resolve)));
    await turn;
  }

  #remember(accepted: readonly AcceptedFile[]): void {
    this.#accepted = accepted;
    if (!this.#left) this.#list.set(accepted);
  }
}

function offerOf({ id, personId, name, size, entries }: Incoming): AcceptedFile {
  return { id, from: personId, name, size, files: entries?.length ?? 0 };
}

function isAccepted(value: unknown): value is AcceptedFile {
  return hasMembers(value, { id: 'string', from: 'string', name: 'string', size: 'number', files: 'number' });
}
