import { openStore, request } from './database';
import type { FileHandles, StoredFileHandle } from './platform';

/** Hours after which a handle that nobody came back for is deleted. */
const hoursKept = 24;

interface Row {
  readonly handle: FileSystemFileHandle;
  /** Milliseconds since 1970. */
  readonly at: number;
}

// Chromium only, and missing from TypeScript's DOM types.
interface PickingWindow {
  showOpenFilePicker?: (options: { multiple: boolean }) => Promise<readonly FileSystemFileHandle[]>;
}
interface HandledItem {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}
interface GuardedHandle {
  queryPermission?: (asked: { mode: 'read' }) => Promise<PermissionState>;
  requestPermission?: (asked: { mode: 'read' }) => Promise<PermissionState>;
}

type Handles = WeakMap<File, Promise<FileSystemHandle | null>>;

/** File handles (File System Access API), stored in IndexedDB by transfer id. */
export function fileHandles(): FileHandles {
  const handles: Handles = new WeakMap();
  let ready: Promise<IDBDatabase> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  // One at a time: a handle that was just forgotten must not be stored a moment later.
  const inTurn = async <T>(ask: (database: IDBDatabase) => Promise<T>): Promise<T> => {
    const turn = last.then(async () => {
      ready ??= open();
      return ask(await ready);
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    choose: picker(handles),
    take(item) {
      const file = item.getAsFile();
      const handle = (item as HandledItem).getAsFileSystemHandle?.().catch(() => null);
      if (file !== null && handle !== undefined) handles.set(file, handle);
      return file;
    },
    async keep(id, file) {
      const promised = handles.get(file);
      if (promised === undefined) return;
      await inTurn(async (database) => {
        const handle = await promised;
        if (!(handle instanceof FileSystemFileHandle)) return;
        const row: Row = { handle, at: Date.now() };
        await request(database, 'readwrite', (table) => table.put(row, id));
      });
    },
    async find(id) {
      const row = await inTurn((database) => request<Row | undefined>(database, 'readonly', (table) => table.get(id)));
      return row === undefined ? null : held(row.handle, handles);
    },
    async forget(ids) {
      for (const id of ids) await inTurn((database) => request(database, 'readwrite', (table) => table.delete(id)));
    },
  };
}

/** A cross-origin frame may not open this picker. */
function picker(handles: Handles): FileHandles['choose'] {
  const choose = (window as PickingWindow).showOpenFilePicker?.bind(window);
  if (choose === undefined || window.top !== window) return null;
  return async () => {
    const chosen = await choose({ multiple: true });
    return Promise.all(chosen.map((handle) => read(handle, handles)));
  };
}

async function read(handle: FileSystemFileHandle, handles: Handles): Promise<File> {
  const file = await handle.getFile();
  handles.set(file, Promise.resolve(handle));
  return file;
}

function held(handle: FileSystemFileHandle & GuardedHandle, handles: Handles): StoredFileHandle {
  return {
    granted: async () => (await handle.queryPermission?.({ mode: 'read' })) === 'granted',
    ask: async () => (await handle.requestPermission?.({ mode: 'read' })) === 'granted',
    file: () => read(handle, handles),
  };
}

/** The database, after deleting what is too old. */
async function open(): Promise<IDBDatabase> {
  const database = await openStore('eyeline-sending', 'handles');
  const oldest = Date.now() - hoursKept * 3_600_000;
  for (const id of await request(database, 'readonly', (table) => table.getAllKeys())) {
    const row = await request<Row | undefined>(database, 'readonly', (table) => table.get(id));
    if (row !== undefined && row.at < oldest) await request(database, 'readwrite', (table) => table.delete(id));
  }
  return database;
}
