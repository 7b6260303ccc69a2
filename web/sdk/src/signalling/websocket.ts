import { notify } from '../value.ts';
import { type FromBroker, SUBPROTOCOL, type ToBroker } from './protocol.ts';
import { type MemberCommand, Session, type SessionEffect, type SignallingEvent, type Ticket } from './session.ts';

/** Seconds by which a timer is late if our own page was blocked or suspended. */
const LATE = 1;

/** Milliseconds for the browser to deliver the messages that arrived meanwhile. */
const CATCH_UP_MS = 100;

/** Sockets that fail before we look for the reason: one may fail by itself. */
const FAILURES = 2;

/** What a lobby and a room need of signalling. */
export interface Signalling {
  /** What it takes to resume the seat; null without one. */
  readonly ticket: Ticket | null;
  /** The network may have changed: reconnects, or checks by a keepalive ping. */
  checkConnection(): void;
  join(name: string): void;
  /** Stops asking for a seat, and gives it up if we just got it. The lobby stays open. */
  cancelJoin(): void;
  /** Sends a signal to another member; false if it is too large for the server. */
  signal(to: string, data: string): boolean;
  /** Sends a command; false if it isn't sent because the server is away or we have no seat. */
  command(command: MemberCommand): boolean;
  leave(): void;
}

/** Which room on which server, and what opens it. */
export interface SignallingTarget {
  readonly url: URL;
  readonly room: string;
  readonly pass: string | null;
  /** The owner key of the room. */
  readonly owner: string | null;
}

/**
 * Signalling over a WebSocket: carries out what its {@link Session} decides, with one socket at a time and one timer.
 */
export class WebSocketSignalling implements Signalling {
  readonly #url: URL;
  readonly #session: Session;
  readonly #emit: (event: SignallingEvent) => void;
  readonly #ended = new AbortController();
  /** Sockets that could not be opened. null once one was open, and outside browsers. */
  #failures: number | null;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    { url, room, pass, owner }: SignallingTarget,
    ticket: Ticket | null,
    emit: (event: SignallingEvent) => void,
  ) {
    this.#url = new URL('ws', url);
    this.#url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    this.#session = new Session(room, ticket, {
      ...(pass === null ? {} : { pass }),
      ...(owner === null ? {} : { owner }),
    });
    this.#emit = emit;
    this.#failures = globalThis.location === undefined ? null : 0;
    const hurry = (): void => this.checkConnection();
    const options = { signal: this.#ended.signal };
    // A page in the back/forward cache would keep the socket open, and the others would see somebody who isn't there.
    globalThis.addEventListener?.('pagehide', ({ persisted }) => persisted && this.#pause(), options);
    globalThis.addEventListener?.('pageshow', ({ persisted }) => persisted && hurry(), options);
    globalThis.addEventListener?.('online', hurry, options);
    globalThis.document?.addEventListener('visibilitychange', () => document.hidden || hurry(), options);
    globalThis.document?.addEventListener('securitypolicyviolation', (event) => this.#violation(event), options);
    this.#perform(this.#session.start(seconds()));
  }

  #pause(): void {
    this.#forget();
    this.#perform(this.#session.closed(seconds(), 1));
  }

  checkConnection(): void {
    this.#perform(this.#session.checkConnection(seconds()));
  }

  get ticket(): Ticket | null {
    return this.#session.ticket;
  }

  join(name: string): void {
    this.#perform(this.#session.join(name));
  }

  cancelJoin(): void {
    this.#perform(this.#session.cancelJoin(seconds()));
  }

  signal(to: string, data: string): boolean {
    const effects = this.#session.signal(to, data);
    if (effects !== null) this.#perform(effects);
    return effects !== null;
  }

  command(command: MemberCommand): boolean {
    const effects = this.#socket?.readyState === WebSocket.OPEN ? this.#session.command(command) : null;
    if (effects !== null) this.#perform(effects);
    return effects !== null;
  }

  leave(): void {
    this.#perform(this.#session.leave(seconds()));
  }

  #perform(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'connect':
          this.#connect();
          break;
        case 'send':
          this.#send(effect.message);
          break;
        case 'close':
          this.#forget();
          break;
        case 'emit':
          notify(this.#emit, effect.event);
          break;
      }
    }
    if (this.#session.over) this.#stop();
    else this.#setTimer();
  }

  #connect(): void {
    this.#forget();
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#url, SUBPROTOCOL);
    } catch {
      this.#lost(); // Firefox throws if the page's Content Security Policy forbids it
      return;
    }
    this.#socket = socket;
    const ours = (): boolean => this.#socket === socket;
    socket.onopen = () => {
      if (!ours()) return;
      this.#failures = null;
      this.#perform(this.#session.opened(seconds()));
    };
    socket.onclose = () => {
      if (ours()) this.#lost();
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (ours()) this.#perform(this.#session.receive(JSON.parse(event.data) as FromBroker, seconds()));
    };
  }

  #lost(): void {
    this.#socket = null;
    this.#perform(this.#session.closed(seconds(), Math.random()));
    if (this.#failures === null) return;
    this.#failures += 1;
    if (this.#failures === FAILURES) void this.#findReason();
  }

  async #findReason(): Promise<void> {
    const check = await import('./origin-check.ts').catch(() => null); // the server of the page may be away
    const refusal = (await check?.refusalOf(this.#url)) ?? null;
    if (refusal !== null && this.#failures !== null && !this.#session.over) notify(this.#emit, refusal);
  }

  #violation({ effectiveDirective, disposition, blockedURI }: SecurityPolicyViolationEvent): void {
    if (effectiveDirective !== 'connect-src' || disposition !== 'enforce' || !isAbout(blockedURI, this.#url)) return;
    const why = `The Content Security Policy of this page forbids the connection: add ${this.#url.origin} to connect-src.`;
    this.#perform(this.#session.blocked(why));
  }

  #send(message: ToBroker): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #forget(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #stop(): void {
    this.#ended.abort();
    clearTimeout(this.#timer);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const due = this.#session.nextWake();
    if (due === null) return;
    const wake = (): void => this.#perform(this.#session.wake(Math.max(due, seconds())));
    this.#timer = setTimeout(
      () => {
        // Late: our own page was blocked, and messages of the server may wait in the browser. They come first.
        if (seconds() - due > LATE) this.#timer = setTimeout(wake, CATCH_UP_MS);
        else wake();
      },
      Math.max(0, due - seconds()) * 1000,
    );
  }
}

/** Whether the URI that a Content Security Policy blocked is `url`. Browsers give all of it, its origin or its scheme. */
function isAbout(blocked: string, url: URL): boolean {
  return [url.href, url.origin, url.protocol.slice(0, -1)].includes(blocked);
}

function seconds(): number {
  return performance.now() / 1000;
}
