/**
 * Milliseconds in which a browser has read a download of this size, at 20 MB/s at least: no event tells when. Until then
 * the bytes must stay.
 */
export function readingTime(bytes: number): number {
  return 60_000 + bytes / 20_000;
}
