import { expect, test } from 'vitest';
import { words } from '../src/strings';
import { direct, looking } from './fakes';

test.each([
  [[], 'Nobody here yet'],
  [['Bob'], 'Bob is here already'],
  [['Bob', 'Carol'], 'Bob and Carol are here already'],
  [['Bob', 'Carol', 'Dave'], 'Bob, Carol, and Dave are here already'],
  [['Bob', 'Carol', 'Dave', 'Erin', 'Frank'], 'Bob, Carol, and 3 more are here already'],
])('%j: %s', (names, sentence) => {
  expect(words.lobby.here(names)).toBe(sentence);
});

test('what the browser did not allow is said once for both', () => {
  expect(words.problem(['camera', 'microphone'], 'denied')).toBe(
    'Your browser did not allow the camera and microphone. You can join without them, or allow them in the address bar and try again.',
  );
});

test('a line says its state and its round trip', () => {
  expect(words.line.badge('Bob', direct)).toBe('Line to Bob: direct · 23 ms');
  expect(words.line.state(looking)).toBe('looking…');
  expect(words.line.state({ ...direct, state: 'lost' })).toBe('lost');
});

test('a path claims only what is known', () => {
  expect(words.line.path(direct)[1]).toBe('Direct, through NAT (UDP)');
  expect(words.line.path({ ...direct, localType: 'prflx', remoteType: 'prflx' })[1]).toBe('Direct (UDP)');
  expect(words.line.path({ ...direct, state: 'relayed' })[1]).toBe('Relayed, still encrypted (UDP)');
});
