import { expect, test } from 'vitest';
import { lazy } from '../src/platform/lazy';

test('a module is loaded once, and again after a failure', async () => {
  let tries = 0;
  const load = lazy(async () => {
    tries += 1;
    if (tries === 1) throw new TypeError('Importing a module script failed.');
    return 'part';
  });
  await expect(load()).rejects.toThrow(TypeError);
  expect(await Promise.all([load(), load()])).toEqual(['part', 'part']);
  expect(tries).toBe(2);
});

test('retries use a different address each time, if the browser says which one failed', async () => {
  let tries = 0;
  const load = lazy(async () => {
    tries += 1;
    throw new TypeError('error loading dynamically imported module: https://eyeline.invalid/assets/part-0.js');
  });
  await expect(load()).rejects.toThrow('part-0.js');
  await expect(load()).rejects.not.toThrow('part-0.js'); // that there is no such thing is what Node says here
  await expect(load()).rejects.not.toThrow('part-0.js');
  expect(tries).toBe(1);
});
