import { expect, test } from 'vitest';
import { alike, shownNames } from '../src/model/look-alike';

test.each([
  ['case', 'ALICE', 'alice'],
  ['case of Cyrillic', 'ВОВА', 'вова'],
  ['case of Greek', 'ΝΊΚΟΣ', 'νίκος'],
  ['a Cyrillic А', 'Аlice', 'Alice'],
  ['Cyrillic throughout', 'Сосо', 'Coco'],
  ['a Greek Ν', 'Νick', 'Nick'],
  ['a Greek ν', 'Keνin', 'Kevin'],
  ['I in place of l', 'AIice', 'Alice'],
  ['0 in place of O', 'B0b', 'Bob'],
  ['rn in place of m', 'Tirn', 'Tim'],
  ['wide letters', 'Ａｌｉｃｅ', 'Alice'],
  ['a zero-width space', 'Al\u200bice', 'Alice'],
  ['a soft hyphen', 'Al\u00adice', 'Alice'],
  ['an invisible letter', 'Alice\u3164', 'Alice'],
  ['a blank Braille pattern', 'Alice\u2800', 'Alice'],
  ['a change of direction', '\u202eAlice', 'Alice'],
  ['spaces', 'Alice  Liddell ', 'Alice Liddell'],
  ['a decomposed letter', 'Ame\u0301lie', 'Amélie'],
])('names that differ only by %s are alike', (_, one, other) => {
  expect(alike(one, other)).toBe(true);
  expect(alike(other, one)).toBe(true);
});

test.each([
  ['Alice', 'Alicia'],
  ['José', 'Jose'],
  ['Вова', 'Вера'],
  ['Νίκος', 'Νίκη'],
  ['小龙', '小鹏'],
])('%s and %s are two names', (one, other) => {
  expect(alike(one, other)).toBe(false);
});

test('whoever comes later with a name that looks the same is shown with a number', () => {
  const people = ['Alice', 'Bob', 'Аlice', 'alice'].map((name, at) => ({ id: `person-${at}`, name }));
  expect([...shownNames(people).values()]).toEqual(['Alice', 'Bob', 'Аlice (2)', 'alice (3)']);
});
