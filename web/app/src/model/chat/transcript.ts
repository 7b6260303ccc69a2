import { chatWords } from '../../strings/chat';
import type { ChatMessage } from './chat';

/** The chat as plain text: one line per message, with its time, author, and recipient if it was private. */
export function transcript(lines: readonly ChatMessage[]): string {
  return lines.map((line) => `${chatWords.exported(line)}\n`).join('');
}
