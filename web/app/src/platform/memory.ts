import type { Memory } from './platform';

/** Browsers that block storage throw as soon as it's accessed. */
export function memory(storage: () => Storage): Memory {
  const attempt = <T>(what: () => T, otherwise: T): T => {
    try {
      return what();
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => attempt(() => storage().getItem(key), null),
    set: (key, value) => attempt(() => storage().setItem(key, value), undefined),
    forget: (key) => attempt(() => storage().removeItem(key), undefined),
  };
}
