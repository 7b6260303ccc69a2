/** How many files and folders may be dropped at once. */
export const mostDropped = 1000;

/** A folder with the files in it, at any depth. */
export interface Folder {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly file: File }[];
}

/** An entry below a folder, and its path from there. */
interface Below {
  readonly path: string;
  readonly entry: FileSystemEntry;
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
    const whole = one instanceof File ? one : await readFolder(one, left);
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

/**
 * Whether a paste is meant as files. Copied spreadsheet cells are text and a picture of them: in a text field the text
 * counts. A file manager adds at most the names or paths of the files as text.
 */
export function pastesFiles(data: Pick<DataTransfer, 'files' | 'getData'>, inTextField: boolean): boolean {
  const names = new Set([...data.files].map(({ name }) => name));
  if (names.size === 0) return false;
  const lines = data.getData('text/plain').split(/[\r\n]+/);
  return !inTextField || lines.every((line) => line === '' || names.has(lastPart(line)));
}

/** The file name in a path or a `file:` URL. */
function lastPart(path: string): string {
  const [name = ''] = path.trim().split(/[/\\]/).slice(-1);
  if (!path.startsWith('file:')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The chosen folder, made from its files and their paths; null if it has no files. */
export function folderOfChosen(files: readonly File[]): Folder | null {
  const [first] = files;
  if (first === undefined) return null;
  const path = (file: File) => file.webkitRelativePath.split('/').slice(1).join('/');
  const [name = ''] = first.webkitRelativePath.split('/');
  return { name, files: files.map((file) => ({ path: path(file), file })) };
}

/** Only folders are read as entries: a pasted file may have no entry. */
function folderIn(item: DataTransferItem): FileSystemDirectoryEntry | null {
  const entry = item.webkitGetAsEntry();
  return entry !== null && isFolder(entry) ? entry : null;
}

/** null if it holds more than `most` files and folders. Folders count too, because symbolic links can form a cycle. */
async function readFolder(folder: FileSystemDirectoryEntry, most: number): Promise<Folder | null> {
  const below: Below[] = await read(folder, '', most);
  const files: { path: string; file: File }[] = [];
  for (let seen = 0; seen < below.length; seen += 1) {
    if (below.length > most) return null;
    const { entry, path } = below[seen] as Below;
    if (isFolder(entry)) below.push(...(await read(entry, `${path}/`, most)));
    else if (isFile(entry)) files.push({ path, file: await open(entry) });
  }
  return below.length > most ? null : { name: folder.name, files };
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function open(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** Lists a folder, which browsers do in batches. Stops early if there are too many entries. */
async function read(folder: FileSystemDirectoryEntry, before: string, most: number): Promise<Below[]> {
  const reader = folder.createReader();
  const below: Below[] = [];
  while (below.length <= most) {
    const part = await new Promise<readonly FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) break;
    below.push(...part.map((entry) => ({ path: before + entry.name, entry })));
  }
  return below;
}
