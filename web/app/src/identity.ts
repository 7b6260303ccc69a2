/**
 * This browser's long-term key, by which people whom we verified recognise us; made when first asked for. It can't be
 * taken out of the browser. null where the browser stores nothing.
 */
export async function identity(): Promise<CryptoKeyPair | null> {
  try {
    const database = await open();
    const kept = await request<unknown>(database, 'readonly', (store) => store.get(name));
    if (isPair(kept)) return kept;
    const made = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    // Another tab may have been quicker: the first one counts.
    await request(database, 'readwrite', (store) => store.add(made, name)).catch(() => undefined);
    const first = await request<unknown>(database, 'readonly', (store) => store.get(name));
    return isPair(first) ? first : null;
  } catch {
    return null;
  }
}

const name = 'identity';

function isPair(value: unknown): value is CryptoKeyPair {
  return typeof value === 'object' && value !== null && 'privateKey' in value && 'publicKey' in value;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('eyeline-keys', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

function request<T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const asked = ask(database.transaction('keys', mode).objectStore('keys'));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
