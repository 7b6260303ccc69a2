/**
 * Width and height in the header of a JPEG (the frame header SOF, ITU-T T.81, B.2.2), in pixels. null if it has none, or
 * if anything precedes it but whole segments: a decoder might read that in another way.
 */
export function jpegSize(bytes: Uint8Array): { readonly width: number; readonly height: number } | null {
  const word = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (word(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 <= bytes.length; ) {
    const marker = word(at);
    if (isFrameHeader(marker)) return { height: word(at + 5), width: word(at + 7) };
    if (!isSegment(marker) || word(at + 2) < 2) return null;
    at += 2 + word(at + 2);
  }
  return null;
}

/** SOF0 to SOF15, among which three codes mean something else. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
}

/** A segment with a length that may precede the frame header: tables, application data, a comment. */
function isSegment(marker: number): boolean {
  return [0xffc4, 0xffcc, 0xffdb, 0xffdd, 0xfffe].includes(marker) || (marker >= 0xffe0 && marker <= 0xffef);
}
