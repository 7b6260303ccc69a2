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

/** What follows a link in a text: a space, a quote or an angle bracket, also percent-encoded. */
const after = /(?:[\s"<>]|%(?:20|22|3C|3E|0A|0D)).*$/is;

/**
 * Repairs a link that other software has damaged: some write `#` as `%23` or even `%2523`, and some take the punctuation
 * or the text after the link as a part of it.
 */
export function repairLink(link: string): string {
  const [path = '', ...rest] = link.replace(/%(?:25)*23/, '#').split('#');
  const [start, fragment] = [path, rest.join('#').replace(after, '')].map((part) => part.replace(trailing, ''));
  return rest.length === 0 ? (start ?? '') : `${start}#${fragment}`;
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
