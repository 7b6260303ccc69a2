import { expect, test } from 'vitest';
import { ChannelStall } from '../src/connection/channel-stall.ts';

/** When a stall is reported; `buffered` and `given` are asked for each second. */
function stalls(
  seconds: number,
  buffered: (second: number) => number,
  given: (second: number) => number = () => 1,
): readonly number[] {
  const stall = new ChannelStall();
  const times = Array.from({ length: seconds + 1 }, (_, second) => second);
  return times.filter((second) => stall.update(buffered(second), given(second), second * 1000));
}

test('a channel that sends none of its buffered bytes has stalled after 15 seconds, and again 15 seconds later', () => {
  expect(stalls(31, () => 7)).toEqual([15, 30]);
});

test('a channel that sends a little, or has nothing to send, has not stalled', () => {
  expect(stalls(60, (second) => 100 - Math.floor(second / 10))).toEqual([]);
  expect(stalls(60, (second) => (second < 50 ? 0 : 5))).toEqual([]);
});

test('a channel with a constant buffer has not stalled while messages are added to it', () => {
  expect(
    stalls(
      60,
      () => 70,
      (second) => Math.min(Math.floor(second / 14), 3),
    ),
  ).toEqual([57]);
});

test('a channel has not stalled while our own page was blocked', () => {
  const stall = new ChannelStall();
  expect([0, 1000, 16_000, 17_000].map((at) => stall.update(7, 1, at))).toEqual([false, false, false, false]);
});
