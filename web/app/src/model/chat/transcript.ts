import { chatWords } from '../../strings/chat';
import type { Line } from './chat';

/** The chat as plain text: one line per message, with its time, author, and recipient if it was private. */
export function transcript(lines: readonly Line[]): string {
  return lines.map((line) => `${chatWords.exported(line)}\n`).join('');
}
