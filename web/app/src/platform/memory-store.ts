import type { ReceivedStore } from './storage';

/** Bytes of received files that are kept in memory at most. */
export const memoryBytesMost = 256 * 1024 * 1024;

/**
 * Received files in memory, for a browser that stores nothing: in a private window, or if the person has blocked it. A
 * reload loses them.
 */
export function memoryStore(most = memoryBytesMost): ReceivedStore {
  const files = new Map<string, Blob[]>();
  const partsOf = (key: string): Blob[] => {
    const parts = files.get(key);
    if (parts === undefined) throw new DOMException('nothing of it is in memory', 'NotFoundError');
    return parts;
  };
  const used = () => [...files.values()].flat().reduce((sum, { size }) => sum + size, 0);
  return {
    parts: async (key) => partsOf(key),
    resumableParts: async (key) => partsOf(key),
    makeRoom: async (bytes) => ({ where: 'memory', fits: used() + bytes <= most, removed: [] }),
    async store(key, kept) {
      const parts = kept === 0 ? [] : [new Blob(partsOf(key)).slice(0, kept)];
      files.set(key, parts);
      return new WritableStream({
        write(bytes) {
          if (files.get(key) !== parts) throw new DOMException('it was removed', 'InvalidStateError');
          if (used() + bytes.length > most) {
            files.delete(key);
            throw new DOMException('too much for the memory', 'QuotaExceededError');
          }
          parts.push(new Blob([bytes]));
        },
        abort(code) {
          if (code !== 'gone' && files.get(key) === parts) files.delete(key);
        },
      });
    },
    read: async (key, start, bytes) =>
      new Uint8Array(await new Blob(partsOf(key)).slice(start, start + bytes).arrayBuffer()),
    // The browser keeps the blobs of a download by itself.
    handed: async () => undefined,
    remove: async (key) => void files.delete(key),
  };
}
