/** DTLS role: `active` is the DTLS client, `passive` the server (`a=setup`, RFC 8842, 5.1). */
export type DtlsRole = 'active' | 'passive';

const SETUP = /^a=setup:(active|passive)\r?$/m;

/** The role of the side that wrote this answer; null if it names none. */
export function dtlsRoleIn(sdp: string): DtlsRole | null {
  const said = SETUP.exec(sdp)?.[1];
  return said === 'active' || said === 'passive' ? said : null;
}

/**
 * Munges an answer to keep the DTLS role that was negotiated first. Roles can't change during a DTLS association (RFC
 * 8842, 5.5), but Firefox answers every offer with `active`, and Chromium rejects that from a side that was passive.
 */
export function withDtlsRole(sdp: string, setup: DtlsRole): string {
  return sdp.replace(/^a=setup:(?:active|passive)(\r?)$/gm, `a=setup:${setup}$1`);
}
