import { chatWords } from '../../strings/chat';
import type { Line } from './chat';

/** The conversation as text, to be kept: a line each, with its time, who wrote it, and to whom if not to all. */
export function transcript(lines: readonly Line[]): string {
  return lines.map((line) => `${chatWords.exported(line)}\n`).join('');
}
