/** 32 letters and digits that are hard to confuse: no i, l, o and 0. */
const letters = 'abcdefghjkmnpqrstuvwxyz123456789';

export function isRoomName(name: string): boolean {
  return /^[a-z0-9-]{1,64}$/.test(name);
}

/** Whether it looks like a name that "New call" has made, of which one in 200 has no digit and is missed. */
export function isNewCallName(name: string): boolean {
  return /^(?:[a-hjkmnp-z1-9]{4}-){3}[a-hjkmnp-z1-9]{4}$/.test(name) && /[1-9]/.test(name);
}

/** The room name that somebody means who types or says it: with capitals, spaces or dashes. It may not be valid. */
export function meantRoomName(said: string): string {
  const words = decoded(said)
    .toLowerCase()
    .replace(/[\u2010-\u2015]/g, '-')
    .split(/\s+/);
  return words.filter((word) => word !== '' && word !== '-').join('-');
}

function decoded(said: string): string {
  try {
    return decodeURIComponent(said);
  } catch {
    return said;
  }
}

/** A name that can't be guessed: 16 characters of 5 bits, like `k3fp-w9zd-x7ma-qh42`. */
export function newRoomName(random: (count: number) => Uint8Array): string {
  const all = [...random(16)].map((byte) => letters.charAt(byte & 31)).join('');
  return all.replace(/(.{4})(?!$)/g, '$1-');
}
