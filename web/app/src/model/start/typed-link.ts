import { readKey, repairLink } from './link-fragment';
import { isRoomName, meantRoomName } from './room-name';

/** What somebody typed or pasted into the field for a link or room name. */
export type CodeReading =
  /** `fragment` is the link's fragment, with its `#`. */
  | { readonly is: 'room'; readonly room: string; readonly fragment: string }
  | { readonly is: 'empty' }
  | { readonly is: 'wrong' }
  /** A valid link, but to another server. */
  | { readonly is: 'elsewhere'; readonly host: string };

/** Over how many lines a link may be wrapped. */
const linesMost = 4;

/** Reads a full link, a path or a room name, or the first link in a text; `base` is the URL of this server. */
export function readCode(typed: string, base: string): CodeReading {
  const reading = readLink(linkIn(typed.trim()), base);
  if (isSealed(reading)) return reading;
  return (
    unwrapped(typed)
      .map((text) => readLink(linkIn(text), base))
      .find(isSealed) ?? reading
  );
}

/** Whether it may be an invitation of words: five, or two more or less, and one more with a "yo-yo" among them. */
export function mayBeWords(typed: string): boolean {
  return typed.length < 200 && /^[\s,.;-]*(?:[a-z]+[\s,.;-]+){2,7}[a-z]+[\s,.;-]*$/i.test(typed);
}

/** Whether it's a link with a valid key, so that it was read as it was meant. */
function isSealed(reading: CodeReading): boolean {
  return reading.is === 'room' && readKey(reading.fragment).is === 'key';
}

/** The text from its first link on, with the lines joined over which mail programs may have wrapped it. */
function unwrapped(text: string): readonly string[] {
  const lines = text.split(/=?\r?\n[>\s]*/);
  const start = lines.findIndex((line) => isLink.test(line));
  if (start < 0) return [];
  return Array.from({ length: linesMost - 1 }, (_, more) => lines.slice(start, start + more + 2).join(''));
}

const isLink = /https?:\/\/|(?:^|[\s/])r\/./i;

/** The first link in the text, else the text without an opening quote or bracket. */
function linkIn(text: string): string {
  const words = text.split(/[\s<>"“”«»]+/).filter((word) => word !== '');
  const link = words.find((word) => /https?:\/\//i.test(word)) ?? words.find((word) => /(^|\/)r\/./i.test(word));
  if (link !== undefined) return link.slice(Math.max(0, link.search(/https?:\/\//i)));
  return text.replace(/^[<("'‘“«[]+/, '');
}

function readLink(link: string, base: string): CodeReading {
  const [, text = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(repairLink(unredirected(link))) ?? [];
  if (text === '') return { is: 'empty' };
  if (!/[/:.]/.test(text)) return asRoom(text, fragment);
  const url = asUrl(text, base);
  const name = url === null ? undefined : /(?:^|\/)r\/([^/]+)\/?$/.exec(url.pathname)?.[1];
  if (url === null || name === undefined) return { is: 'wrong' };
  const reading = asRoom(name, fragment);
  const ours = url.href.toLowerCase().startsWith(base.toLowerCase());
  return reading.is === 'room' && !ours ? { is: 'elsewhere', host: url.host } : reading;
}

/**
 * The link in a link that leads to it by way of another server, in a parameter: Outlook's Safe Links, and what other
 * mail programs and messengers make of a link.
 */
function unredirected(link: string): string {
  const url = /^https?:/i.test(link) ? parsed(link) : null;
  if (url === null || /\/r\/./i.test(url.pathname)) return link;
  for (const value of url.searchParams.values()) {
    const inner = unredirected(value);
    if (/^https?:[^?#]*\/r\/./i.test(inner)) return /#|%(?:25)*23/.test(inner) ? inner : inner + url.hash;
  }
  return link;
}

function asRoom(text: string, fragment: string): CodeReading {
  const room = meantRoomName(text);
  return isRoomName(room) ? { is: 'room', room, fragment } : { is: 'wrong' };
}

/** People also write links as `eyeline.example/r/tea`, `/r/tea` or `r/tea`. */
function asUrl(text: string, base: string): URL | null {
  if (/^https?:/i.test(text)) return parsed(text);
  if (/^\/?r\//i.test(text)) return parsed(text.toLowerCase().replace(/^\//, ''), base);
  if (text.startsWith('/')) return parsed(text, base);
  return parsed(`${new URL(base).protocol}//${text}`);
}

function parsed(text: string, base?: string): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}
