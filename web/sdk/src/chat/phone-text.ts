import type { Json } from '../connection/messages.ts';
import { nextSequence } from '../connection/sequence.ts';
import { isRecord } from './question.ts';

/** What somebody wrote on a phone, as a line of the chat. */
export function lineOfPhone(text: string): Json {
  const now = Date.now();
  return { kind: 'chat', id: `${nextSequence()}`, clock: now, at: now, revision: 0, text, reply: null, to: null };
}

/** The text of a line that a phone can show; undefined if this is something else, such as an edited line. */
export function textForPhone(message: Json): string | undefined {
  if (!isRecord(message) || message['kind'] !== 'chat' || message['revision'] !== 0) return undefined;
  const { text } = message;
  return typeof text === 'string' ? text : undefined;
}
