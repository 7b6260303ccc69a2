import { expect, test } from 'vitest';
import { Source } from '../src/value.ts';

test('a listener is told of the current value at once, and of every new one', () => {
  const source = new Source(1);
  const heard: number[] = [];
  source.subscribe((value) => heard.push(value));
  source.set(2);
  source.set(3);

  expect(heard).toEqual([1, 2, 3]);
  expect(source.current).toBe(3);
});

test('an equal value is told to nobody', () => {
  const source = new Source(Number.NaN);
  const heard: number[] = [];
  source.subscribe((value) => heard.push(value));
  source.set(Number.NaN);

  expect(heard).toEqual([Number.NaN]);
});

test('who has unsubscribed is told no more, and may say so twice', () => {
  const source = new Source('a');
  const heard: string[] = [];
  const stop = source.subscribe((value) => heard.push(value));
  stop();
  stop();
  source.set('b');

  expect(heard).toEqual(['a']);
});

test('the current value is new already when listeners are told', () => {
  const source = new Source(1);
  const seen: number[] = [];
  source.subscribe(() => seen.push(source.current));
  source.set(2);

  expect(seen).toEqual([1, 2]);
});

test('one whom another listener has unsubscribed meanwhile is not told', () => {
  const source = new Source(1);
  const heard: number[] = [];
  let stop = (): void => undefined;
  source.subscribe((value) => value === 2 && stop());
  stop = source.subscribe((value) => heard.push(value));
  source.set(2);

  expect(heard).toEqual([1]);
});

test('one who subscribes while others are told hears each value once', () => {
  const source = new Source(1);
  const heard: number[] = [];
  source.subscribe((value) => value === 2 && source.subscribe((inner) => heard.push(inner)));
  source.set(2);

  expect(heard).toEqual([2]);
});

test('if a listener sets another value, nobody is told the older one after it', () => {
  const source = new Source(1);
  const heard: number[] = [];
  source.subscribe((value) => value === 2 && source.set(3));
  source.subscribe((value) => heard.push(value));
  source.set(2);

  expect(heard).toEqual([1, 3]);
});
