/** Bytes of a name in UTF-8 that every file system can store. */
const NAME_BYTES_MAX = 200;

/** Removes everything from a name that a file system, a shell or a reader could misinterpret. */
export function safeName(name: string): string {
  const plain = name
    .replace(/\p{Cs}/gu, '\uFFFD')
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '');
  const fitting = shorten(plain).replace(/[\s.]+$/, '');
  if (fitting === '') return 'file';
  return /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i.test(fitting)
    ? `_${fitting}`
    : fitting;
}

/** Truncates to {@link NAME_BYTES_MAX} between characters, and keeps the extension. */
function shorten(name: string): string {
  const length = (text: string): number => new TextEncoder().encode(text).length;
  if (length(name) <= NAME_BYTES_MAX) return name;
  const ending = /\.[a-z0-9]{1,10}$/i.exec(name)?.[0] ?? '';
  let kept = '';
  let bytes = ending.length;
  for (const character of name) {
    bytes += length(character);
    if (bytes > NAME_BYTES_MAX) break;
    kept += character;
  }
  return kept + ending;
}
