import { diskStore } from './disk-store';
import { folderWriter } from './folder-writer';
import { memoryStore } from './memory-store';
import { claimPage } from './page-claim';
import type { ChosenFolder, FileStorage } from './platform';
import { readingTime } from './reading-time';
import { zip } from './zip';

interface PickingWindow {
  showDirectoryPicker?: (options: { mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>;
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
}

/** Where the bytes of received files are: on the disk, or in memory if the browser blocks that. */
export interface ReceivedStore {
  /** The bytes, in order; rejects if there are none. */
  parts(key: string): Promise<readonly Blob[]>;
  /** As `parts`, but only what a transfer can continue after. */
  resumableParts(key: string): Promise<readonly Blob[]>;
  makeRoom: FileStorage['makeRoom'];
  store: FileStorage['store'];
  read: FileStorage['read'];
  /** Notes that the browser was given a download of it. */
  handed(key: string): Promise<void>;
  remove: FileStorage['remove'];
}

type Storage = Omit<FileStorage, 'prepare' | 'pickFolder'> & { readonly pickFolder: () => Promise<ChosenFolder> };

/** Storage for received files. */
export function storage(open: () => Promise<ReceivedStore> = diskStore): Storage {
  let ready: Promise<ReceivedStore> | undefined;
  const store = () => {
    ready ??= open().catch(() => memoryStore());
    return ready;
  };
  /** Rejects if a part is missing or was cut short: then it must not be saved as if it were the file. */
  const whole = async (key: string, bytes: number): Promise<Blob> => {
    const blob = new Blob([...(await (await store()).parts(key))]);
    if (blob.size !== bytes) throw new RangeError('not all of it is stored');
    return blob;
  };
  return {
    find: async (key) => new Blob([...(await (await store()).resumableParts(key))]),
    makeRoom: async (bytes) => (await store()).makeRoom(bytes),
    store: async (key, kept) => (await store()).store(key, kept),
    read: async (key, start, bytes) => (await store()).read(key, start, bytes),
    remove: async (key) => (await store()).remove(key),
    async pick(name) {
      const picking: PickingWindow = window as PickingWindow;
      const handle = await picking.showSaveFilePicker?.({ suggestedName: name });
      return (await handle?.createWritable()) ?? null;
    },
    pickFolder,
    claimPage,
    async save(key, name, bytes) {
      download(await whole(key, bytes), name);
      await (await store()).handed(key);
    },
    async saveZip(key, name, entries) {
      const all = await whole(
        key,
        entries.reduce((sum, { size }) => sum + size, 0),
      );
      let start = 0;
      const members = entries.map(({ path, size }) => {
        start += size;
        return { path: `${name}/${path}`, bytes: all.slice(start - size, start) };
      });
      download(await zip(members, new Date()), `${name}.zip`);
      await (await store()).handed(key);
    },
    async copy(key, to) {
      await new Blob([...(await (await store()).parts(key))]).stream().pipeTo(to);
    },
  };
}

async function pickFolder(): Promise<ChosenFolder> {
  const parent = await (window as PickingWindow).showDirectoryPicker?.({ mode: 'readwrite' });
  if (parent === undefined) throw new Error('no way to choose a folder');
  return { write: (name, entries) => folderWriter(parent, name, entries) };
}

/** Always as a binary file, whatever the name says: a received file must never open as a page. */
function download(bytes: Blob, name: string): void {
  const url = URL.createObjectURL(new File([bytes], name, { type: 'application/octet-stream' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), readingTime(bytes.size));
}
