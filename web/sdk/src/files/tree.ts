import { safeName } from './names.ts';

/** Most files in a folder that is offered. */
export const FOLDER_FILES_MAX = 1000;

/** Bytes of a path in UTF-8; a longer one is refused, not truncated. */
const PATH_BYTES_MAX = 1024;

/** Nested folders, plus the file. */
const DEPTH_MAX = 32;

/** Bytes of the list as JSON, so that an offer fits into one message in every browser. */
const LIST_BYTES_MAX = 192 * 1024;

/** A file in a folder. */
export interface FileEntry {
  /** Path below the folder, separated by `/`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** A folder to be offered. */
export interface PackedFolder {
  /** The bytes of all files, one after the other. */
  readonly file: File;
  /** Path and size of each, in the same order. */
  readonly entries: readonly FileEntry[];
}

/**
 * Makes a folder of these files for `peer.sendFile(file, { entries })`, without copying them. null if there are none,
 * or too many for an offer: more than {@link FOLDER_FILES_MAX}, or 192 KiB of paths.
 */
export function folderOf(
  name: string,
  files: readonly { readonly path: string; readonly file: File }[],
): PackedFolder | null {
  // Sorted, whatever order the browser lists them in: the same folder chosen again must be the same bytes.
  const sorted = [...files].sort((one, other) => (one.path < other.path ? -1 : 1));
  const entries = sorted.map(({ path, file }) => ({ path, size: file.size }));
  const bytes = new TextEncoder().encode(JSON.stringify(entries)).length;
  if (entries.length === 0 || entries.length > FOLDER_FILES_MAX || bytes > LIST_BYTES_MAX) return null;
  const parts = sorted.map(({ file }) => file);
  return { file: new File(parts, name), entries };
}

/** The entries of an offered folder of `size` bytes, safe to write below one folder, or the code of why not. */
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

/** Makes each part a safe name, with its leading dot. null for a path that is absolute or contains `..`. */
function safePath(path: unknown): string | null {
  if (typeof path !== 'string' || new TextEncoder().encode(path).length > PATH_BYTES_MAX) return null;
  const parts = path.split('/');
  if (parts.length > DEPTH_MAX || parts.some((part) => ['', '.', '..'].includes(part))) return null;
  return parts.map((part) => (part.startsWith('.') ? '.' : '') + safeName(part)).join('/');
}

/** Numbers files whose path collides with another file or folder on a case-insensitive disk. */
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
