/**
 * The fragment of a link (after `#`), which browsers never send to a server. It has the key that encrypts what people
 * in the call send each other through the server: 22 characters of base64url. After it, or alone: `pass=` and a signed
 * pass.
 */
export type KeyReading =
  | { readonly is: 'key'; readonly key: string }
  | { readonly is: 'none' }
  /** Truncated or changed. */
  | { readonly is: 'broken' };

/** Punctuation and quotes that end up at the end of a link in a sentence, also percent-encoded. */
const trailing = /(?:[\s.,;:!?)>\]}"'’”»…]|%(?:[23].|5D|7D|E2%80%..|C2%BB))+$/i;

/**
 * Repairs a link that other software has damaged: some write `#` as `%23`, and some take the punctuation after the link
 * as a part of it.
 */
export function repairLink(link: string): string {
  const [path = '', ...fragment] = link.replace(/%23/, '#').split('#');
  const ends = [path, fragment.join('#')].map((part) => part.replace(trailing, ''));
  return fragment.length === 0 ? (ends[0] ?? '') : ends.join('#');
}

/** A new key: 128 random bits. */
export function newKey(random: (count: number) => Uint8Array): string {
  const bytes = [...random(16)].map((byte) => String.fromCharCode(byte)).join('');
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Reads the key from a fragment, with or without `#`. */
export function readKey(fragment: string): KeyReading {
  const [key = ''] = fragment.replace(/^#/, '').split(/[&?]/);
  if (key === '' || key.includes('=')) return { is: 'none' };
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(key) ? { is: 'key', key } : { is: 'broken' };
}

/** The owner key in a fragment: anyone who opens such a link is host. */
export function readOwner(fragment: string): string | null {
  const said = fragment.replace(/^#/, '').split('&');
  const owner = said.find((part) => part.startsWith('host='))?.slice('host='.length) ?? '';
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(owner) ? owner : null;
}

/** The pass in a fragment. Only the server knows whether it's valid. */
export function readPass(fragment: string): string | null {
  const said = fragment.replace(/^#/, '').split('&');
  return said.find((part) => part.startsWith('pass='))?.slice('pass='.length) || null;
}
