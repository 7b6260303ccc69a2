import { lazy } from './lazy';
import type { FileStorage } from './platform';

type Storage = ReturnType<typeof import('./storage').storage>;

const storagePart = lazy(() => import('./storage'));

/** Where files go that come. What writes them is loaded when it is prepared, or asked for something. */
export function lazyStorage(): FileStorage {
  let made: Storage | null = null;
  const load = async (): Promise<Storage> => {
    const { storage } = await storagePart();
    made ??= storage();
    return made;
  };
  return {
    async prepare() {
      await load();
    },
    find: async (...given) => (await load()).find(...given),
    hasRoom: async (...given) => (await load()).hasRoom(...given),
    store: async (...given) => (await load()).store(...given),
    read: async (...given) => (await load()).read(...given),
    pick: async (...given) => (await load()).pick(...given),
    save: async (...given) => (await load()).save(...given),
    saveZip: async (...given) => (await load()).saveZip(...given),
    copy: async (...given) => (await load()).copy(...given),
    // A frame of another site may not ask for a folder.
    pickFolder:
      'showDirectoryPicker' in window && window.top === window ? async () => (await load()).pickFolder() : null,
  };
}
