import { expect, test } from 'vitest';
import { Silence } from '../src/connection/media-timeout.ts';

test('a silence is told once, a second after the last packet', () => {
  const silence = new Silence();
  expect([0, 200, 900].map((at) => silence.look(at + 1, at))).toEqual([false, false, false]);
  expect([1000, 1800, 1900, 2000, 9000].map((at) => silence.look(901, at))).toEqual([false, false, true, false, false]);
});

test('each silence is told anew', () => {
  const silence = new Silence();
  silence.look(1, 0);
  expect(silence.look(1, 1000)).toBe(true);
  expect(silence.lasts).toBe(true);
  silence.look(2, 5000);
  expect(silence.lasts).toBe(false);
  expect([silence.look(2, 5900), silence.look(2, 6000)]).toEqual([false, true]);
});

test('where nothing ever came there is no silence', () => {
  const silence = new Silence();
  expect([0, 5000, 50_000].map((at) => silence.look(0, at))).toEqual([false, false, false]);
});
