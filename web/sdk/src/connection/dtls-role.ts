/** Which side opens DTLS: `active` does, `passive` waits (RFC 8842, 5.1). */
export type DtlsRole = 'active' | 'passive';

const SETUP = /^a=setup:(active|passive)\r?$/m;

/** What an answer says of the side that wrote it; null if it says nothing. */
export function dtlsRoleIn(sdp: string): DtlsRole | null {
  const said = SETUP.exec(sdp)?.[1];
  return said === 'active' || said === 'passive' ? said : null;
}

/**
 * The answer with the setup that was agreed on before.  While DTLS lives its sides can't change (RFC 8842, 5.5), but
 * Firefox answers every offer with `active`, and Chromium refuses that from a side that was passive.
 */
export function withDtlsRole(sdp: string, setup: DtlsRole): string {
  return sdp.replace(/^a=setup:(?:active|passive)(\r?)$/gm, `a=setup:${setup}$1`);
}
