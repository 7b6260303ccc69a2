import { openStore, request } from './database';
import type { FileHandles, StoredFileHandle } from './platform';

/** After these hours a handle is thrown away: nobody came back for it. */
const hoursKept = 24;

interface Row {
  readonly handle: FileSystemFileHandle;
  /** Milliseconds since 1970. */
  readonly at: number;
}

// Chromium only, and not among TypeScript's types of the DOM.
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

/** Handles of files, in the browser's database, by the id of the transfer. */
export function fileHandles(): FileHandles {
  const handles: Handles = new WeakMap();
  let ready: Promise<IDBDatabase> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  // One after the other: what is forgotten must not be kept a moment later.
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

/** A frame of another site may not ask for files in this way. */
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

/** The store, without what is too old. */
async function open(): Promise<IDBDatabase> {
  const database = await openStore('eyeline-sending', 'handles');
  const oldest = Date.now() - hoursKept * 3_600_000;
  for (const id of await request(database, 'readonly', (table) => table.getAllKeys())) {
    const row = await request<Row | undefined>(database, 'readonly', (table) => table.get(id));
    if (row !== undefined && row.at < oldest) await request(database, 'readwrite', (table) => table.delete(id));
  }
  return database;
}
