import { expect, test } from 'vitest';
import { archive, zip } from '../src/platform/zip';

const at = new Date(2026, 10, 24, 10, 30, 58);
const gigabyte = 2 ** 30;

/** The numbers at `offset`, each with its width in bytes. */
async function numbers(blob: Blob, offset: number, ...sizes: readonly (2 | 4 | 8)[]): Promise<number[]> {
  const view = new DataView(await blob.slice(offset, offset + 100).arrayBuffer());
  let place = 0;
  return sizes.map((size) => {
    const read = { 2: () => view.getUint16(place, true), 4: () => view.getUint32(place, true) };
    const number = size === 8 ? Number(view.getBigUint64(place, true)) : read[size]();
    place += size;
    return number;
  });
}

test('an archive has its members with checksums and paths, and ends with the directory', async () => {
  const blob = await zip([{ path: 'tea/ä.txt', bytes: new Blob(['123456789']) }], at);
  const name = new TextEncoder().encode('tea/ä.txt').length;
  const time = [(10 << 11) | (30 << 5) | 29, (46 << 9) | (11 << 5) | 24];
  expect(await numbers(blob, 0, 4, 2, 2, 2, 2, 2, 4, 4, 4, 2)).toEqual([
    ...[0x04034b50, 20, 0x0800, 0, ...time],
    ...[0xcbf43926, 9, 9, name], // the check value of CRC-32
  ]);
  const list = 30 + name + 9;
  expect(await blob.slice(30, list).text()).toBe('tea/ä.txt123456789');
  expect(await numbers(blob, list, 4)).toEqual([0x02014b50]);
  expect(await numbers(blob, blob.size - 22, 4, 2, 2, 2, 2, 4, 4)).toEqual([0x06054b50, 0, 0, 1, 1, 46 + name, list]);
});

test('an archive of more than 4 GB has sizes and offsets in 64 bits', async () => {
  const size = 5 * gigabyte;
  const bytes = { size } as Blob; // Node has none so large
  const parts = archive(
    [
      { path: 'a', bytes, sum: 1 },
      { path: 'b', bytes: new Blob(['x']), sum: 2 },
    ],
    at,
  );
  const [local, , , , first, second, end] = parts.map((part) => (part === bytes ? new Blob() : new Blob([part])));
  if (local === undefined || first === undefined || second === undefined || end === undefined) throw new Error('parts');
  const full = 0xffff_ffff;
  expect(await numbers(local, 14, 4, 4, 4, 2, 2)).toEqual([1, full, full, 1, 20]);
  expect(await numbers(local, 31, 2, 2, 8, 8)).toEqual([1, 16, size, size]);
  expect(await numbers(first, 47, 2, 2, 8, 8, 8)).toEqual([1, 24, size, size, 0]);
  expect(await numbers(second, 47, 2, 2, 8, 8, 8)).toEqual([1, 24, 1, 1, local.size + size]);
  const list = local.size + size + 31 + 1;
  const length = first.size + second.size;
  expect(await numbers(end, 0, 4, 8, 2, 2, 4, 4, 8, 8, 8, 8)).toEqual([
    ...[0x06064b50, 44, 45, 45, 0, 0],
    ...[2, 2, length, list],
  ]);
  expect(await numbers(end, 56, 4, 4, 8, 4)).toEqual([0x07064b50, 0, list + length, 1]);
  expect(await numbers(end, 76, 4, 2, 2, 2, 2, 4, 4)).toEqual([0x06054b50, 0, 0, 0xffff, 0xffff, full, full]);
});

test('a member that can no longer be read to its end makes no archive', async () => {
  const bytes = Object.assign(new Blob(['123456789']), { slice: () => new Blob(['1234']) });
  await expect(zip([{ path: 'tea.txt', bytes }], at)).rejects.toThrow('a file has become shorter');
});
