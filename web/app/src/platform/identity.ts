import { openStore, request } from './database';

/**
 * This browser's long-term key, by which people who verified us recognise us. It's generated on first use and can't be
 * exported. null if the browser stores nothing.
 */
export async function identity(): Promise<CryptoKeyPair | null> {
  try {
    const database = await openStore('eyeline-keys', 'keys');
    const kept = await request<unknown>(database, 'readonly', (table) => table.get(name));
    if (isPair(kept)) return kept;
    const made = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    // Another tab may have been faster: the first key counts.
    await request(database, 'readwrite', (table) => table.add(made, name)).catch(() => undefined);
    const first = await request<unknown>(database, 'readonly', (table) => table.get(name));
    return isPair(first) ? first : null;
  } catch {
    return null;
  }
}

const name = 'identity';

function isPair(value: unknown): value is CryptoKeyPair {
  return typeof value === 'object' && value !== null && 'privateKey' in value && 'publicKey' in value;
}
