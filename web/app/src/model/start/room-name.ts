/** 32 letters and digits that are hard to confuse: no i, l, o and 0. */
const letters = 'abcdefghjkmnpqrstuvwxyz123456789';

export function isRoomName(name: string): boolean {
  return /^[a-z0-9-]{1,64}$/.test(name);
}

/** A name that can't be guessed: 16 characters of 5 bits, like `k3fp-w9zd-x7ma-qh42`. */
export function newRoomName(random: (count: number) => Uint8Array): string {
  const all = [...random(16)].map((byte) => letters.charAt(byte & 31)).join('');
  return all.replace(/(.{4})(?!$)/g, '$1-');
}
