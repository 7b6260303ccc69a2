/** Control characters other than line breaks and tabs: they have no picture, so they get one. */
const controls = /(?![\n\t])\p{Cc}/gu;

/** Somebody's words as they may be shown: whole characters only. */
export function showable(text: string): string {
  return text.toWellFormed().replace(/\r\n?/g, '\n').replace(controls, '\ufffd');
}

/** A piece of somebody's words; with `href` it is an address that they wrote, to be followed. */
export interface Piece {
  readonly text: string;
  readonly href: string | null;
  readonly code: boolean;
}

/** Between backticks, or on lines between three of them. */
const code = /```(?=[^`]*[^`\s])\n?([^`]+?)\n?```|`(?=[^`\n]*[^`\s])([^`\n]+)`/gu;
/** Nothing but the web's own: `javascript:` and the like stay words.  No signs that have no picture, or turn letters round. */
const address = /\bhttps?:\/\/[^\s<>"'\p{Cf}]+/giu;
/** At the end of an address these are the sentence's, and not its own. */
const afterwards = '.,;:!?…';

/** The words in pieces, in their order; together they are the text, without the backticks around code. */
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

function linked(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(address)) {
    const written = bare(match[0]);
    if (!URL.canParse(written)) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index), href: null, code: false });
    found.push({ text: written, href: written, code: false });
    end = match.index + written.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), href: null, code: false });
  return found;
}

/** Without the punctuation around it; a bracket belongs to it if it was opened inside. */
function bare(written: string): string {
  const around = written.includes('(') ? afterwards : `${afterwards})`;
  let end = written.length;
  while (end > 0 && around.includes(written.charAt(end - 1))) end -= 1;
  return written.slice(0, end);
}
