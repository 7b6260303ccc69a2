import type { Line } from '../../model/chat/chat';

/** Lines that are drawn together, about and at most. */
const about = 25;
const most = 100;

export interface Block {
  /** The line above it. */
  readonly before: Line | undefined;
  readonly lines: readonly Line[];
}

/**
 * Of these the newest, `count` or somewhat more: it begins where a block does, so that one line more moves no block. What
 * moves is made anew, and would be read out again.
 */
export function shownOf(lines: readonly Line[], count: number): readonly Line[] {
  let start = Math.max(0, lines.length - count);
  for (let back = 0; start > 0 && !isLast(lines[start - 1]); start -= 1) {
    back += 1;
    if (back === most) return lines.slice(Math.floor((lines.length - count) / most) * most);
  }
  return lines.slice(start);
}

/** Blocks end after certain lines, so that one line more changes one block. */
export function blocksOf(lines: readonly Line[]): readonly Block[] {
  const found: Block[] = [];
  let start = 0;
  for (const [index, line] of lines.entries()) {
    if (!isLast(line) && index - start + 1 < most && index < lines.length - 1) continue;
    found.push({ before: lines[start - 1], lines: lines.slice(start, index + 1) });
    start = index + 1;
  }
  return found;
}

function isLast(line: Line | undefined): boolean {
  return line !== undefined && line.clock % about === 0;
}
