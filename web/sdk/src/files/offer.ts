import { safeName } from './names.ts';
import { type FileEntry, readEntries } from './tree.ts';

/** Bytes of a chunk; the last one of a file may be shorter. */
export const CHUNK_BYTES = 256 * 1024;

/** Chunks from the first one that the receiver has not stored which may be under way: bounds the memory of both sides. */
export const WINDOW_CHUNKS = 16;

/** Transfers with one person that are not over, in each direction; the next offer is refused with `too-many`. */
export const TRANSFERS_MAX = 64;

/** Bytes of the largest file: 1 TiB. */
export const FILE_BYTES_MAX = 2 ** 40;

/** Bytes of a name in an offer; a longer one is refused, not cut. */
const OFFERED_NAME_BYTES_MAX = 1024;

/** Characters of a preview; a longer one is left out. */
export const PREVIEW_CHARACTERS_MAX = 16 * 1024;

/** What somebody wants to send. */
export interface FileOffer {
  readonly id: string;
  /** Safe to save under: no path, no control or direction characters, no device name. */
  readonly name: string;
  readonly size: number;
  /** A small picture of it, as the base64 of a JPEG; empty if there is none. */
  readonly preview: string;
  /** Of a folder, its files in the order of their bytes; their paths are as safe as `name`, and differ. */
  readonly entries?: readonly FileEntry[];
  /** The same for everybody who gets this file, so that they pass it on to each other; who knows it is given chunks. */
  readonly share?: string;
}

/** An offer before anybody has looked at it. */
export type UncheckedOffer = { readonly [Part in keyof FileOffer]?: unknown };

/** An offer as the other side may read it, or the code of why not. */
export function readOffer({
  id,
  name,
  size,
  preview,
  entries,
  share,
}: UncheckedOffer): FileOffer | 'bad-id' | 'bad-name' | 'bad-size' | 'bad-list' | 'bad-path' {
  if (!isId(id) || !(share === undefined || isId(share))) return 'bad-id';
  if (typeof name !== 'string' || new TextEncoder().encode(name).length > OFFERED_NAME_BYTES_MAX) return 'bad-name';
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > FILE_BYTES_MAX) return 'bad-size';
  const offer: FileOffer = {
    id,
    name: safeName(name),
    size,
    preview: isPreview(preview) ? preview : '',
    ...(share === undefined ? {} : { share }),
  };
  if (entries === undefined) return offer;
  const read = readEntries(entries, size);
  return typeof read === 'string' ? read : { ...offer, entries: read };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value);
}

/** `/9j/` is how every JPEG begins in base64. */
function isPreview(preview: unknown): preview is string {
  return typeof preview === 'string' && preview.length <= PREVIEW_CHARACTERS_MAX && /^\/9j\/[\w+/]+=*$/.test(preview);
}

export function chunkCount(size: number): number {
  return Math.ceil(size / CHUNK_BYTES);
}

/** Bytes that chunk `index` of a file of that size has. */
export function chunkBytes(size: number, index: number): number {
  return Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES);
}
