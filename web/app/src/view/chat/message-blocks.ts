import type { ChatMessage } from '../../model/chat/chat';

/** Messages that are drawn together: roughly, and at most. */
const about = 25;
const most = 100;

export interface Block {
  /** The message above the block. */
  readonly before: ChatMessage | undefined;
  readonly lines: readonly ChatMessage[];
}

/**
 * The newest messages, `count` or a few more. They start where a block starts, so that a new message moves no block:
 * blocks that move are drawn again, and screen readers would read them out again.
 */
export function shownOf(lines: readonly ChatMessage[], count: number): readonly ChatMessage[] {
  let start = Math.max(0, lines.length - count);
  for (let back = 0; start > 0 && !isLast(lines[start - 1]); start -= 1) {
    back += 1;
    if (back === most) return lines.slice(Math.floor((lines.length - count) / most) * most);
  }
  return lines.slice(start);
}

/** Blocks end after fixed messages, so that a new message changes only one block. */
export function blocksOf(lines: readonly ChatMessage[]): readonly Block[] {
  const found: Block[] = [];
  let start = 0;
  for (const [index, line] of lines.entries()) {
    if (!isLast(line) && index - start + 1 < most && index < lines.length - 1) continue;
    found.push({ before: lines[start - 1], lines: lines.slice(start, index + 1) });
    start = index + 1;
  }
  return found;
}

function isLast(line: ChatMessage | undefined): boolean {
  return line !== undefined && line.clock % about === 0;
}
