import { expect, test } from 'vitest';
import { dynamicImport } from '../src/platform/dynamic-import';
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

test('an import that failed is tried once more by another address, if the browser says which one failed', async () => {
  const told = new TypeError('error loading dynamically imported module: https://eyeline.invalid/assets/part-0.js');
  // That it can't import this address either is what Node says here.
  await expect(dynamicImport(() => Promise.reject(told))).rejects.not.toBe(told);
  const again = new TypeError('error loading dynamically imported module: https://eyeline.invalid/assets/part-0.js?12');
  await expect(dynamicImport(() => Promise.reject(again))).rejects.toBe(again);
  const untold = new TypeError('Importing a module script failed.');
  await expect(dynamicImport(() => Promise.reject(untold))).rejects.toBe(untold);
});
