/** SHA-256. */
export async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** The hash of a file: SHA-256 over the SHA-256 hashes of its chunks. */
export async function rootOf(hashes: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
  return hex(await hashOf(new Uint8Array(await new Blob([...hashes]).arrayBuffer())));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
