export const NONCE_BYTES = 16;

/** What both ends send to each other; all in lower-case hex. */
export type VerificationStep =
  | { readonly step: 'commit'; readonly hash: string }
  | { readonly step: 'nonce'; readonly nonce: string }
  | { readonly step: 'reveal'; readonly nonce: string }
  /** A long-term public key (P-256, uncompressed), and its signature for this connection (ECDSA with SHA-256). */
  | { readonly step: 'identity'; readonly key: string; readonly signature: string };

/** Parses a step from the other side; null if it is invalid. */
export function parseStep(value: unknown): VerificationStep | null {
  if (typeof value !== 'object' || value === null) return null;
  const { step, hash, nonce, key, signature } = value as Record<string, unknown>;
  if (step === 'commit') return isHex(hash, 32) ? { step, hash } : null;
  if (step === 'nonce' || step === 'reveal') return isHex(nonce, NONCE_BYTES) ? { step, nonce } : null;
  if (step === 'identity' && isHex(key, 65) && isHex(signature, 64)) return { step, key, signature };
  return null;
}

function isHex(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value);
}
