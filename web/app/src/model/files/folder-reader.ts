import { type Folder, isFolder } from './dropped-files';

/** An entry below a folder, and its path from there. */
interface Below {
  readonly path: string;
  readonly entry: FileSystemEntry;
}

/** null if it holds more than `most` files and folders. Folders count too, because symbolic links can form a cycle. */
export async function readFolder(folder: FileSystemDirectoryEntry, most: number): Promise<Folder | null> {
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
