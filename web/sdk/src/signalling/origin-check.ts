import type { SignallingEvent } from './session.ts';

/**
 * Finds out why no WebSocket opens: browsers report a refused handshake just like a server that is down. Pages of every
 * origin may read the JavaScript API from the server (CORS), so if that answers, the handshake is what is refused.
 * Resolves with the refusal; null if the server doesn't answer.
 */
export async function refusalOf(server: URL): Promise<SignallingEvent | null> {
  const url = new URL('sdk/eyeline.js', server);
  url.protocol = server.protocol.replace('ws', 'http');
  const { ok } = await fetch(url, { method: 'HEAD', cache: 'no-store' }).catch(() => ({ ok: false }));
  if (!ok) return null;
  const { origin } = globalThis.location;
  const message = `The server answers, but accepts no WebSocket from this page: allow ${origin} in its allowed_origins.`;
  return { type: 'refused', code: 'foreign-origin', message };
}
