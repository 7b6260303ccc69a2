import type { Folder } from './dropped-files';

/** The chosen folder, made from its files and their paths; null if it has no files. */
export function folderOfChosen(files: readonly File[]): Folder | null {
  const [first] = files;
  if (first === undefined) return null;
  const path = (file: File) => file.webkitRelativePath.split('/').slice(1).join('/');
  const [name = ''] = first.webkitRelativePath.split('/');
  return { name, files: files.map((file) => ({ path: path(file), file })) };
}
