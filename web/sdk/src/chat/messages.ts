import type { Json } from '../connection/messages.ts';
import { type ChatLine, keyOf } from './line.ts';
import { type ChatQuestion, ID_MAX, isId, isRecord, parseQuestion } from './question.ts';

/** Longest text of a chat line, in UTF-16 code units (`text.length`). */
export const CHAT_TEXT_MAX = 4000;
const NAME_MAX = 256;
/** Characters of JSON in an answer: it fits easily into a message. */
const ANSWER_CHARACTERS_MAX = 48 * 1024;

/** A line as it is sent: without what only one participant knows about it. */
export type WrittenLine = Pick<
  ChatLine,
  'id' | 'author' | 'name' | 'clock' | 'at' | 'revision' | 'text' | 'reply' | 'to'
>;

export type ChatFrame =
  /** By its author, to those it is for; sent again with a higher revision when they edit it. */
  | { readonly kind: 'chat'; readonly line: WrittenLine }
  | ChatQuestion
  /** A part of the answer. */
  | {
      readonly kind: 'chat-before';
      readonly ask: string;
      readonly last: boolean;
      readonly lines: readonly WrittenLine[];
    };

export function chatMessage({ id, clock, at, revision, text, reply, to }: WrittenLine): Json {
  return { kind: 'chat', id, clock, at, revision, text, reply, to };
}

/** The answer as messages, each with its lines. */
export function answers(ask: string, lines: readonly ChatLine[]): { message: Json; lines: readonly ChatLine[] }[] {
  const parts: ChatLine[][] = [[]];
  let size = 0;
  for (const line of lines) {
    const characters = JSON.stringify(toldLine(line)).length + 1;
    if (size + characters > ANSWER_CHARACTERS_MAX) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(line);
    size += characters;
  }
  return parts.map((part, index) => ({
    message: { kind: 'chat-before', ask, last: index === parts.length - 1, lines: part.map(toldLine) },
    lines: part,
  }));
}

function toldLine({ id, author, name, clock, at, revision, text, reply, to }: WrittenLine): Json {
  return { id, author, name, clock, at, revision, text, reply, to };
}

/** Parses what a peer sent; null if it isn't chat, or is invalid. `from` is the author of a `chat` message. */
export function parseMessage(value: unknown, from: { readonly id: string; readonly name: string }): ChatFrame | null {
  if (!isRecord(value)) return null;
  const { kind, ask } = value;
  if (kind === 'chat') {
    const line = parseLine({ ...value, author: from.id, name: from.name });
    return line && { kind, line };
  }
  if (kind === 'chat-ask') return parseQuestion(value);
  if (!isId(ask) || kind !== 'chat-before' || !Array.isArray(value['lines'])) return null;
  const lines = value['lines'].map(parseLine).filter((line) => line !== null);
  return { kind, ask, last: value['last'] === true, lines };
}

/** A line, from a peer or from what an earlier page of ours kept; null if it is none. */
export function parseLine(value: unknown): WrittenLine | null {
  if (!isRecord(value)) return null;
  const { id, author, name, clock, at, revision, text, reply, to } = value;
  if (!isId(id) || !isId(author) || typeof name !== 'string' || typeof text !== 'string') return null;
  if (!isCount(clock) || !isCount(at) || !isCount(revision)) return null;
  if (text.trim() === '' && !(text === '' && revision > 0)) return null;
  if (reply !== null && (typeof reply !== 'string' || reply.length > keyOf('', '').length + 2 * ID_MAX)) return null;
  if (to !== null && !isId(to)) return null;
  return { id, author, name: name.slice(0, NAME_MAX), clock, at, revision, text: cut(text), reply, to };
}

function cut(text: string): string {
  return wellFormed(text.length > CHAT_TEXT_MAX ? `${text.slice(0, CHAT_TEXT_MAX)}…` : text);
}

/** Replaces halves of characters (lone surrogates), as `String.prototype.toWellFormed` does in newer browsers. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
