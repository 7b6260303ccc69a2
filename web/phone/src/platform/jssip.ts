import { type NameAddrHeader, UA, URI, WebSocketInterface } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingRequest, IncomingResponse } from 'jssip/lib/SIPMessage';
import { JsSipCall } from './jssip-call';
import type { UserAgent, UserAgentEvents } from './user-agent';
import { type Account, type Directory, type Identity, MessageError, type SipCall } from './user-agent';

/** Seconds between two attempts to connect, at most. */
const recovery = { min: 2, max: 20 };

/** A method of JsSIP that its types miss. */
interface SendsOptions {
  sendOptions(
    target: URI,
    body: null,
    options: {
      readonly extraHeaders: readonly string[];
      readonly eventHandlers: {
        readonly succeeded: (event: { readonly response: IncomingResponse }) => void;
        readonly failed: () => void;
      };
    },
  ): void;
}

/** A {@link UserAgent} by JsSIP, over the WebSocket at `url`. */
export function jsSip(url: URL, account: Account, events: UserAgentEvents): UserAgent {
  const socket = new URL(url);
  socket.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const own = new URI('sip', account.user, url.hostname);
  const ua = new UA({
    sockets: [new WebSocketInterface(socket.href)],
    uri: own.toString(),
    authorization_user: account.login,
    password: account.password,
    register_expires: 300,
    connection_recovery_min_interval: recovery.min,
    connection_recovery_max_interval: recovery.max,
    user_agent: 'Eyeline',
  });
  const agent = new JsSipAgent(ua, own);
  ua.on('registered', () => events.registered());
  ua.on('disconnected', () => events.disconnected());
  // No response: the connection was cut, which JsSIP repairs, or the server is slow.
  ua.on('registrationFailed', ({ response }) =>
    events.refused((response as IncomingResponse | null)?.status_code ?? null),
  );
  ua.on('newRTCSession', ({ originator, session }: { originator: string; session: RTCSession }) => {
    if (originator === 'remote' && agent.isNew(session)) events.incoming(agent.track(session));
  });
  ua.on('newMessage', ({ originator, request }: { originator: string; request: unknown }) => {
    if (originator !== 'remote') return;
    const { from, body } = request as IncomingRequest;
    events.message(identity(from), body);
  });
  ua.start();
  return agent;
}

class JsSipAgent implements UserAgent {
  readonly uri: string;
  readonly #ua: UA;
  readonly #host: string;
  readonly #calls = new WeakMap<RTCSession, JsSipCall>();
  #iceServers: readonly RTCIceServer[] = [];

  constructor(ua: UA, own: URI) {
    this.#ua = ua;
    this.#host = own.host;
    this.uri = own.toString();
  }

  addressOf(typed: string): string | null {
    const words = typed.trim().replace(/\s+/g, /^[\d\s+().-]+$/.test(typed) ? '' : ' ');
    if (words === '' || /[\s<>"]/.test(words) || words.length > 256) return null;
    const whole = words.includes('@') ? words : `${words}@${this.#host}`;
    const uri = URI.parse(/^sips?:/i.test(whole) ? whole.replace(/^sips?/i, 'sip') : `sip:${whole}`) as URI | undefined;
    return uri === undefined || uri.user === undefined || uri.user === null ? null : uri.toString();
  }

  call(to: string, stream: MediaStream): SipCall {
    return this.track(this.#ua.call(to, { mediaStream: stream, ...this.#media() }));
  }

  /** Whether nothing tracks it yet: sessions that a REFER or Replaces makes are tracked when they are made. */
  isNew(session: RTCSession): boolean {
    return !this.#calls.has(session);
  }

  track(session: RTCSession): JsSipCall {
    const call = new JsSipCall(session, {
      media: () => this.#media(),
      track: (other) => this.track(other),
    });
    this.#calls.set(session, call);
    return call;
  }

  send(to: string, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ua.sendMessage(to, text, {
        contentType: 'text/plain;charset=utf-8',
        eventHandlers: {
          succeeded: () => resolve(),
          failed: ({ response }) =>
            reject(new MessageError((response as IncomingResponse | null)?.status_code ?? null)),
        },
      });
    });
  }

  directory(): Promise<Directory> {
    return new Promise((resolve, reject) => {
      (this.#ua as unknown as SendsOptions).sendOptions(new URI('sip', '', this.#host), null, {
        extraHeaders: ['Accept: application/json'],
        eventHandlers: {
          succeeded: ({ response }) => resolve(readDirectory(response.body)),
          failed: () => reject(new Error('no directory')),
        },
      });
    });
  }

  register(): void {
    this.#ua.register();
  }

  useIceServers(servers: readonly RTCIceServer[]): void {
    this.#iceServers = servers;
  }

  stop(): void {
    this.#ua.stop();
  }

  #media() {
    return { pcConfig: { iceServers: [...this.#iceServers] }, rtcOfferConstraints: { offerToReceiveVideo: true } };
  }
}

export function identity(from: NameAddrHeader): Identity {
  // Both are null if missing, which the types don't say.
  return { uri: from.uri.toAor(), name: (from.display_name as string | null) ?? '' };
}

function readDirectory(body: string | undefined): Directory {
  const nothing: Directory = { online: null, iceServers: [] };
  if (body === undefined || body === null || body === '') return nothing;
  try {
    const told = JSON.parse(body) as { readonly online?: unknown; readonly iceServers?: unknown };
    const online = Array.isArray(told.online) ? told.online.filter((each) => typeof each === 'string') : null;
    const iceServers = Array.isArray(told.iceServers) ? (told.iceServers as RTCIceServer[]) : [];
    return { online, iceServers };
  } catch {
    return nothing;
  }
}
