/** A file that goes into an archive. */
export interface ZipMember {
  readonly path: string;
  readonly bytes: Blob;
}

/** From this size on, a number goes into the field for large files (ZIP64). */
const LARGE = 0xffff_ffff;

/** Version of the format that a reader needs: 2.0, or 4.5 for ZIP64. */
const [PLAIN, ZIP64] = [20, 45] as const;

/** Flag: names are UTF-8. */
const FLAGS = 0x0800;

/** Bytes read at a time. */
const BLOCK_BYTES = 2 * 1024 * 1024;

/**
 * A ZIP archive of the members. They are read once, for their checksums, and not copied: the archive consists of the
 * blobs.
 */
export async function zip(members: readonly ZipMember[], at: Date): Promise<Blob> {
  const summed: Summed[] = [];
  for (const member of members) summed.push({ ...member, sum: await crc32(member.bytes) });
  return new Blob(archive(summed, at));
}

interface Summed extends ZipMember {
  /** CRC-32 of its bytes. */
  readonly sum: number;
}

/**
 * The parts, in order, of an uncompressed ZIP archive (APPNOTE 6.3.10). Uses ZIP64 where sizes or offsets exceed 4 GB.
 */
export function archive(members: readonly Summed[], at: Date): (Blob | Uint8Array<ArrayBuffer>)[] {
  const parts: (Blob | Uint8Array<ArrayBuffer>)[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { path, bytes, sum } of members) {
    const entry: Entry = { path, size: bytes.size, sum, time: dosTime(at), offset };
    const header = localHeader(entry);
    parts.push(header, bytes);
    directory.push(directoryHeader(entry));
    offset += header.length + bytes.size;
  }
  return [...parts, ...directory, ending(members.length, length(directory), offset)];
}

interface Entry {
  readonly path: string;
  readonly size: number;
  readonly sum: number;
  readonly time: number;
  /** Bytes before its header. */
  readonly offset: number;
}

function localHeader({ path, size, sum, time }: Entry): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  const large = size >= LARGE;
  const extra = large ? fields([2, 1], [2, 16], [8, size], [8, size]) : fields();
  const shown = large ? LARGE : size;
  const start = fields([4, 0x04034b50], [2, large ? ZIP64 : PLAIN], [2, FLAGS], [2, 0], [4, time], [4, sum]);
  return joined(start, fields([4, shown], [4, shown], [2, name.length], [2, extra.length]), name, extra);
}

function directoryHeader({ path, size, sum, time, offset }: Entry): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  const large = size >= LARGE || offset >= LARGE;
  const extra = large ? fields([2, 1], [2, 24], [8, size], [8, size], [8, offset]) : fields();
  const [shown, place] = large ? [LARGE, LARGE] : [size, offset];
  const version = large ? ZIP64 : PLAIN;
  const start = fields([4, 0x02014b50], [2, version], [2, version], [2, FLAGS], [2, 0], [4, time], [4, sum]);
  const sizes = fields([4, shown], [4, shown], [2, name.length], [2, extra.length]);
  // No comment, the first disk, no attributes.
  return joined(start, sizes, fields([2, 0], [2, 0], [2, 0], [4, 0], [4, place]), name, extra);
}

/** The end of the directory that begins at `offset`. */
function ending(count: number, bytes: number, offset: number): Uint8Array<ArrayBuffer> {
  const large = offset >= LARGE || bytes >= LARGE || count >= 0xffff;
  const [few, short, near] = large ? [0xffff, LARGE, LARGE] : [count, bytes, offset];
  const end = fields([4, 0x06054b50], [2, 0], [2, 0], [2, few], [2, few], [4, short], [4, near], [2, 0]);
  if (!large) return end;
  const versions = fields([4, 0x06064b50], [8, 44], [2, ZIP64], [2, ZIP64], [4, 0], [4, 0]);
  const sizes = fields([8, count], [8, count], [8, bytes], [8, offset]);
  return joined(versions, sizes, fields([4, 0x07064b50], [4, 0], [8, offset + bytes], [4, 1]), end);
}

/** Little-endian numbers, each with its width in bytes. */
function fields(...numbers: readonly (readonly [2 | 4 | 8, number])[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, number] of numbers) {
    if (bytes === 2) view.setUint16(at, number, true);
    else if (bytes === 4) view.setUint32(at, number, true);
    else view.setBigUint64(at, BigInt(number), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function length(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Local time in MS-DOS format, to two seconds: time in the lower half, date in the upper. */
function dosTime(at: Date): number {
  const time = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
  const date = ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();
  return ((date << 16) | time) >>> 0;
}

const table = Int32Array.from({ length: 256 }, (_, index) => {
  let sum = index;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb8_8320 : sum >>> 1;
  return sum;
});

/** CRC-32 (ISO-HDLC). */
async function crc32(bytes: Blob): Promise<number> {
  let sum = -1;
  for (let at = 0; at < bytes.size; at += BLOCK_BYTES) {
    const block = new Uint8Array(await bytes.slice(at, at + BLOCK_BYTES).arrayBuffer());
    if (block.length < Math.min(BLOCK_BYTES, bytes.size - at)) throw new RangeError('a file has become shorter');
    for (const byte of block) sum = (table[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  }
  return (sum ^ -1) >>> 0;
}
