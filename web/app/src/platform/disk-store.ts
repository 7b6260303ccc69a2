import { readingTime } from './reading-time';
import type { ReceivedStore } from './storage';

/** A file is stored in parts of this size: only parts that were closed are there for a later page. */
const partBytes = 8 * 1024 * 1024; // a multiple of the SDK's chunk size, so that no chunk spans two parts

/** Bytes per write: smaller writes are slower. Divides the size of a part. */
const writeBytes = 2 * 1024 * 1024;

/** Hours after which a transfer that nobody came back for is deleted. */
const hoursKept = 24;

/** Hours after which a file that was handed to the browser is deleted, if its page hasn't done so. */
const hoursHanded = 1;

/** Name of the empty file that marks a folder whose file was handed to the browser. */
const mark = 'handed';

/** Part of the free space that may be used. */
const usable = 0.8;

/** Seconds to try again to delete a folder while something in it is still open. */
const removalSeconds = 10;

/** A folder whose file was handed to the browser. */
interface Handed {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly bytes: number;
}

/**
 * Received files in the origin private file system (OPFS): one folder per transfer, named by its key. Rejects if the
 * browser doesn't allow it.
 */
export async function diskStore(): Promise<ReceivedStore> {
  const root = await open();
  const folder = (key: string, create = false) => root.getDirectoryHandle(key, { create });
  return {
    parts: async (key) => partsOf(await folder(key)),
    resumableParts: async (key) => (await partsOf(await folder(key))).filter((part) => part.size === partBytes),
    async makeRoom(bytes) {
      const { quota = 0, usage = 0 } = await navigator.storage.estimate();
      let free = (quota - usage) * usable;
      const removed: string[] = [];
      for (const { key, at, bytes: freed } of free > bytes ? [] : await handedIn(root)) {
        if (free > bytes) break;
        if (Date.now() < at + readingTime(freed) || !(await remove(root, key))) continue;
        removed.push(key);
        free += freed * usable;
      }
      return { where: 'disk', fits: free > bytes, removed };
    },
    async store(key, kept) {
      return new WritableStream(
        new Parts(await folder(key, true), kept / partBytes, async () => void (await remove(root, key))),
      );
    },
    async read(key, start, bytes) {
      const part = await (await folder(key)).getFileHandle(partName(Math.floor(start / partBytes)));
      const from = start % partBytes;
      // The browser shows nothing of a part that is still being written.
      return new Uint8Array(await (await part.getFile()).slice(from, from + bytes).arrayBuffer());
    },
    async handed(key) {
      const marked = await (await folder(key)).getFileHandle(mark, { create: true });
      await (await marked.createWritable()).close(); // sets its time
    },
    async remove(key) {
      const handed = (await handedIn(root)).find((one) => one.key === key);
      const wait = handed === undefined ? 0 : handed.at + readingTime(handed.bytes) - Date.now();
      removeSoon(root, key, Math.max(0, wait));
    },
  };
}

/** Writes a stream as parts, starting with part `next`. */
class Parts implements UnderlyingSink<Uint8Array<ArrayBuffer>> {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #remove: () => Promise<void>;
  #next: number;
  #part: FileSystemWritableFileStream | null = null;
  /** The previous part while it is being closed, which takes the browser some time. */
  #ending: Promise<void> = Promise.resolve();
  #written = 0;
  readonly #waiting = new Uint8Array(writeBytes);
  #filled = 0;

  constructor(folder: FileSystemDirectoryHandle, next: number, remove: () => Promise<void>) {
    this.#folder = folder;
    this.#next = next;
    this.#remove = remove;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#write(bytes).catch((error: unknown) => this.#fail(error));
  }

  async close(): Promise<void> {
    await this.#close().catch((error: unknown) => this.#fail(error));
  }

  /** What is stored stays: the sender may come back and continue. */
  async abort(code: unknown): Promise<void> {
    await this.#part?.abort().catch(() => undefined);
    await this.#ending.catch(() => undefined);
    if (code !== 'gone') await this.#remove();
  }

  /** The browser doesn't call `abort` when a write fails, for example on a full disk, so we do. */
  async #fail(error: unknown): Promise<never> {
    await this.abort(error);
    throw error;
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + writeBytes - this.#filled);
      this.#waiting.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === writeBytes) await this.#flush();
    }
  }

  async #close(): Promise<void> {
    if (this.#filled > 0) await this.#flush();
    await this.#end();
    await this.#ending;
  }

  async #flush(): Promise<void> {
    this.#part ??= await this.#begin();
    await this.#part.write(this.#waiting.subarray(0, this.#filled));
    this.#written += this.#filled;
    this.#filled = 0;
    if (this.#written === partBytes) await this.#end();
  }

  async #end(): Promise<void> {
    await this.#ending;
    this.#ending = this.#part?.close() ?? Promise.resolve();
    this.#ending.catch(() => undefined); // the next one to await it gets the error
    this.#part = null;
  }

  async #begin(): Promise<FileSystemWritableFileStream> {
    const handle = await this.#folder.getFileHandle(partName(this.#next), { create: true });
    this.#next += 1;
    this.#written = 0;
    return await handle.createWritable();
  }
}

/** Names that sort in the order of the parts. */
function partName(index: number): string {
  return String(index).padStart(8, '0');
}

/** The parts in their order, without the mark. */
async function partsOf(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const parts: File[] = [];
  for await (const [name, handle] of folder.entries()) {
    if (name !== mark && handle.kind === 'file') parts.push(await (handle as FileSystemFileHandle).getFile());
  }
  return parts.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** What was handed to the browser, oldest first. */
async function handedIn(root: FileSystemDirectoryHandle): Promise<readonly Handed[]> {
  const all: Handed[] = [];
  for await (const [key, folder] of root.entries()) {
    if (folder.kind !== 'directory') continue;
    const inside = folder as FileSystemDirectoryHandle;
    const marked = await inside.getFileHandle(mark).catch(() => null);
    if (marked === null) continue;
    const bytes = (await partsOf(inside)).reduce((sum, { size }) => sum + size, 0);
    all.push({ key, at: (await marked.getFile()).lastModified, bytes });
  }
  return all.sort((one, other) => one.at - other.at);
}

/** The folder of all transfers, after deleting what is too old. */
async function open(): Promise<FileSystemDirectoryHandle> {
  const top = await navigator.storage.getDirectory();
  const root = await top.getDirectoryHandle('received', { create: true });
  if (!('createWritable' in FileSystemFileHandle.prototype))
    throw new Error('this browser can only store files in a worker');
  for (const { key, at } of await handedIn(root)) {
    if (at < Date.now() - hoursHanded * 3_600_000) await remove(root, key);
  }
  for await (const [key, handle] of root.entries()) {
    if (handle.kind !== 'directory') continue;
    const times = (await partsOf(handle as FileSystemDirectoryHandle)).map((part) => part.lastModified);
    if (Math.max(0, ...times) < Date.now() - hoursKept * 3_600_000) await remove(root, key);
  }
  return root;
}

/** false if something in it is open: in this page or in another one. */
async function remove(root: FileSystemDirectoryHandle, key: string): Promise<boolean> {
  return root.removeEntry(key, { recursive: true }).then(
    () => true,
    (error: unknown) => error instanceof DOMException && error.name === 'NotFoundError',
  );
}

/** Removes it after that many milliseconds, once nothing in it is open. */
function removeSoon(root: FileSystemDirectoryHandle, key: string, wait: number, left = removalSeconds): void {
  setTimeout(async () => {
    if (!(await remove(root, key)) && left > 0) removeSoon(root, key, 1000, left - 1);
  }, wait);
}
