import { lazy } from '../../platform/lazy';

const folderReader = lazy(() => import('./folder-reader'));

/** How many files and folders may be dropped at once. */
export const mostDropped = 1000;

/** A folder with the files in it, at any depth. */
export interface Folder {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly file: File }[];
}

/**
 * Reads what was dropped or pasted; null if it's more than {@link mostDropped} in all. `take` returns the file of an
 * item that isn't a folder. Rejects if a folder can't be read. Call it while the event runs: the list is empty later.
 */
export async function filesIn(
  items: DataTransferItemList,
  take: (item: DataTransferItem) => File | null,
): Promise<readonly (File | Folder)[] | null> {
  const found = [...items].flatMap((item) => folderIn(item) ?? take(item) ?? []);
  const all: (File | Folder)[] = [];
  let left = mostDropped - found.length;
  if (left < 0) return null;
  for (const one of found) {
    const whole = one instanceof File ? one : await (await folderReader()).readFolder(one, left);
    if (whole === null) return null;
    if (!(whole instanceof File)) left -= whole.files.length;
    all.push(whole);
  }
  return all;
}

/** What was dropped; null if it's too much. */
export type DroppedFiles = readonly (File | Folder)[] | 'unreadable' | null;

/** As {@link filesIn}, but resolves with 'unreadable' instead of rejecting. */
export function droppedFiles(
  items: DataTransferItemList,
  take: (item: DataTransferItem) => File | null,
): Promise<DroppedFiles> {
  return filesIn(items, take).catch(() => 'unreadable');
}

/** Only folders are read as entries: a pasted file may have no entry. */
function folderIn(item: DataTransferItem): FileSystemDirectoryEntry | null {
  const entry = item.webkitGetAsEntry();
  return entry !== null && isFolder(entry) ? entry : null;
}

export function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
