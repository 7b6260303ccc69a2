import { expect, test } from 'vitest';
import { phoneWarnings } from '../src/model/phone-warnings';

const bob = { name: 'Bob', sip: true };
const carol = { name: 'Carol', sip: false };

const said = (...given: Parameters<typeof phoneWarnings>): readonly string[] =>
  phoneWarnings(...given).map(({ words }) => words);

test('the person on the line with a phone is told that it hears nobody else, once there is somebody else', () => {
  expect(said([], [bob])).toEqual([]);
  expect(said([], [bob, carol])).toEqual(['Bob is on a phone, which hears only you.']);
});

test('a person who joins a call with a phone is told that they don’t hear each other', () => {
  expect(said([{ name: 'Bob' }], [carol])).toEqual([
    'Bob is on a phone and talks to one person only. You don’t hear each other.',
  ]);
});
