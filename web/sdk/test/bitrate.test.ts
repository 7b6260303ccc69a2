import { expect, test } from 'vitest';
import { bitrateLimits } from '../src/connection/bitrate.ts';

const KNOWN = [1, 2, 3, 5, 11];

test('a single camera is limited to the bitrate that it can use', () => {
  expect(bitrateLimits(1, false)).toMatchObject({ cameraBitrate: 2_500_000, halfSize: false });
});

test.for(KNOWN)('%i links together keep to the uplink, with a screen and without', (links) => {
  expect(bitrateLimits(links, false).cameraBitrate * links).toBeLessThanOrEqual(4_000_000 + links);
  const { cameraBitrate: pictureBits, screenBitrate: screenBits } = bitrateLimits(links, true);
  expect((pictureBits + screenBits) * links).toBeLessThanOrEqual(4_000_000 + links);
});

test.for(KNOWN)('on %i links a screen has most of it, and the picture beside it is small', (links) => {
  const { cameraBitrate: pictureBits, screenBitrate: screenBits, halfSize: half } = bitrateLimits(links, true);
  expect(screenBits).toBeGreaterThanOrEqual(3 * pictureBits - 2);
  expect(half).toBe(true);
});

test('a screen sent to many has a lower frame rate and keeps its resolution', () => {
  expect([1, 2, 3].map((links) => bitrateLimits(links, true).screenFramerate)).toEqual([30, 30, 15]);
});
