import { repairLink } from './link-fragment';
import { isRoomName } from './room-name';

/** What somebody typed or pasted into the field for a link or room name. */
export type CodeReading =
  /** `fragment` is the link's fragment, with its `#`. */
  | { readonly is: 'room'; readonly room: string; readonly fragment: string }
  | { readonly is: 'empty' }
  | { readonly is: 'wrong' }
  /** A valid link, but to another server. */
  | { readonly is: 'elsewhere'; readonly host: string };

/** Reads a full link, a path or a room name, or the first link in a text; `base` is the URL of this server. */
export function readCode(typed: string, base: string): CodeReading {
  const [, text = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(repairLink(linkIn(typed.trim()))) ?? [];
  if (text === '') return { is: 'empty' };
  if (!/[/:.]/.test(text)) return asRoom(text, fragment);
  const url = asUrl(text, base);
  const name = url === null ? undefined : /(?:^|\/)r\/([^/]+)\/?$/.exec(url.pathname)?.[1];
  if (url === null || name === undefined) return { is: 'wrong' };
  const reading = asRoom(name, fragment);
  const ours = url.href.toLowerCase().startsWith(base.toLowerCase());
  return reading.is === 'room' && !ours ? { is: 'elsewhere', host: url.host } : reading;
}

/** The first link in the text, else the text without an opening quote or bracket. */
function linkIn(text: string): string {
  const words = text.split(/[\s<>"“”«»]+/).filter((word) => word !== '');
  const link = words.find((word) => /https?:\/\//i.test(word)) ?? words.find((word) => /(^|\/)r\/./i.test(word));
  if (link !== undefined) return link.slice(Math.max(0, link.search(/https?:\/\//i)));
  return text.replace(/^[<("'‘“«[]+/, '');
}

function asRoom(text: string, fragment: string): CodeReading {
  const room = text.toLowerCase();
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
