import type { Json } from '../connection/messages.ts';

export const ID_MAX = 64;

/** Authors in a question: it fits easily into a message. */
const AUTHORS_MAX = 300;

/** "What did I miss?" `have` is a checksum per author. `back`: this answers a question, so don't ask back. */
export interface ChatQuestion {
  readonly kind: 'chat-ask';
  readonly ask: string;
  readonly back: boolean;
  readonly have: Map<string, string>;
}

export function askMessage(ask: string, back: boolean, have: ReadonlyMap<string, string>): Json {
  return { kind: 'chat-ask', ask, back, have: [...have].slice(-AUTHORS_MAX) };
}

/**
 * The question in a message, without anything else that is in it; undefined if it is none. Participants who may not
 * write may still ask what they missed.
 */
export function questionIn(value: unknown): Json | undefined {
  const question = parseQuestion(value);
  return question === null ? undefined : askMessage(question.ask, question.back, question.have);
}

/** Parses a question; null if it is none. */
export function parseQuestion(value: unknown): ChatQuestion | null {
  if (!isRecord(value) || value['kind'] !== 'chat-ask' || !isId(value['ask'])) return null;
  return { kind: 'chat-ask', ask: value['ask'], back: value['back'] === true, have: parseHave(value['have']) };
}

function parseHave(value: unknown): Map<string, string> {
  if (!Array.isArray(value)) return new Map();
  const pairs = value.slice(0, AUTHORS_MAX).filter((each: unknown): each is [string, string] => {
    return Array.isArray(each) && isId(each[0]) && isId(each[1]);
  });
  return new Map(pairs);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= ID_MAX;
}
