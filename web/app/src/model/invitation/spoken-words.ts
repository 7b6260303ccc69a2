import { newKey } from '../start/link-fragment';
import { newRoomName } from '../start/room-name';
import { wordList } from './word-list';

/** Words of an invitation: five of {@link wordList} are 51.7 bits. */
const count = 5;

/**
 * Iterations of PBKDF2-HMAC-SHA-256: about a quarter of a second here, and for each guess of somebody who tries them all.
 */
const iterations = 1_000_000;

/** What somebody typed, if it's an invitation of words. */
export type WordsReading =
  | { readonly is: 'words'; readonly words: readonly string[] }
  /** A letter or two of some words are wrong; these are the words that were meant. */
  | { readonly is: 'nearly'; readonly words: readonly string[] }
  /** All but one are known words. */
  | { readonly is: 'unknown'; readonly word: string }
  /** Nearly all are known words, but there are more or fewer than five. */
  | { readonly is: 'miscounted'; readonly count: number }
  | { readonly is: 'other' };

/** The room in which the link is handed over, and the key of its signalling. */
export interface Rendezvous {
  readonly room: string;
  readonly key: string;
}

export function newWords(random: (count: number) => Uint8Array): readonly string[] {
  return Array.from({ length: count }, () => wordList[index(random)] ?? '');
}

/** An index into the list, each equally likely: of the 65536 numbers the last 736 would favour some, so they're drawn again. */
function index(random: (count: number) => Uint8Array): number {
  const [high = 0, low = 0] = random(2);
  const drawn = high * 256 + low;
  return drawn < 65_536 - (65_536 % wordList.length) ? drawn % wordList.length : index(random);
}

/** Reads words in any case, with spaces, hyphens or commas between them. The first three letters of each are enough. */
export function readWords(said: string): WordsReading {
  const text = said.toLowerCase().replace(/yo[\s-]yo/g, 'yoyo');
  if (text.length > 200 || !/^[a-z\s,.;-]*$/.test(text)) return { is: 'other' };
  const typed = text.split(/[^a-z]+/).filter((word) => word !== '');
  const meant = typed.map((word) => ({ word, known: known(word), near: near(word) }));
  const strange = meant.filter(({ known }) => known === undefined);
  if (typed.length !== count) {
    const nearly = Math.abs(typed.length - count) < 3 && strange.length <= typed.length - 3 && strange.length < 2;
    return nearly ? { is: 'miscounted', count: typed.length } : { is: 'other' };
  }
  if (strange.length === 0) return { is: 'words', words: meant.map(({ known = '' }) => known) };
  const lost = strange.find(({ near }) => near === undefined);
  if (lost === undefined && strange.length < 3)
    return { is: 'nearly', words: meant.map(({ known, near = '' }) => known ?? near) };
  return lost !== undefined && strange.length === 1 ? { is: 'unknown', word: lost.word } : { is: 'other' };
}

function known(typed: string): string | undefined {
  return typed.length < 3 ? undefined : wordList.find((word) => word.startsWith(typed));
}

/** The word that differs in one letter, or in two that are swapped. There is one at most. */
function near(typed: string): string | undefined {
  return wordList.find((word) => isNear(word, typed));
}

function isNear(word: string, typed: string): boolean {
  const [short, long] = word.length < typed.length ? [word, typed] : [typed, word];
  if (long.length - short.length > 1) return false;
  let start = 0;
  while (start < short.length && short[start] === long[start]) start += 1;
  if (long.length > short.length) return short.slice(start) === long.slice(start + 1);
  const [a, b] = [short.slice(start), long.slice(start)];
  const swapped = a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return swapped || a.slice(1) === b.slice(1);
}

/** `url` is the server's base URL: the same words lead elsewhere on another server. */
export async function rendezvousOf(words: readonly string[], url: string): Promise<Rendezvous> {
  const { host, pathname } = new URL(url);
  const password = new TextEncoder().encode(words.join(' '));
  const salt = new TextEncoder().encode(`eyeline words 1 ${host}${pathname}`);
  const material = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  const derived = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, material, 256);
  const bytes = new Uint8Array(derived);
  return { room: newRoomName(() => bytes.subarray(0, 16)), key: newKey(() => bytes.subarray(16)) };
}
