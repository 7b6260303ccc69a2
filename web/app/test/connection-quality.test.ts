import { expect, test } from 'vitest';
import { attributed, ConnectionQuality, type Quality } from '../src/model/connection-quality';
import { direct } from './fakes';

const lossy = { ...direct, packetLoss: 0.06, packetLossSent: 0 };

/** The quality after each of these measurements. */
function after(statuses: readonly (typeof direct)[]): readonly Quality[] {
  const quality = new ConnectionQuality();
  return statuses.map((status) => quality.update(status));
}

test.each([
  ['what they send is lost', { ...direct, packetLoss: 0.06, packetLossSent: 0 }, 'theirs'],
  ['what we send is lost', { ...direct, packetLoss: 0, packetLossSent: 0.06 }, 'ours'],
  ['both directions lose packets', { ...direct, packetLoss: 0.2, packetLossSent: 0.2 }, 'weak'],
  ['the round trip takes long', { ...direct, roundTripMs: 321 }, 'slow'],
  ['packets are lost and the round trip takes long', { ...lossy, packetLossSent: 0.06, roundTripMs: 778 }, 'weak'],
  ['nothing is lost', { ...direct, packetLoss: 0.04, roundTripMs: 290 }, 'good'],
  ['nothing is measured', { ...direct, packetLoss: null, packetLossSent: null, roundTripMs: null }, 'good'],
  ['there is no path', { ...lossy, state: 'lost' } as const, 'good'],
] as const)('a connection on which %s is %s', (_what, status, quality) => {
  expect(after([status, status, status]).at(-1)).toBe(quality);
});

test('one or two bad seconds are not shown, and one good second ends nothing', () => {
  const good = { ...direct, packetLoss: 0, packetLossSent: 0 };
  expect(after([lossy, lossy, good, lossy, lossy])).toEqual(['good', 'good', 'good', 'good', 'good']);
  expect(after([lossy, lossy, lossy, good, good, good, good, good, good])).toEqual([
    ...['good', 'good'],
    ...Array.from({ length: 6 }, () => 'theirs'),
    'good',
  ]);
});

test('if the connection to each of several people is weak, it is ours', () => {
  expect(attributed(['theirs', 'weak'])).toEqual(['ours', 'ours']);
  expect(attributed(['theirs', 'good'])).toEqual(['theirs', 'good']);
  expect(attributed(['theirs'])).toEqual(['theirs']);
});

test('slow connections to everybody are not called ours: the others may be far away', () => {
  expect(attributed(['slow', 'slow'])).toEqual(['slow', 'slow']);
});
