import { lazy } from './lazy';
import type { FileStorage } from './platform';

type Storage = ReturnType<typeof import('./storage').storage>;

const storageModule = lazy(() => import('./storage'));

/** A proxy for {@link Storage}: its code is loaded when it is prepared, or when one of its methods is first called. */
export function lazyStorage(): FileStorage {
  let made: Storage | null = null;
  const load = async (): Promise<Storage> => {
    const { storage } = await storageModule();
    made ??= storage();
    return made;
  };
  // A cross-origin frame may not open this picker.
  const picksFolders = 'showDirectoryPicker' in window && window.top === window;
  const here: Partial<FileStorage> = {
    async prepare() {
      await load();
    },
    ...(!picksFolders && { pickFolder: null }),
  };
  return new Proxy(here as FileStorage, {
    // Without `then`, so that a promise can resolve with this.
    get: (_, name: string) =>
      name in here || name === 'then'
        ? Reflect.get(here, name)
        : async (...given: readonly unknown[]) => Reflect.apply(Reflect.get(await load(), name), undefined, given),
  });
}
