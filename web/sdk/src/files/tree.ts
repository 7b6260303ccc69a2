import { safeName } from './names.ts';

/** Files of a folder that is offered. */
export const FOLDER_FILES_MAX = 1000;

/** Bytes of a path as UTF-8; a longer one is refused, not cut. */
const PATH_BYTES_MAX = 1024;

/** Folders in each other, and the file. */
const DEPTH_MAX = 32;

/** Bytes of the list as JSON, such that an offer fits into one message of every browser. */
const LIST_BYTES_MAX = 192 * 1024;

/** A file of a folder. */
export interface FileEntry {
  /** Below the folder, its parts separated by `/`. */
  readonly path: string;
  readonly size: number;
}

/** A folder as it is offered: the bytes of its files, one after the other, and what they are. */
export interface PackedFolder {
  readonly file: File;
  readonly entries: readonly FileEntry[];
}

/**
 * A folder of these files, for `peer.offer(file, { entries })`; nothing is copied. null if there is none, or more than
 * an offer can hold: {@link FOLDER_FILES_MAX} files, or {@link LIST_BYTES_MAX} bytes of paths.
 */
export function folderOf(
  name: string,
  files: readonly { readonly path: string; readonly file: File }[],
): PackedFolder | null {
  // In an order that does not depend on the browser's: the same folder, chosen again, is the same bytes.
  const sorted = files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const entries = sorted.map(({ path, file }) => ({ path, size: file.size }));
  const bytes = new TextEncoder().encode(JSON.stringify(entries)).length;
  if (entries.length === 0 || entries.length > FOLDER_FILES_MAX || bytes > LIST_BYTES_MAX) return null;
  const parts = sorted.map(({ file }) => file);
  return { file: new File(parts, name), entries };
}

/** What an offered folder of `size` bytes holds, safe to write below one folder, or the code of why not. */
export function readEntries(value: unknown, size: number): readonly FileEntry[] | 'bad-list' | 'bad-path' | 'bad-size' {
  if (!Array.isArray(value) || value.length === 0 || value.length > FOLDER_FILES_MAX) return 'bad-list';
  const entries: FileEntry[] = [];
  let sum = 0;
  for (const one of value as readonly unknown[]) {
    if (typeof one !== 'object' || one === null) return 'bad-list';
    const { path, size: bytes } = one as { readonly path?: unknown; readonly size?: unknown };
    const safe = safePath(path);
    if (safe === null) return 'bad-path';
    if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) return 'bad-size';
    sum += bytes;
    entries.push({ path: safe, size: bytes });
  }
  return sum === size ? apart(entries) : 'bad-size';
}

/** Each part as safe as a name; a dot at its start stays. null for a path that is absolute or leads elsewhere. */
function safePath(path: unknown): string | null {
  if (typeof path !== 'string' || new TextEncoder().encode(path).length > PATH_BYTES_MAX) return null;
  const parts = path.split('/');
  if (parts.length > DEPTH_MAX || parts.some((part) => ['', '.', '..'].includes(part))) return null;
  return parts.map((part) => (part.startsWith('.') ? '.' : '') + safeName(part)).join('/');
}

/** Gives a number to a file that would lie on another one, or on a folder, where disks do not tell case apart. */
function apart(entries: readonly FileEntry[]): readonly FileEntry[] {
  const taken = new Set(entries.flatMap(({ path }) => foldersOf(path).map(folded)));
  const numbers = new Map<string, number>();
  return entries.map(({ path, size }) => {
    const first = folded(path);
    let free = path;
    while (taken.has(folded(free))) {
      const number = (numbers.get(first) ?? 1) + 1;
      numbers.set(first, number);
      free = numbered(path, number);
    }
    taken.add(folded(free));
    return { path: free, size };
  });
}

/** `a` and `a/b` of `a/b/c`. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function folded(path: string): string {
  return path.normalize('NFKD').toUpperCase().toLowerCase();
}

/** `deep/tea (2).txt` of `deep/tea.txt`. */
function numbered(path: string, number: number): string {
  const ending = /[^/.](\.[^/.]{1,10})$/.exec(path)?.[1] ?? '';
  return `${path.slice(0, path.length - ending.length)} (${number})${ending}`;
}
