import { expect, test } from 'vitest';
import { MediaTimeout } from '../src/connection/media-timeout.ts';

test('a timeout is reported once, a second after the last packet', () => {
  const silence = new MediaTimeout();
  expect([0, 200, 900].map((at) => silence.update(at + 1, at))).toEqual([false, false, false]);
  expect([1000, 1800, 1900, 2000, 9000].map((at) => silence.update(901, at))).toEqual([
    false,
    false,
    true,
    false,
    false,
  ]);
});

test('each timeout is reported', () => {
  const silence = new MediaTimeout();
  silence.update(1, 0);
  expect(silence.update(1, 1000)).toBe(true);
  expect(silence.expired).toBe(true);
  silence.update(2, 5000);
  expect(silence.expired).toBe(false);
  expect([silence.update(2, 5900), silence.update(2, 6000)]).toEqual([false, true]);
});

test('without a first packet there is no timeout', () => {
  const silence = new MediaTimeout();
  expect([0, 5000, 50_000].map((at) => silence.update(0, at))).toEqual([false, false, false]);
});
