import type { SignallingEvent } from './session.ts';

/** Milliseconds that the server has to answer. */
const ANSWERS_WITHIN_MS = 5000;

const MESSAGES = {
  'foreign-origin': (server: URL, page: Location): string =>
    server.host === page.host
      ? `The server takes ${page.origin} for another site's address: a proxy must pass Host with its port, or public_url be set.`
      : `The server accepts no WebSocket from this page: allow ${page.origin} in its allowed_origins.`,
  'unknown-host': (server: URL): string =>
    `The server doesn't know the name ${server.hostname}: its operator can allow it with allowed_hosts or public_url.`,
};

/**
 * Finds out why no WebSocket opens: browsers report a refused handshake just like a server that is down. Resolves with
 * the refusal; null if the server doesn't answer, or has nothing against the page.
 */
export async function refusalOf(server: URL): Promise<SignallingEvent | null> {
  const page = globalThis.location;
  const url = new URL('healthz', server);
  url.protocol = server.protocol.replace('ws', 'http');
  url.searchParams.set('origin', page.origin); // to its own server a page sends no Origin
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWERS_WITHIN_MS);
  const code = await fetch(url, { cache: 'no-store', signal: late.signal })
    .then(refused, () => null)
    .finally(() => clearTimeout(timer));
  return code === null ? null : { type: 'refused', code, message: MESSAGES[code](server, page) };
}

async function refused(answer: Response): Promise<keyof typeof MESSAGES | null> {
  const status: unknown = await answer.json().catch(() => null);
  if (typeof status !== 'object' || status === null || !('refuses' in status)) return null;
  const { refuses } = status;
  return refuses === 'foreign-origin' || refuses === 'unknown-host' ? refuses : null;
}
