/** What somebody typed to say whom to call. */
export type Dialled =
  | { readonly user: string }
  /** Not a name or address, or an address of another server. */
  | { readonly problem: 'invalid' | 'foreign' };

/** Reads `alice`, `alice@host` and `sip:alice@host`, in any case; `host` is that of this server. */
export function dialled(typed: string, host: string): Dialled {
  const address = typed
    .trim()
    .toLowerCase()
    .replace(/^sips?:/, '');
  const [user = '', at, ...more] = address.split('@');
  if (!/^[a-z0-9+][a-z0-9._+-]{0,63}$/.test(user) || more.length > 0) return { problem: 'invalid' };
  return at === undefined || at === host ? { user } : { problem: 'foreign' };
}
