import { expect, test } from 'vitest';
import { initials, readName, shownName } from '../src/model/name';

test('a name is one line without characters that change text direction', () => {
  expect(readName('  Al\u202Eice\u0000\n \u2066Liddell ')).toEqual({ is: 'name', name: 'Al ice Liddell' });
});

test('a name is needed', () => {
  for (const blank of ['\u3164', '\u2800', '\u00ad', '\u200d\ufe0f']) expect(readName(blank)).toEqual({ is: 'empty' });
  expect(readName(' \u200F\u0007 ')).toEqual({ is: 'empty' });
});

test('64 characters fit, however wide they are', () => {
  expect(readName('🦊'.repeat(64))).toEqual({ is: 'name', name: '🦊'.repeat(64) });
  expect(readName('a'.repeat(65))).toEqual({ is: 'long', length: 65 });
});

test('names of others are cut to the limit', () => {
  expect(shownName(`\u202E${'b'.repeat(500)}`)).toBe('b'.repeat(64));
});

test.each([
  ['Bob', 'B'],
  ['Alice Pleasance Liddell', 'AL'],
  ['émile zola', 'ÉZ'],
  ['李 小龙', '李小'],
  ['🦊', ''],
  ['"><img', 'I'],
])('the letters for %s are %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});
