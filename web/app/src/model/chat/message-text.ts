/** Control characters other than line breaks and tabs, and halves of characters: a visible character replaces them. */
const unsafe = /(?![\n\t])[\p{Cc}\p{Cs}]/gu;

/** Somebody's text, made safe to show: well-formed Unicode, no control characters. */
export function showable(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(unsafe, '\ufffd');
}

/** A piece of a message; with `href` it's a link. */
export interface Piece {
  readonly text: string;
  readonly href: string | null;
  readonly code: boolean;
}

/** Code: between backticks, or between lines of three backticks. */
const code = /```(?=[^`]*[^`\s])\n?([^`]+?)\n?```|`(?=[^`\n]*[^`\s])([^`\n]+)`/gu;
/**
 * Only http and https: `javascript:` and the like stay plain text. No invisible characters, nor ones that change text
 * direction.
 */
const address = /\bhttps?:\/\/[^\s<>"'\p{Cf}]+/giu;
/** At the end of a link these belong to the sentence. */
const afterwards = '.,;:!?…';

/** Splits a message into text, links and code. Together the pieces are the text, without the backticks. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(code)) {
    found.push(...linked(text.slice(end, match.index)));
    found.push({ text: match[1] ?? match[2] ?? '', href: null, code: true });
    end = match.index + match[0].length;
  }
  return [...found, ...linked(text.slice(end))];
}

function isUrl(text: string): boolean {
  try {
    return new URL(text) !== null;
  } catch {
    return false;
  }
}

function linked(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(address)) {
    const written = bare(match[0]);
    if (!isUrl(written)) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index), href: null, code: false });
    found.push({ text: written, href: written, code: false });
    end = match.index + written.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), href: null, code: false });
  return found;
}

/** The link without punctuation after it. A closing bracket is part of the link only if it has an opening one. */
function bare(written: string): string {
  const around = written.includes('(') ? afterwards : `${afterwards})`;
  let end = written.length;
  while (end > 0 && around.includes(written.charAt(end - 1))) end -= 1;
  return written.slice(0, end);
}
