import { describe, expect, it } from 'vitest';
import { readOffer } from '../src/files/offer.ts';
import { FOLDER_FILES_MAX, folderOf, readEntries } from '../src/files/tree.ts';

const id = '00000000-0000-4000-8000-000000000000';
const files = (...paths: readonly string[]) => paths.map((path) => ({ path, size: 1 }));
const paths = (...offered: readonly string[]) => {
  const read = readEntries(files(...offered), offered.length);
  return typeof read === 'string' ? read : read.map(({ path }) => path);
};

describe('the list of a folder', () => {
  it.each([
    ['../a'],
    ['a/../../b'],
    ['/etc/passwd'],
    ['a//b'],
    ['a/'],
    ['./a'],
    [''],
    ['x'.repeat(10_000)],
    [Array(33).fill('a').join('/')],
  ])('with the path %j is refused', (path) => {
    expect(paths('fine', path)).toBe('bad-path');
  });

  it.each([
    ['C:/Windows/x.dll', 'C_/Windows/x.dll'],
    ['..\\..\\x', '._.._x'],
    ['...', '.file'],
    ['con/aux.txt', '_con/_aux.txt'],
    ['photo\u202Egpj.exe', 'photogpj.exe'],
    ['a\u0000b/c\n', 'ab/c'],
    ['.git/config', '.git/config'],
    ['.\u200B./x', '.file/x'],
    ['trailing. /x ', 'trailing/x'],
  ])('with %j is written as %j', (path, safe) => {
    expect(paths(path)).toEqual([safe]);
  });

  it('numbers files that would overwrite each other', () => {
    expect(paths('Tea.txt', 'tea.TXT', 'tea.txt', 'TEA (2).txt')).toEqual([
      'Tea.txt',
      'tea (2).TXT',
      'tea (3).txt',
      'TEA (2) (2).txt',
    ]);
    expect(paths('a', 'A/b', '.x', '.X')).toEqual(['a (2)', 'A/b', '.x', '.X (2)']);
    expect(paths('\u00e9', 'e\u0301', 'stra\u00dfe', 'STRASSE')).toEqual([
      '\u00e9',
      '\u00e9 (2)',
      'stra\u00dfe',
      'STRASSE (2)',
    ]);
  });

  it('numbers them before the last ending, and only before that of the file', () => {
    expect(paths('a.tar.gz', 'A.tar.gz', 'v1.2/tea', 'V1.2/tea')).toEqual([
      'a.tar.gz',
      'A.tar (2).gz',
      'v1.2/tea',
      'V1.2/tea (2)',
    ]);
  });

  it('handles a thousand equal names at once, and refuses more', () => {
    const many = Array<string>(FOLDER_FILES_MAX).fill('a');
    expect(new Set(paths(...many)).size).toBe(FOLDER_FILES_MAX);
    expect(paths(...many, 'b')).toBe('bad-list');
    expect(readEntries(Array(1_000_000).fill({ path: 'a', size: 0 }), 0)).toBe('bad-list');
  });

  it.each([
    [[], 'bad-list'],
    ['a', 'bad-list'],
    [[null], 'bad-list'],
    [[{ path: 7, size: 3 }], 'bad-path'],
    [[{ path: 'a', size: -3 }], 'bad-size'],
    [[{ path: 'a', size: 2 }], 'bad-size'],
    [
      [
        { path: 'a', size: 5 },
        { path: 'b', size: -2 },
      ],
      'bad-size',
    ],
  ])('that is %j, of three bytes, is refused with %s', (list, code) => {
    expect(readOffer({ id, name: 'tea', size: 3, entries: list })).toBe(code);
  });
});

describe('a folder to be offered', () => {
  const file = (path: string, words: string) => ({ path, file: new File([words], 'x') });

  it('is the bytes of its files in the order of their paths', async () => {
    const folder = folderOf('tea', [file('b', 'second'), file('a/c', 'first'), file('z', '')]);
    expect(await folder?.file.text()).toBe('firstsecond');
    expect(folder?.file.name).toBe('tea');
    const { entries = null } = { ...folder };
    expect(readEntries(entries, 11)).toEqual([
      { path: 'a/c', size: 5 },
      { path: 'b', size: 6 },
      { path: 'z', size: 0 },
    ]);
  });

  it('is null without files, with too many, or with paths that fit no message', () => {
    const many = (count: number, length: number) =>
      Array.from({ length: count }, (_, index) => file(`${index}${'x'.repeat(length)}`, ''));
    expect(folderOf('tea', [])).toBeNull();
    expect(folderOf('tea', many(FOLDER_FILES_MAX + 1, 1))).toBeNull();
    expect(folderOf('tea', many(FOLDER_FILES_MAX, 300))).toBeNull();
    expect(folderOf('tea', many(FOLDER_FILES_MAX, 100))).not.toBeNull();
  });
});
