import { openStore, request } from './database';
import type { StoredFileHandle } from './platform';

/** Hours after which a handle that nobody came back for is deleted. */
const hoursKept = 24;

interface Row {
  readonly handle: FileSystemFileHandle;
  /** Milliseconds since 1970. */
  readonly at: number;
}

// Chromium only, and missing from TypeScript's DOM types.
interface GuardedHandle {
  queryPermission?: (asked: { mode: 'read' }) => Promise<PermissionState>;
  requestPermission?: (asked: { mode: 'read' }) => Promise<PermissionState>;
}

/** The handles that are stored in IndexedDB by transfer id. `read` gets the file of a handle. */
export function handleStore(read: (handle: FileSystemFileHandle) => Promise<File>) {
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
    async keep(id: string, promised: Promise<FileSystemHandle | null>): Promise<void> {
      await inTurn(async (database) => {
        const handle = await promised;
        if (!(handle instanceof FileSystemFileHandle)) return;
        const row: Row = { handle, at: Date.now() };
        await request(database, 'readwrite', (table) => table.put(row, id));
      });
    },
    async find(id: string): Promise<StoredFileHandle | null> {
      const row = await inTurn((database) => request<Row | undefined>(database, 'readonly', (table) => table.get(id)));
      return row === undefined ? null : held(row.handle, read);
    },
    async forget(ids: readonly string[]): Promise<void> {
      for (const id of ids) await inTurn((database) => request(database, 'readwrite', (table) => table.delete(id)));
    },
  };
}

function held(
  handle: FileSystemFileHandle & GuardedHandle,
  read: (handle: FileSystemFileHandle) => Promise<File>,
): StoredFileHandle {
  return {
    granted: async () => (await handle.queryPermission?.({ mode: 'read' })) === 'granted',
    ask: async () => (await handle.requestPermission?.({ mode: 'read' })) === 'granted',
    file: () => read(handle),
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
