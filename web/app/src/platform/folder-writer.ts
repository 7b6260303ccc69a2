import type { FileEntry } from '@eyeline/sdk';

/** Folders of the same name that may exist already. */
const numbersMost = 1000;

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Writes a stream, the bytes of these files one after the other, into a new folder of that name in `parent`. If it's
 * aborted or fails, the folder is removed again.
 */
export async function folderWriter(
  parent: FileSystemDirectoryHandle,
  name: string,
  entries: readonly FileEntry[],
): Promise<WritableStream<Bytes>> {
  return new WritableStream(new FolderWriter(parent, await newFolder(parent, name), entries));
}

class FolderWriter implements UnderlyingSink<Bytes> {
  readonly #parent: FileSystemDirectoryHandle;
  readonly #folder: FileSystemDirectoryHandle;
  readonly #entries: Iterator<FileEntry>;
  #file: FileSystemWritableFileStream | null = null;
  /** Bytes still to be written to the current file. */
  #left = 0;

  constructor(parent: FileSystemDirectoryHandle, folder: FileSystemDirectoryHandle, entries: readonly FileEntry[]) {
    this.#parent = parent;
    this.#folder = folder;
    this.#entries = entries.values();
  }

  async start(): Promise<void> {
    await this.#next().catch((error: unknown) => this.#fail(error));
  }

  async write(bytes: Bytes): Promise<void> {
    await this.#write(bytes).catch((error: unknown) => this.#fail(error));
  }

  async close(): Promise<void> {
    if (this.#file !== null) await this.#fail(new RangeError('fewer bytes than the files have'));
  }

  async abort(): Promise<void> {
    await this.#file?.abort().catch(() => undefined);
    await this.#parent.removeEntry(this.#folder.name, { recursive: true });
  }

  /** The browser doesn't call `abort` when a write fails, so we do. */
  async #fail(error: unknown): Promise<never> {
    await this.abort();
    throw error;
  }

  async #write(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + this.#left);
      if (piece.length === 0) throw new RangeError('more bytes than the files have');
      await this.#file?.write(piece);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#left === 0) await this.#next();
    }
  }

  /** Closes the current file and opens the next one that isn't empty. */
  async #next(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
    for (let next = this.#entries.next(); next.done !== true; next = this.#entries.next()) {
      const { path, size } = next.value;
      const file = await (await fileAt(this.#folder, path)).createWritable();
      if (size > 0) {
        this.#file = file;
        this.#left = size;
        return;
      }
      await file.close();
    }
  }
}

async function fileAt(folder: FileSystemDirectoryHandle, path: string): Promise<FileSystemFileHandle> {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  let inside = folder;
  for (const part of parts) inside = await inside.getDirectoryHandle(part, { create: true });
  return inside.getFileHandle(name, { create: true }).catch((error: unknown) => {
    // Browsers let no page write certain extensions, such as .lnk.
    if (error instanceof TypeError) return inside.getFileHandle(`${name}_`, { create: true });
    throw error;
  });
}

/** Existing folders are left alone: the name gets a number. */
async function newFolder(parent: FileSystemDirectoryHandle, name: string): Promise<FileSystemDirectoryHandle> {
  const names = new Set<string>();
  for await (const there of parent.keys()) names.add(there.toLowerCase());
  let free = name;
  for (let number = 2; names.has(free.toLowerCase()); number += 1) {
    if (number > numbersMost) throw new RangeError('too many folders of that name');
    free = `${name} (${number})`;
  }
  return parent.getDirectoryHandle(free, { create: true });
}
