import { jpegSize } from './jpeg-size.ts';
import { safeName } from './names.ts';
import { type FileEntry, readEntries } from './tree.ts';

/** Bytes of a chunk; the last one of a file may be shorter. */
export const CHUNK_BYTES = 256 * 1024;

/** Window: chunks in flight, counted from the first that the receiver has not stored. Bounds both sides' memory. */
export const WINDOW_CHUNKS = 16;

/** Open transfers with one peer in each direction; the next offer is refused with `too-many`. */
export const TRANSFERS_MAX = 64;

/** Largest file, in bytes: 1 TiB. */
export const FILE_BYTES_MAX = 2 ** 40;

/** Bytes of a name in an offer; a longer one is refused, not truncated. */
const OFFERED_NAME_BYTES_MAX = 1024;

/** Pixels of a preview in each direction; a larger one is dropped. */
const PREVIEW_PIXELS_MAX = 512;

/** Characters of a preview; a longer one is dropped. */
export const PREVIEW_CHARACTERS_MAX = 16 * 1024;

/** A file or folder that is offered. */
export interface FileOffer {
  /** Identifies the transfer, over reloads too. A UUID by default. */
  readonly id: string;
  /** File name, safe to save under: no path, no control or direction characters, no device name. */
  readonly name: string;
  /** Bytes; at most 1 TiB. */
  readonly size: number;
  /** A small picture of it: a JPEG in base64, at most 512 by 512 pixels; empty if none. */
  readonly preview: string;
  /** For a folder: its files in the order of their bytes. The paths are safe like `name`, and distinct. */
  readonly entries?: readonly FileEntry[];
  /** The same for all receivers, who pass chunks on to each other; see `SendFileOptions.share`. */
  readonly share?: string;
}

/** An offer before it is validated. */
export type UncheckedOffer = { readonly [Part in keyof FileOffer]?: unknown };

/** Validates an offer, or returns the code of why it is refused. */
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

/** A small file can be a picture that takes a gigabyte to draw, so the size in its header counts. */
function isPreview(preview: unknown): preview is string {
  if (typeof preview !== 'string' || preview.length > PREVIEW_CHARACTERS_MAX) return false;
  if (preview.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(preview)) return false;
  const size = jpegSize(Uint8Array.from(atob(preview), (byte) => byte.charCodeAt(0)));
  return size !== null && isDrawable(size.width) && isDrawable(size.height);
}

function isDrawable(pixels: number): boolean {
  return pixels > 0 && pixels <= PREVIEW_PIXELS_MAX;
}

export function chunkCount(size: number): number {
  return Math.ceil(size / CHUNK_BYTES);
}

/** Bytes of chunk `index` of a file of that size. */
export function chunkBytes(size: number, index: number): number {
  return Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES);
}
