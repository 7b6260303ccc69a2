/**
 * What a link has after its `#`, which browsers send to no server: the key that seals what the people of the call say to
 * each other through the server, 22 characters of base64url. After it, or alone, `pass=` and a signed pass.
 */
export type KeyReading =
  | { readonly is: 'key'; readonly key: string }
  | { readonly is: 'none' }
  /** Cut off, or changed. */
  | { readonly is: 'broken' };

/** 128 random bits. */
export function newKey(random: (count: number) => Uint8Array): string {
  const bytes = [...random(16)].map((byte) => String.fromCharCode(byte)).join('');
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Reads the part of an address from its `#` on, or nothing. */
export function readKey(fragment: string): KeyReading {
  const [key = ''] = fragment.replace(/^#/, '').split('&');
  if (key === '' || key.includes('=')) return { is: 'none' };
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(key) ? { is: 'key', key } : { is: 'broken' };
}

/** The owner's key in it: whoever opens this link is host. */
export function readOwner(fragment: string): string | null {
  const said = fragment.replace(/^#/, '').split('&');
  const owner = said.find((part) => part.startsWith('host='))?.slice('host='.length) ?? '';
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(owner) ? owner : null;
}

/** The pass in the part of an address from its `#` on; whether it opens anything is for the server to say. */
export function readPass(fragment: string): string | null {
  const said = fragment.replace(/^#/, '').split('&');
  return said.find((part) => part.startsWith('pass='))?.slice('pass='.length) || null;
}
