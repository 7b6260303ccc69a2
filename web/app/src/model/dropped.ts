/** Files and folders in what is dropped at once. */
export const mostDropped = 1000;

/** A file, or a folder as the browser shows it to us. */
type Found = File | FileSystemEntry;

/**
 * The files that were dropped or pasted, also those in folders, at any depth; null if it is more than
 * {@link mostDropped}. `take` gives the file of an item that is none of a folder. Rejects if a folder can't be read. To be called while the event runs: the list is empty later.
 */
export async function filesIn(
  items: DataTransferItemList,
  take: (item: DataTransferItem) => File | null,
): Promise<readonly File[] | null> {
  const waiting: Found[] = [...items].flatMap((item) => found(item, take) ?? []);
  const files: File[] = [];
  // Folders count too: links on the disk can make a ring of them.
  for (let seen = 0; seen < waiting.length; seen += 1) {
    if (waiting.length > mostDropped) return null;
    const one = waiting[seen];
    if (one instanceof File) files.push(one);
    else if (one !== undefined && isFolder(one)) await read(one, waiting);
    else if (one !== undefined && isFile(one)) files.push(await open(one));
  }
  return files;
}

/** Only a folder is looked at as an entry: not every file that is pasted is one. */
function found(item: DataTransferItem, take: (item: DataTransferItem) => File | null): Found | null {
  const entry = item.webkitGetAsEntry();
  return entry !== null && isFolder(entry) ? entry : take(item);
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

/** Appends what the folder holds, which browsers tell in parts; a folder of a million is not read to its end. */
async function read(folder: FileSystemDirectoryEntry, into: Found[]): Promise<void> {
  const reader = folder.createReader();
  while (into.length <= mostDropped) {
    const part = await new Promise<readonly FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return;
    into.push(...part);
  }
}
