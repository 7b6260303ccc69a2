import { expect, test } from 'vitest';
import { folderOfChosen } from '../src/model/files/chosen-folder';
import { filesIn, mostDropped } from '../src/model/files/dropped-files';
import { pastesFiles } from '../src/model/files/paste';

const take = (item: DataTransferItem) => item.getAsFile();

type Tree = { readonly [name: string]: Tree | string };

/** As browsers list it: `part` entries at a time. */
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

test('folders with the paths of their files are found next to single files', async () => {
  const tree = { 'a.txt': 'a', deep: { deeper: { 'b.txt': 'b' } }, empty: {}, 'c.txt': 'c' };
  const files = await filesIn(items(new File(['d'], 'd.txt'), entry('tea', tree, 1)), take);
  const [alone, folder] = files ?? [];
  expect([files?.length, alone?.name, folder?.name]).toEqual([2, 'd.txt', 'tea']);
  if (folder === undefined || folder instanceof File) throw new Error('no folder');
  expect(folder.files.map(({ path }) => path)).toEqual(['a.txt', 'c.txt', 'deep/deeper/b.txt']);
  expect(await folder.files.at(-1)?.file.text()).toBe('b');
});

test('a chosen folder is its files with their relative paths', () => {
  const file = (path: string) => Object.assign(new File([], 'x'), { webkitRelativePath: path });
  const folder = folderOfChosen([file('tea/a'), file('tea/deep/b')]);
  expect([folder?.name, folder?.files.map(({ path }) => path)]).toEqual(['tea', ['a', 'deep/b']]);
  expect(folderOfChosen([])).toBeNull();
});

test('what is not a file, such as dropped text, is ignored', async () => {
  const text = { webkitGetAsEntry: () => null, getAsFile: () => null };
  expect(await filesIn([text] as unknown as DataTransferItemList, take)).toEqual([]);
});

test('a folder at the limit of files is accepted, a larger one is not', async () => {
  const folder = (count: number) =>
    entry('many', Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, 'x'])));
  const [most] = (await filesIn(items(folder(mostDropped - 1)), take)) ?? [];
  expect(most instanceof File ? 0 : most?.files.length).toBe(mostDropped - 1);
  expect(await filesIn(items(folder(600), folder(600)), take)).toBeNull();
  expect(await filesIn(items(folder(mostDropped)), take)).toBeNull();
});

test('a folder that contains itself, or never ends, does not hang the page', async () => {
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

test('a folder that cannot be read is reported', async () => {
  const locked = {
    isFile: false,
    isDirectory: true,
    createReader: () => ({
      readEntries: (_: unknown, failed: (error: Error) => void) => failed(new DOMException('', 'NotReadableError')),
    }),
  } as unknown as FileSystemEntry;
  await expect(filesIn(items(locked), take)).rejects.toThrow(DOMException);
});

test.each([
  ['a screenshot', 'image.png', '', true],
  ['spreadsheet cells', 'image.png', 'Tea\t3\nCups\t4', false],
  ['a picture of a web page with its alternative text', 'image.png', 'A cup of tea', false],
  ['a file, with its name', 'tea list.ods', 'tea list.ods', true],
  ['a file, with its path', 'tea.ods', '/home/alice/tea.ods\n', true],
  ['a file, with its address', 'tea list.ods', 'file:///home/alice/tea%20list.ods', true],
])('pasted into a text field, %s is taken as files or left to the field', (_, name, text, taken) => {
  const data = { files: [new File(['x'], name)] as unknown as FileList, getData: () => text };
  expect(pastesFiles(data, true)).toBe(taken);
  expect(pastesFiles(data, false)).toBe(true);
});

test('a paste without files is left alone', () => {
  expect(pastesFiles({ files: [] as unknown as FileList, getData: () => '' }, false)).toBe(false);
});
