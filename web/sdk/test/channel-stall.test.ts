import { expect, test } from 'vitest';
import { ChannelStall } from '../src/connection/channel-stall.ts';

test('a channel that sends none of its buffered bytes has stalled after 15 seconds, and again 15 seconds later', () => {
  const stall = new ChannelStall();
  expect([0, 14_999, 15_000, 16_000, 30_000].map((at) => stall.update(7, 1, at))).toEqual([
    false,
    false,
    true,
    false,
    true,
  ]);
});

test('a channel that sends a little, or has nothing to send, has not stalled', () => {
  const stall = new ChannelStall();
  expect([70, 69, 69, 68].map((waiting, index) => stall.update(waiting, 1, index * 10_000))).toEqual(
    Array(4).fill(false),
  );
  expect([0, 0, 0, 5].map((waiting, index) => stall.update(waiting, 1, 40_000 + index * 20_000))).toEqual(
    Array(4).fill(false),
  );
});

test('a channel with a constant buffer has not stalled while messages are added to it', () => {
  const stall = new ChannelStall();
  expect([1, 2, 3, 3].map((given, index) => stall.update(70, given, index * 14_000))).toEqual(Array(4).fill(false));
  expect(stall.update(70, 3, 43_000)).toBe(true);
});
