import { expect, test } from 'vitest';
import { readKey } from '../src/model/start/link-fragment';
import { isRoomName, newRoomName } from '../src/model/start/room-name';
import { readRoute } from '../src/model/start/route';
import { readCode } from '../src/model/start/typed-link';

const key = 'AAECAwQFBgcICQoLDA0ODw';
const base = 'https://eyeline.example/call/';

test('a new room name has 80 random bits in four readable groups', () => {
  const name = newRoomName((count) => crypto.getRandomValues(new Uint8Array(count)));
  expect(name).toMatch(/^([a-hjkmnp-z1-9]{4}-){3}[a-hjkmnp-z1-9]{4}$/);
  expect(isRoomName(name)).toBe(true);
});

test('each of the 32 letters comes from 8 of the 256 bytes', () => {
  const seen = new Map<string, number>();
  for (let byte = 0; byte < 256; byte += 1) {
    const letter = newRoomName((count) => new Uint8Array(count).fill(byte)).charAt(0);
    seen.set(letter, (seen.get(letter) ?? 0) + 1);
  }
  expect([...seen.values()]).toEqual(Array(32).fill(8));
});

test.each([
  'tea',
  '  TEA ',
  '/r/tea',
  'r/Tea/',
  '/call/r/tea',
  'https://eyeline.example/call/r/tea',
  'HTTPS://Eyeline.Example/call/r/tea?x=1#',
  'eyeline.example/call/r/tea',
])('%s leads to tea', (typed) => {
  const { fragment, ...reading } = readCode(typed, base) as { is: string; fragment: string };
  expect(reading).toEqual({ is: 'room', room: 'tea' });
  expect(['', '#']).toContain(fragment);
});

test.each([
  'Tea time',
  'tea-time',
  ' TEA  TIME ',
  'Tea – time',
  'tea‑time',
  '/r/Tea%20time',
  'eyeline.example/call/r/tea%20time',
])('people say %s, and mean tea-time', (typed) => {
  expect(readCode(typed, base)).toMatchObject({ is: 'room', room: 'tea-time' });
});

test.each(['/R/Tea#', 'Tea#', 'HTTPS://EYELINE.example/call/r/tea#'])('%s keeps the key after it as it is', (typed) => {
  expect(readCode(typed + key, base)).toEqual({ is: 'room', room: 'tea', fragment: `#${key}` });
});

test.each([
  ['%23 for the #', 'https://eyeline.example/call/r/tea%23KEY'],
  ['angle brackets', '<https://eyeline.example/call/r/tea#KEY>'],
  ['quotes', '"https://eyeline.example/call/r/tea#KEY"'],
  ['encoded quotes', 'https://eyeline.example/call/r/tea#KEY%22'],
  ['a full stop', 'https://eyeline.example/call/r/tea#KEY.'],
  ['a sentence', 'Join my call (https://eyeline.example/call/r/tea#KEY), or don’t: https://eyeline.example/'],
  ['a sentence without a scheme', 'Join: eyeline.example/call/r/tea#KEY!'],
  ['%2523 for the #', 'https://eyeline.example/call/r/tea%2523KEY'],
  ['text after it without a space', 'https://eyeline.example/call/r/tea#KEY"and more'],
  ['encoded text after it', 'https://eyeline.example/call/r/tea#KEY%20and%20more'],
  ['a bracket and a full stop', 'https://eyeline.example/call/r/tea#KEY).'],
  [
    'Outlook’s Safe Links around it',
    'https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Feyeline.example%2Fcall%2Fr%2Ftea%23KEY&data=05%7C02%7C&sdata=x%3D&reserved=0',
  ],
  [
    'Safe Links that encode the # twice',
    'https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Feyeline.example%2Fcall%2Fr%2Ftea%2523KEY&data=05',
  ],
  [
    'Safe Links that leave the fragment at the end',
    'https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Feyeline.example%2Fcall%2Fr%2Ftea&data=05#KEY',
  ],
  [
    'two redirects around it',
    'https://go.example/?q=https%3A%2F%2Fnam02.safelinks.protection.outlook.com%2F%3Furl%3Dhttps%253A%252F%252Feyeline.example%252Fcall%252Fr%252Ftea%2523KEY%26data%3D05',
  ],
  ['a line break in the key', 'Join:\nhttps://eyeline.example/call/r/tea#KE\nY\nSee you'],
  ['a line break in the name', 'https://eyeline.example/call/r/t\r\nea#KEY'],
  ['marks of a quoted mail', '> https://eyeline.example/call/r/t\n> ea#KE\n> Y\n> See you'],
  ['soft line breaks', 'https://eyeline.example/call/r/te=\r\na#KEY'],
  ['another line right after it', 'https://eyeline.example/call/r/tea#KEY\nSee you'],
  ['an added parameter', 'https://eyeline.example/call/r/tea#KEY?utm=1'],
])('a link with %s is understood', (_, typed) => {
  const wrapped = typed.replace('KE\nY', `${key.slice(0, 9)}\n${key.slice(9)}`);
  const quoted = wrapped.replace('KE\n> Y', `${key.slice(0, 9)}\n> ${key.slice(9)}`);
  const reading = readCode(quoted.replace('KEY', key), base);
  expect(reading).toMatchObject({ is: 'room', room: 'tea' });
  expect(readKey(reading.is === 'room' ? reading.fragment : '')).toEqual({ is: 'key', key });
});

test('lines after a link without a key do not become a part of its name', () => {
  expect(readCode('https://eyeline.example/call/r/tea\nsee you', base)).toMatchObject({ room: 'tea', fragment: '' });
});

test.each(['tea.', '"tea"', '(tea)', '“tea”'])('punctuation does not belong to the name in %s', (typed) => {
  expect(readCode(typed, base)).toEqual({ is: 'room', room: 'tea', fragment: '' });
});

test.each([
  'what? no',
  'https://eyeline.example/call/',
  'x'.repeat(65),
  'r/',
  '://',
  'https://',
  'javascript:alert(1)',
  'tea_time',
])('%s is not a code', (typed) => {
  expect(readCode(typed, base)).toEqual({ is: 'wrong' });
});

test('an empty field is not an error', () => {
  expect(readCode(' \n', base)).toEqual({ is: 'empty' });
});

test('a link to another server is recognized', () => {
  expect(readCode('https://other.example/r/tea', base)).toEqual({ is: 'elsewhere', host: 'other.example' });
});

test.each([
  ['', { at: 'home' }],
  ['index.html', { at: 'home' }],
  ['r/tea', { at: 'room', room: 'tea', key: null, pass: null, owner: null }],
  ['r/TEA/', { at: 'room', room: 'tea', key: null, pass: null, owner: null }],
  ['r/tea#', { at: 'room', room: 'tea', key: null, pass: null, owner: null }],
  [`r/tea#${key}`, { at: 'room', room: 'tea', key, pass: null, owner: null }],
  [`r/tea#${key}&more=1`, { at: 'room', room: 'tea', key, pass: null, owner: null }],
  ['r/tea#pass=e30.e30.sig', { at: 'room', room: 'tea', key: null, pass: 'e30.e30.sig', owner: null }],
  ['r/tea#pass=', { at: 'room', room: 'tea', key: null, pass: null, owner: null }],
  [`r/tea#${key}&pass=e30.e30.sig`, { at: 'room', room: 'tea', key, pass: 'e30.e30.sig', owner: null }],
  [`r/tea#${key}&host=${key}`, { at: 'room', room: 'tea', key, pass: null, owner: key }],
  [`r/tea#host=short`, { at: 'room', room: 'tea', key: null, pass: null, owner: null }],
  ['r/tea#more=1', { at: 'room', room: 'tea', key: null, pass: null, owner: null }],
  [`r/tea#${key.slice(1)}`, { at: 'bad-key' }],
  [`r/tea#${key}x`, { at: 'bad-key' }],
  [`r/tea#${key.slice(0, 21)}x`, { at: 'bad-key' }],
  ['r/Tea%20time', { at: 'room', room: 'tea-time', key: null, pass: null, owner: null }],
  ['r/%', { at: 'bad-room' }],
  ['r/a_b', { at: 'bad-room' }],
  ['r/%2e', { at: 'bad-room' }],
  ['r/', { at: 'nowhere' }],
  ['r/tea/two', { at: 'nowhere' }],
  ['about', { at: 'nowhere' }],
])('the address "%s" is read', (path, route) => {
  expect(readRoute(path)).toEqual(route);
});
