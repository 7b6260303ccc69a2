import { shownName } from '@eyeline/app/model/name';

/** The part of a SIP address that people know: "bob" on our own host, "bob@example.org" elsewhere. */
export function shortAddress(uri: string, ownUri: string): string {
  const bare = uri.replace(/^sips?:/, '');
  const host = ownUri.slice(ownUri.lastIndexOf('@'));
  return shownName(decoded(bare.endsWith(host) ? bare.slice(0, -host.length) : bare));
}

/** Without what may differ between two addresses of one person: the case of the host, parameters. */
export function sameAddress(uri: string): string {
  const [user = '', host = ''] = uri.replace(/^sips?:/, '').split('@');
  return host === '' ? user : `sip:${user}@${host.replace(/[;?].*/, '').toLowerCase()}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
