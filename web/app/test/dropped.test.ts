import { expect, test } from 'vitest';
import { filesIn, mostDropped } from '../src/model/dropped';

const take = (item: DataTransferItem) => item.getAsFile();

type Tree = { readonly [name: string]: Tree | string };

/** As a browser shows it: `part` entries at a time. */
function entry(name: string, what: Tree | string, part = 100): FileSystemEntry {
  if (typeof what === 'string') {
    const file = (found: (file: File) => void): void => found(new File([what], name));
    return { name, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
  }
  const createReader = () => {
    const left = Object.entries(what);
    const readEntries = (found: (entries: FileSystemEntry[]) => void): void =>
      found(left.splice(0, part).map(([inside, below]) => entry(inside, below, part)));
    return { readEntries };
  };
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

function items(...dropped: readonly (File | FileSystemEntry)[]): DataTransferItemList {
  return dropped.map((one) => ({
    webkitGetAsEntry: () => (one instanceof File ? null : one),
    getAsFile: () => (one instanceof File ? one : null),
  })) as unknown as DataTransferItemList;
}

test('files in folders at any depth are found beside those that were dropped alone', async () => {
  const tree = { 'a.txt': 'a', deep: { deeper: { 'b.txt': 'b' } }, empty: {}, 'c.txt': 'c' };
  const files = await filesIn(items(new File(['d'], 'd.txt'), entry('tea', tree, 1)), take);
  expect(files?.map(({ name }) => name)).toEqual(['d.txt', 'a.txt', 'c.txt', 'b.txt']);
});

test('what is no file, such as dropped text, is left out', async () => {
  const text = { webkitGetAsEntry: () => null, getAsFile: () => null };
  expect(await filesIn([text] as unknown as DataTransferItemList, take)).toEqual([]);
});

test('a folder with as many files as may be is taken, and one with more is not', async () => {
  const folder = (count: number) =>
    entry('many', Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, 'x'])));
  expect(await filesIn(items(folder(mostDropped - 1)), take)).toHaveLength(mostDropped - 1);
  expect(await filesIn(items(folder(mostDropped)), take)).toBeNull();
});

test('a folder that holds itself, or never ends, does not keep the page', async () => {
  const ring: { itself?: Tree } = {};
  ring.itself = ring as Tree;
  expect(await filesIn(items(entry('ring', ring as Tree)), take)).toBeNull();
  const endless = {
    isFile: false,
    isDirectory: true,
    createReader: () => ({
      readEntries: (found: (entries: FileSystemEntry[]) => void) =>
        found(Array.from({ length: 100 }, () => entry('x', 'x'))),
    }),
  } as unknown as FileSystemEntry;
  expect(await filesIn(items(endless), take)).toBeNull();
});

test('a folder that can not be read is told of', async () => {
  const locked = {
    isFile: false,
    isDirectory: true,
    createReader: () => ({
      readEntries: (_: unknown, failed: (error: Error) => void) => failed(new DOMException('', 'NotReadableError')),
    }),
  } as unknown as FileSystemEntry;
  await expect(filesIn(items(locked), take)).rejects.toThrow(DOMException);
});
