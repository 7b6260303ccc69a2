import { folderWriter } from './folder-writer';
import type { ChosenFolder, FileStorage } from './platform';
import { zip } from './zip';

/** A file is stored in parts of this size: only parts that were closed are there for a later page. */
const partBytes = 8 * 1024 * 1024; // a multiple of the SDK's chunk size, so that no chunk spans two parts

/** Bytes per write: smaller writes are slower. Divides the size of a part. */
const writeBytes = 2 * 1024 * 1024;

/** Hours after which a transfer that nobody came back for is deleted. */
const hoursKept = 24;

interface PickingWindow {
  showDirectoryPicker?: (options: { mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>;
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
}

/** Received files in the origin private file system (OPFS): one folder per transfer, named by its id. */
export function storage(): Omit<FileStorage, 'prepare' | 'pickFolder'> & {
  readonly pickFolder: () => Promise<ChosenFolder>;
} {
  let ready: Promise<FileSystemDirectoryHandle> | undefined;
  const root = () => {
    ready ??= open();
    return ready;
  };
  const folder = async (id: string, create = false) => (await root()).getDirectoryHandle(id, { create });
  return {
    async find(id) {
      const parts = (await partsOf(await folder(id))).filter((part) => part.size === partBytes);
      return new Blob(parts);
    },
    async hasRoom(bytes) {
      const { quota = 0, usage = 0 } = await navigator.storage.estimate();
      return bytes < (quota - usage) * 0.8;
    },
    async store(id, kept) {
      return new WritableStream(
        new Parts(await folder(id, true), kept / partBytes, async () => remove(await root(), id)),
      );
    },
    async read(id, start, bytes) {
      const part = await (await folder(id)).getFileHandle(partName(Math.floor(start / partBytes)));
      const from = start % partBytes;
      // The browser shows nothing of a part that is still being written.
      return new Uint8Array(await (await part.getFile()).slice(from, from + bytes).arrayBuffer());
    },
    async pick(name) {
      const picking: PickingWindow = window as PickingWindow;
      const handle = await picking.showSaveFilePicker?.({ suggestedName: name });
      return (await handle?.createWritable()) ?? null;
    },
    pickFolder,
    async save(id, name) {
      download(await partsOf(await folder(id)), name);
    },
    async saveZip(id, name, entries) {
      const whole = new Blob(await partsOf(await folder(id)));
      let start = 0;
      const members = entries.map(({ path, size }) => {
        start += size;
        return { path: `${name}/${path}`, bytes: whole.slice(start - size, start) };
      });
      download([await zip(members, new Date())], `${name}.zip`);
    },
    async copy(id, to) {
      await new Blob(await partsOf(await folder(id))).stream().pipeTo(to);
    },
  };
}

async function pickFolder(): Promise<ChosenFolder> {
  const parent = await (window as PickingWindow).showDirectoryPicker?.({ mode: 'readwrite' });
  if (parent === undefined) throw new Error('no way to choose a folder');
  return { write: (name, entries) => folderWriter(parent, name, entries) };
}

/** Always as a binary file, whatever the name says: a received file must never open as a page. */
function download(parts: readonly Blob[], name: string): void {
  const url = URL.createObjectURL(new File([...parts], name, { type: 'application/octet-stream' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
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

async function partsOf(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const parts: File[] = [];
  for await (const [, handle] of folder.entries()) {
    if (handle instanceof FileSystemFileHandle) parts.push(await handle.getFile());
  }
  return parts.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The folder of all transfers, after deleting what is too old. */
async function open(): Promise<FileSystemDirectoryHandle> {
  const top = await navigator.storage.getDirectory();
  const root = await top.getDirectoryHandle('received', { create: true });
  for await (const [id, handle] of root.entries()) {
    if (!(handle instanceof FileSystemDirectoryHandle)) continue;
    const newest = Math.max(0, ...(await partsOf(handle)).map((part) => part.lastModified));
    if (newest < Date.now() - hoursKept * 3_600_000) await remove(root, id);
  }
  return root;
}

async function remove(root: FileSystemDirectoryHandle, id: string): Promise<void> {
  await root.removeEntry(id, { recursive: true }).catch(() => undefined); // another page has it open
}
