import { expect, test } from 'vitest';
import { budgetOf } from '../src/connection/bitrate.ts';

const KNOWN = [1, 2, 3, 5, 11];

test('one picture has no more bits than help it', () => {
  expect(budgetOf(1, false)).toMatchObject({ pictureBits: 2_500_000, half: false });
});

test.for(KNOWN)('%i links together keep to the uplink, with a screen and without', (links) => {
  expect(budgetOf(links, false).pictureBits * links).toBeLessThanOrEqual(4_000_000 + links);
  const { pictureBits, screenBits } = budgetOf(links, true);
  expect((pictureBits + screenBits) * links).toBeLessThanOrEqual(4_000_000 + links);
});

test.for(KNOWN)('on %i links a screen has most of it, and the picture beside it is small', (links) => {
  const { pictureBits, screenBits, half } = budgetOf(links, true);
  expect(screenBits).toBeGreaterThanOrEqual(3 * pictureBits - 2);
  expect(half).toBe(true);
});

test('many screens have fewer frames a second, and all of their size', () => {
  expect([1, 2, 3].map((links) => budgetOf(links, true).screenFrames)).toEqual([30, 30, 15]);
});
