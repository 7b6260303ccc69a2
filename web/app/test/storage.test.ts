import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { diskStore } from '../src/platform/disk-store';
import { memoryStore } from '../src/platform/memory-store';
import { type ReceivedStore, storage } from '../src/platform/storage';
import { OriginFile, OriginFolder } from './origin-folder';

const MB = 1024 * 1024;

let origin: OriginFolder;
let quota: number;
let usage: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout'] });
  origin = new OriginFolder();
  [quota, usage] = [100 * MB, 0];
  const directory = { getDirectory: async () => origin, estimate: async () => ({ quota, usage }) };
  vi.stubGlobal('navigator', { storage: directory });
  vi.stubGlobal('FileSystemFileHandle', OriginFile);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The keys of what is stored. */
const stored = async () => [...(await origin.getDirectoryHandle('received')).inside.keys()];

async function write(store: ReceivedStore, key: string, bytes: number): Promise<void> {
  const writer = (await store.store(key, 0)).getWriter();
  for (let at = 0; at < bytes; at += MB) await writer.write(new Uint8Array(Math.min(MB, bytes - at)));
  await writer.close();
}

const sizeOf = (parts: readonly Blob[]) => parts.reduce((sum, { size }) => sum + size, 0);

test('a file is stored in parts, of which complete ones can be continued after', async () => {
  const store = await diskStore();
  await write(store, 'tea', 20 * MB);
  expect((await store.parts('tea')).map(({ size }) => size)).toEqual([8 * MB, 8 * MB, 4 * MB]);
  expect(sizeOf(await store.resumableParts('tea'))).toBe(16 * MB);
});

test('for room, what was handed to the browser goes first, the oldest before others, and nothing else', async () => {
  const store = await diskStore();
  for (const key of ['first', 'second', 'unsaved']) {
    await write(store, key, MB);
    if (key !== 'unsaved') await store.handed(key);
    vi.advanceTimersByTime(90_000);
  }
  [quota, usage] = [10 * MB, 10 * MB];
  expect(await store.makeRoom(0.5 * MB)).toEqual({ where: 'disk', fits: true, removed: ['first'] });
  expect(await stored()).toEqual(['second', 'unsaved']);
  expect(await store.makeRoom(5 * MB)).toEqual({ where: 'disk', fits: false, removed: ['second'] });
  expect(await stored()).toEqual(['unsaved']);
});

test('nothing is removed while there is room, or while the browser may still read it', async () => {
  const store = await diskStore();
  await write(store, 'tea', MB);
  await store.handed('tea');
  usage = 100 * MB;
  expect(await store.makeRoom(1)).toEqual({ where: 'disk', fits: false, removed: [] });
  await store.remove('tea');
  vi.advanceTimersByTime(59_000);
  expect(await stored()).toEqual(['tea']);
  await vi.advanceTimersByTimeAsync(2000);
  expect(await stored()).toEqual([]);
});

test('what was not handed to the browser is removed at once', async () => {
  const store = await diskStore();
  await write(store, 'tea', MB);
  await store.remove('tea');
  await vi.advanceTimersByTimeAsync(0);
  expect(await stored()).toEqual([]);
});

test('a later page removes what was handed to the browser after an hour, and everything after a day', async () => {
  const store = await diskStore();
  for (const key of ['handed', 'unsaved']) await write(store, key, MB);
  await store.handed('handed');
  await diskStore();
  expect(await stored()).toEqual(['handed', 'unsaved']);
  vi.advanceTimersByTime(2 * 3_600_000);
  await diskStore();
  expect(await stored()).toEqual(['unsaved']);
  vi.advanceTimersByTime(23 * 3_600_000);
  await diskStore();
  expect(await stored()).toEqual([]);
});

test('a full disk fails the write, and leaves nothing behind', async () => {
  const store = await diskStore();
  origin.disk.bytes = 5 * MB;
  await expect(write(store, 'tea', 10 * MB)).rejects.toThrow('the disk is full');
  expect(await stored()).toEqual([]);
});

test('a file of which bytes are missing is not saved as if it were complete', async () => {
  const store = await diskStore();
  await write(store, 'tea', 9 * MB);
  const folder = await (await origin.getDirectoryHandle('received')).getDirectoryHandle('tea');
  folder.inside.delete('00000001');
  await expect(storage(async () => store).save('tea', 'tea.bin', 9 * MB)).rejects.toThrow('not all of it is stored');
});

test('where the browser blocks its storage, received files are in memory up to a bound', async () => {
  const blocked = storage(() => Promise.reject(new DOMException('', 'SecurityError')));
  const mebibytes = async (count: number) => (await blocked.makeRoom(count * MB)).fits;
  expect(await Promise.all([mebibytes(256), mebibytes(257)])).toEqual([true, false]);
  expect((await blocked.makeRoom(1)).where).toBe('memory');
  const writer = (await blocked.store('tea', 0)).getWriter();
  for (const byte of [1, 2, 3]) await writer.write(Uint8Array.of(byte));
  expect([...(await blocked.read('tea', 1, 2))]).toEqual([2, 3]);
  await writer.close();
  expect([...(await (await blocked.find('tea')).bytes())]).toEqual([1, 2, 3]);
  expect(await mebibytes(256)).toBe(false);
  await blocked.remove('tea');
  expect(await mebibytes(256)).toBe(true);
  await expect(blocked.find('tea')).rejects.toThrow();
});

test('a sender that sends more than the memory has fails, and leaves nothing behind', async () => {
  const store = memoryStore(10);
  const writer = (await store.store('tea', 0)).getWriter();
  await writer.write(new Uint8Array(8));
  await expect(writer.write(new Uint8Array(8))).rejects.toThrow('too much');
  await expect(store.parts('tea')).rejects.toThrow();
});

test('what is in memory stays when the sender left, and goes when the transfer was cancelled', async () => {
  const store = memoryStore();
  for (const code of ['gone', 'cancelled']) {
    const writer = (await store.store('tea', 0)).getWriter();
    await writer.write(new Uint8Array(8));
    await writer.abort(code);
    if (code === 'gone') expect(sizeOf(await store.parts('tea'))).toBe(8);
    else await expect(store.parts('tea')).rejects.toThrow();
  }
});
