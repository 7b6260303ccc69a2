// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from 'vitest';
import { lazyStorage } from '../src/platform/lazy-storage';

const loaded = vi.hoisted(() => ({ times: 0, made: 0, away: false, calls: [] as (readonly unknown[])[] }));

vi.mock('../src/platform/storage', () => {
  loaded.times += 1;
  const answer =
    (name: string) =>
    async (...given: readonly unknown[]) => {
      loaded.calls.push([name, ...given]);
      return name;
    };
  return {
    storage: () => {
      loaded.made += 1;
      return { save: answer('save'), makeRoom: answer('makeRoom'), pickFolder: answer('pickFolder') };
    },
  };
});

afterEach(() => {
  vi.unstubAllGlobals();
  loaded.calls = [];
});

test('the storage is made when it is first used, once, and gets what its methods are given', async () => {
  const storage = lazyStorage();
  expect(loaded).toMatchObject({ times: 0, made: 0 });
  const answers = await Promise.all([storage.save('id', 'tea.bin', 3), storage.makeRoom(3)]);
  expect(answers).toEqual(['save', 'makeRoom']);
  expect(loaded.calls).toEqual([
    ['save', 'id', 'tea.bin', 3],
    ['makeRoom', 3],
  ]);
  expect(loaded).toMatchObject({ times: 1, made: 1 });
});

test('preparing makes it, and calls nothing', async () => {
  const before = loaded.made;
  await lazyStorage().prepare();
  expect(loaded).toMatchObject({ made: before + 1, calls: [] });
});

test('a browser without a picker for folders has none, without loading anything to find out', () => {
  expect(lazyStorage().pickFolder).toBeNull();
});

test('where the browser has one, it is the picker of the storage', async () => {
  vi.stubGlobal('showDirectoryPicker', () => undefined);
  expect(await lazyStorage().pickFolder?.()).toBe('pickFolder');
});

test('in a frame of another site there is none', () => {
  vi.stubGlobal('showDirectoryPicker', () => undefined);
  vi.stubGlobal('window', { showDirectoryPicker: () => undefined, top: {} });
  expect(lazyStorage().pickFolder).toBeNull();
});

test('a promise can resolve with the storage', async () => {
  const storage = lazyStorage();
  expect(await Promise.resolve(storage)).toBe(storage);
});
