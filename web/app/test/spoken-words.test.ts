import { expect, test } from 'vitest';
import vectors from '../../../tests/vectors/words.json' with { type: 'json' };
import { newWords, readWords, rendezvousOf } from '../src/model/invitation/spoken-words';
import { wordList } from '../src/model/invitation/word-list';
import { mayBeWords } from '../src/model/start/typed-link';

const words = ['aardvark', 'kangaroo', 'yoyo', 'zucchini', 'napkin'];

test.each(vectors)('on $url the words lead to the room and key of the vectors', async ({ words, url, room, key }) => {
  expect(await rendezvousOf(words, url)).toEqual({ room, key });
});

test('new words are five of the list, and each is as likely as the others', () => {
  const all = newWords((count) => crypto.getRandomValues(new Uint8Array(count)));
  expect(all).toHaveLength(5);
  for (const word of all) expect(wordList).toContain(word);
  const draws = [0xff, 0xff, 0xfd, 0x20, 0x00, 0x01, 0, 0, 0, 0, 0, 0, 0, 0];
  const drawn = newWords((count) => Uint8Array.from(draws.splice(0, count)));
  expect(drawn.slice(0, 2), '0xffff and 0xfd20 are drawn again').toEqual([wordList[1], wordList[0]]);
});

test.each([
  'aardvark kangaroo yoyo zucchini napkin',
  '  Aardvark, Kangaroo, Yo-Yo, Zucchini, Napkin. ',
  'AARDVARK-KANGAROO-YOYO-ZUCCHINI-NAPKIN',
  'aar kan yoy zuc nap',
  'aardv kangaroo yo-yo zucch napkin',
])('“%s” is understood', (said) => {
  expect(mayBeWords(said)).toBe(true);
  expect(readWords(said)).toEqual({ is: 'words', words });
});

test.each([
  'aardvark kangarro yoyo zucchini napkin',
  'aardvark kangaroo yoyo zucchini napkim',
  'ardvark kangaroo yoyo zucchini anpkin',
  'aardvark kangarooo yoyo zucchini napkin',
])('in “%s” one letter is wrong, and the words are found', (said) => {
  expect(readWords(said)).toEqual({ is: 'nearly', words });
});

test('a word that is none of the list is named', () => {
  expect(readWords('aardvark kangaroo xyzzy zucchini napkin')).toEqual({ is: 'unknown', word: 'xyzzy' });
});

test.each([
  ['aardvark kangaroo yo-yo zucchini', 4],
  ['aardvark kangaroo yoyo zucchini napkin acid', 6],
  ['aardvark kangaroo yoyo', 3],
  ['aardvark kangaroo xyzzy zucchini', 4],
])('“%s” is an invitation with a word more or less', (said, count) => {
  expect(mayBeWords(said)).toBe(true);
  expect(readWords(said)).toEqual({ is: 'miscounted', count });
});

test.each([
  'our weekly team tea time',
  'aardvark kangaroo xyzzy',
  'team chat next week',
  'aardvark kangaroo',
  'a b c d e',
  '',
  'https://a.example/r/b',
])('“%s” may be the name of a room', (said) => {
  expect(readWords(said)).toEqual({ is: 'other' });
});

test.each(['tea', 'tea time', 'a-b-c-d-e-f-g-h-i', 'https://eyeline.example/r/tea', 'a-b-c-d-1', 'x '.repeat(200)])(
  'for “%s” the word list is not loaded',
  (typed) => {
    expect(mayBeWords(typed)).toBe(false);
  },
);
