import { expect, test } from 'vitest';
import { resumable } from '../src/files/chunks.ts';
import { hashOf } from '../src/files/hash.ts';
import { CHUNK_BYTES } from '../src/files/offer.ts';

const text = (bytes: number): Blob => new Blob([new Uint8Array(bytes).fill(7)]);

test('the complete chunks of a partly received file count', async () => {
  const hash = await hashOf(new Uint8Array(CHUNK_BYTES).fill(7));
  expect(await resumable(text(CHUNK_BYTES - 1))).toEqual({ bytes: 0, hashes: [] });
  expect(await resumable(text(CHUNK_BYTES))).toEqual({ bytes: CHUNK_BYTES, hashes: [hash] });
  expect(await resumable(text(2 * CHUNK_BYTES + 1))).toEqual({ bytes: 2 * CHUNK_BYTES, hashes: [hash, hash] });
});

test('each chunk has its own hash, in order', async () => {
  const [first, second] = [new Uint8Array(CHUNK_BYTES).fill(1), new Uint8Array(CHUNK_BYTES).fill(2)];
  const { hashes } = await resumable(new Blob([first, second]));
  expect(hashes).toEqual([await hashOf(first), await hashOf(second)]);
});

test('an unreadable file rejects', async () => {
  const broken = { size: CHUNK_BYTES, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) };
  await expect(resumable(broken as unknown as Blob)).rejects.toThrow('gone');
});
