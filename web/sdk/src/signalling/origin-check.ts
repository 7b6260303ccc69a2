import type { SignallingEvent } from './session.ts';

/** Sockets that fail before we ask why: one may fail by itself. */
const FAILURES = 2;

/** Whether the page that runs this is of another origin than the server. */
export function isForeign(server: URL): boolean {
  const page = globalThis.location;
  return page !== undefined && page.host !== server.host;
}

/**
 * Finds out why no WebSocket opens: browsers report a refused handshake just like a server that is down. Pages of every
 * origin may read the JavaScript API from the server (CORS), so if that answers, the handshake is what is refused.
 */
export class OriginCheck {
  readonly #url: URL;
  #failures = 0;

  constructor(server: URL) {
    this.#url = new URL('sdk/eyeline.js', server);
    this.#url.protocol = server.protocol.replace('ws', 'http');
  }

  /** A socket closed that was never open. Resolves with the refusal to report, once, if the server answers otherwise. */
  async failed(): Promise<SignallingEvent | null> {
    this.#failures += 1;
    if (this.#failures !== FAILURES) return null;
    const { ok } = await fetch(this.#url, { method: 'HEAD', cache: 'no-store' }).catch(() => ({ ok: false }));
    if (!ok) return null;
    const { origin } = globalThis.location;
    const message = `The server answers, but accepts no WebSocket from this page: allow ${origin} in its allowed_origins.`;
    return { type: 'refused', code: 'foreign-origin', message };
  }
}
