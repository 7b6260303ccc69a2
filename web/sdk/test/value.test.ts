import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Source } from '../src/value.ts';

test('a listener gets the current value at once, and every new one', () => {
  const source = new Source(1);
  const heard: number[] = [];
  source.subscribe((value) => heard.push(value));
  source.set(2);
  source.set(3);

  expect(heard).toEqual([1, 2, 3]);
  expect(source.current).toBe(3);
});

test('an equal value notifies nobody', () => {
  const source = new Source(Number.NaN);
  const heard: number[] = [];
  source.subscribe((value) => heard.push(value));
  source.set(Number.NaN);

  expect(heard).toEqual([Number.NaN]);
});

test('a listener gets nothing after it unsubscribed, which it may do twice', () => {
  const source = new Source('a');
  const heard: string[] = [];
  const stop = source.subscribe((value) => heard.push(value));
  stop();
  stop();
  source.set('b');

  expect(heard).toEqual(['a']);
});

test('the current value is already the new one when listeners are called', () => {
  const source = new Source(1);
  const seen: number[] = [];
  source.subscribe(() => seen.push(source.current));
  source.set(2);

  expect(seen).toEqual([1, 2]);
});

test('a listener that another one has unsubscribed is not called', () => {
  const source = new Source(1);
  const heard: number[] = [];
  let stop = (): void => undefined;
  source.subscribe((value) => value === 2 && stop());
  stop = source.subscribe((value) => heard.push(value));
  source.set(2);

  expect(heard).toEqual([1]);
});

test('a listener that subscribes during a change gets each value once', () => {
  const source = new Source(1);
  const heard: number[] = [];
  source.subscribe((value) => value === 2 && source.subscribe((inner) => heard.push(inner)));
  source.set(2);

  expect(heard).toEqual([2]);
});

test('if a listener sets another value, nobody gets the older one after it', () => {
  const source = new Source(1);
  const heard: number[] = [];
  source.subscribe((value) => value === 2 && source.set(3));
  source.subscribe((value) => heard.push(value));
  source.set(2);

  expect(heard).toEqual([1, 3]);
});

describe('a listener that throws', () => {
  const reported: (() => void)[] = [];
  beforeEach(() => vi.stubGlobal('queueMicrotask', (report: () => void) => reported.push(report)));
  afterEach(() => vi.unstubAllGlobals());

  test('keeps the value from nobody else, and its error is reported as uncaught', () => {
    const source = new Source(1);
    const heard: number[] = [];
    source.subscribe((value) => {
      if (value === 2) throw new Error('mine');
    });
    source.subscribe((value) => heard.push(value));
    source.set(2);

    expect([source.current, heard]).toEqual([2, [1, 2]]);
    const [report = () => undefined] = reported.splice(0);
    expect(report).toThrow('mine');
  });

  test('can still unsubscribe', () => {
    const source = new Source(1);
    const heard: number[] = [];
    const stop = source.subscribe((value) => {
      heard.push(value);
      throw new Error('mine');
    });
    stop();
    source.set(2);

    expect(heard).toEqual([1]);
    expect(reported.splice(0)).toHaveLength(1);
  });
});
