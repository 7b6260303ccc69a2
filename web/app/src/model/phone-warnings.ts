import { words } from '../strings/strings';

/** What to say about phones, of which each talks to one person only: `apart` are those that talk to somebody else. */
export function phoneWarnings(
  apart: readonly { readonly name: string }[],
  others: readonly { readonly name: string; readonly sip: boolean }[],
): readonly { readonly words: string; readonly about: null }[] {
  const ours = others.length > 1 ? others.filter(({ sip }) => sip) : [];
  return [
    ...apart.map(({ name }) => ({ words: words.phoneApart(name), about: null })),
    ...ours.map(({ name }) => ({ words: words.phoneHearsYou(name), about: null })),
  ];
}
