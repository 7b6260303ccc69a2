import { afterEach, expect, test, vi } from 'vitest';
import { CHUNK_BYTES } from '../src/files/offer.ts';
import { SharedFile } from '../src/files/shared-file.ts';
import { Swarm, type SwarmFile } from '../src/files/swarm.ts';

afterEach(() => void vi.useRealTimers());

test('a file on a drive that does not answer can not be read after 30 s, and never leaves its receivers waiting', async () => {
  vi.useFakeTimers();
  const silent = { slice: () => ({ arrayBuffer: () => new Promise(() => undefined) }) };
  const file = Object.assign(new File([new Uint8Array(3)], 'a'), silent);
  const read = expect(new SharedFile(file).read(0)).rejects.toThrow('in time');
  await vi.advanceTimersByTimeAsync(29_999);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  await read;
});

test('of what was received the latest 32 chunks are kept in memory, to be passed on', () => {
  const swarm = new Swarm();
  const offer = { id: 'i', name: 'a', size: 100 * CHUNK_BYTES, preview: '', share: 's' };
  const file: SwarmFile = {
    offer,
    isOpen: true,
    find: async () => null,
    takePassedOn: async () => undefined,
    lacked: () => undefined,
  };
  swarm.hold(file);
  const bytes = new Uint8Array(1);
  for (let index = 0; index < 40; index += 1) swarm.remember(file, index, bytes);
  expect(Array.from({ length: 40 }, (_, index) => swarm.recall(file, index)).filter(Boolean)).toHaveLength(32);
  expect([swarm.recall(file, 7), swarm.recall(file, 8)]).toEqual([undefined, bytes]);
});
