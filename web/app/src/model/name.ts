/** Control characters, invisible characters, and those that change the direction of the text around them. */
const unwelcome = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/gu;

/** A name that is safe to send and show: one line, nothing invisible. */
export function cleanName(typed: string): string {
  return typed.replace(unwelcome, ' ').replace(/\s+/g, ' ').trim();
}

export const longestName = 64;

export type NameReading =
  | { readonly is: 'name'; readonly name: string }
  | { readonly is: 'empty' }
  | { readonly is: 'long'; readonly length: number };

export function readName(typed: string): NameReading {
  const name = cleanName(typed);
  const length = [...name].length;
  if (!/[^\s\u2800\p{Default_Ignorable_Code_Point}]/u.test(name)) return { is: 'empty' };
  return length > longestName ? { is: 'long', length } : { is: 'name', name };
}

/** Somebody else's name, cleaned: it may be anything. */
export function shownName(name: string): string {
  return [...cleanName(name)].slice(0, longestName).join('');
}

/** One or two letters shown in place of a picture. */
export function initials(name: string): string {
  const words = name.split(/[\s\-_.]+/).map((word) => [...word].find((letter) => /[\p{L}\p{N}]/u.test(letter)));
  const found = words.filter((letter) => letter !== undefined);
  const first = found.at(0) ?? '';
  const last = found.length > 1 ? (found.at(-1) ?? '') : '';
  return (first + last).toLocaleUpperCase();
}
