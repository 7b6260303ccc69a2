import type { Operator } from './platform';

/** What the server wrote about its operator into the page's head; null if they have set nothing. */
export function operator(): Operator | null {
  const told = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content ?? null;
  const found = { name: told('application-name'), imprint: told('imprint-url'), contact: told('contact-url') };
  return (found.name ?? found.imprint ?? found.contact) === null ? null : found;
}
