import { lazy } from './lazy';
import type { FileHandles } from './platform';

// Chromium only, and missing from TypeScript's DOM types.
interface PickingWindow {
  showOpenFilePicker?: (options: { multiple: boolean }) => Promise<readonly FileSystemFileHandle[]>;
}
interface HandledItem {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

const handleStoreModule = lazy(() => import('./handle-store'));

/** File handles (File System Access API). What stores them is loaded with the first one. */
export function fileHandles(): FileHandles {
  const handles = new WeakMap<File, Promise<FileSystemHandle | null>>();
  const read = async (handle: FileSystemFileHandle): Promise<File> => {
    const file = await handle.getFile();
    handles.set(file, Promise.resolve(handle));
    return file;
  };
  const store = lazy(async () => (await handleStoreModule()).handleStore(read));
  return {
    choose: picker(read),
    take(item) {
      const file = item.getAsFile();
      const handle = (item as HandledItem).getAsFileSystemHandle?.().catch(() => null);
      if (file !== null && handle !== undefined) handles.set(file, handle);
      return file;
    },
    async keep(id, file) {
      const promised = handles.get(file);
      if (promised !== undefined) await (await store()).keep(id, promised);
    },
    find: async (id) => (await store()).find(id),
    forget: async (ids) => (await store()).forget(ids),
  };
}

/** A cross-origin frame may not open this picker. */
function picker(read: (handle: FileSystemFileHandle) => Promise<File>): FileHandles['choose'] {
  const choose = (window as PickingWindow).showOpenFilePicker?.bind(window);
  if (choose === undefined || window.top !== window) return null;
  return async () => {
    const chosen = await choose({ multiple: true });
    return Promise.all(chosen.map(read));
  };
}
