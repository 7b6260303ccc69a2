/** A browser whose own controls look different. `other` is one that we don't know. */
export type BrowserName = 'chromium' | 'firefox' | 'safari' | 'phone' | 'other';

/** Which browser it is, by its user agent string. On phones, permissions are in the system's settings or in a menu. */
export function browserName(userAgent: string): BrowserName {
  if (/Android|iPhone|iPad|Mobile/.test(userAgent)) return 'phone';
  if (/Firefox\//.test(userAgent)) return 'firefox';
  if (/Chrom(e|ium)\//.test(userAgent)) return 'chromium';
  return /Safari\//.test(userAgent) ? 'safari' : 'other';
}
