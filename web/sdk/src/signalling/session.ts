import {
  type Admit,
  type Appoint,
  type AskMute,
  type CallPhone,
  type Code,
  type Deny,
  type EndCall,
  type FromBroker,
  type Govern,
  type HangUpPhone,
  type Hello,
  type IceServer,
  type Joined,
  KEPT_SIGNALS,
  type Knock,
  MESSAGE_BYTES_MAX,
  PAYLOAD_CHARACTERS_MAX,
  type PhoneCall,
  type PhoneRefused,
  PING_AFTER,
  type RemoveMember,
  type ResumeToken,
  type Roster,
  SEAT_SECONDS,
  SILENCE_MAX,
  type Signal,
  type Signalled,
  type ToBroker,
  type Welcome,
} from './protocol.ts';

/** Seconds that an attempt to connect may take. */
const CONNECT_WITHIN = 8;

/** Reconnect backoff: seconds before the first, second ... attempt; the last one repeats. Jitter: up to half of it. */
const BACKOFF = [0.2, 0.5, 1, 2, 4, 8] as const;

/** Refusals after which the server closes the socket in any case: the next socket asks again. */
const PASSING: ReadonlySet<Code> = new Set<Code>(['too-large', 'too-fast', 'hello-late', 'silent', 'too-slow']);

/** Refusals of `hello`. The server then waits for another `hello`; the next socket asks again. */
const NO_LOBBY: ReadonlySet<Code> = new Set<Code>(['busy', 'too-many-looks', 'invalid']);

/** Refusals that are final: asking again would lead to the same answer, or is not up to us. */
const TURNED_AWAY: ReadonlySet<Code> = new Set<Code>([
  'pass-needed',
  'pass-invalid',
  'pass-expired',
  'not-allowed',
  'replaced',
  'removed',
  'ended',
  'time-up',
]);

/** State of the WebSocket to the server. Calls go on while it is `away`, and the SDK reconnects with backoff. */
export type SignallingState = 'connecting' | 'connected' | 'away';

/** What it takes to resume a seat, also after a reload. Secret. */
export interface Ticket {
  readonly token: ResumeToken;
  readonly name: string;
  readonly heard: number;
}

/** Messages that only hosts and co-hosts may send. */
export type ModerationMessage = Govern | Admit | Deny | RemoveMember | Appoint | AskMute | EndCall;

/** Messages that are sent now or never. */
export type MemberCommand = ModerationMessage | CallPhone | HangUpPhone;

/** What the lobby and the room are told. */
export type SignallingEvent =
  | { readonly type: 'state'; readonly state: SignallingState }
  | { readonly type: 'welcome'; readonly welcome: Welcome }
  /** `resumed`: we have the same seat as before. */
  | { readonly type: 'joined'; readonly joined: Joined; readonly resumed: boolean }
  | { readonly type: 'roster'; readonly roster: Roster }
  | { readonly type: 'ice-servers'; readonly iceServers: readonly IceServer[] }
  | { readonly type: 'signalled'; readonly signalled: Signalled }
  /** We wait for a host to admit us. */
  | { readonly type: 'waiting' }
  /** To hosts and co-hosts: who waits to be admitted. */
  | { readonly type: 'knocks'; readonly waiting: readonly Knock[] }
  | { readonly type: 'asked-to-mute'; readonly from: string }
  | { readonly type: 'phone-call'; readonly call: PhoneCall }
  | { readonly type: 'phone-refused'; readonly refused: PhoneRefused }
  /** Joining failed; the lobby stays open. */
  | { readonly type: 'refused'; readonly code: Code | 'foreign-origin' | 'unknown-host'; readonly message: string }
  /** The session has ended for good. */
  | { readonly type: 'over'; readonly code: Code | 'left' | 'csp-blocked'; readonly message: string };

export type SessionEffect =
  | { readonly do: 'connect' }
  | { readonly do: 'send'; readonly message: ToBroker }
  | { readonly do: 'close' }
  | { readonly do: 'emit'; readonly event: SignallingEvent };

const LEAVE: SessionEffect[] = [{ do: 'send', message: { type: 'leave' } }, { do: 'close' }];

type Socket =
  | { readonly is: 'closed' }
  | { readonly is: 'connecting'; readonly until: number }
  | { readonly is: 'open' }
  | { readonly is: 'waiting'; readonly until: number }
  | { readonly is: 'over' };

/**
 * The client's side of the signalling protocol, as a pure machine: inputs and a time go in, effects come out.
 *
 * It keeps a goal (to look into a room, or to have a seat in it) and reconnects as often as it takes to reach it, with
 * keepalive pings. Times are seconds on any monotonic clock; `chance` is a fresh random number from 0 to 1.
 */
export class Session {
  readonly #room: string;
  /** What `hello` carries besides the room. */
  readonly #shown: Pick<Hello, 'pass' | 'owner'>;
  #socket: Socket = { is: 'closed' };
  #name: string | null = null;
  /** The name with which we asked for a seat. */
  #asked: string | null = null;
  /** Until when to try to give up a seat that we left while the server was away. */
  #leavingUntil: number | null = null;
  #ticket: ResumeToken | null;
  /** True from `join` or `resume` until the answer. */
  #asking = false;
  #seated = false;
  /** A host is being asked. */
  #waits = false;
  #attempt = 0;
  #backIn: number | null = null;
  #heardAt = 0;
  #pinged = false;
  #heard: number;
  #sent = 0;
  /** Signals that the server may not have; at most the last {@link KEPT_SIGNALS}. */
  #outbox: Signal[] = [];

  constructor(room: string, ticket: Ticket | null = null, shown: Pick<Hello, 'pass' | 'owner'> = {}) {
    this.#room = room;
    this.#shown = shown;
    this.#ticket = ticket?.token ?? null;
    this.#name = ticket?.name ?? null;
    this.#heard = ticket?.heard ?? 0;
  }

  /** What it takes to resume this seat; null without one. */
  get ticket(): Ticket | null {
    if (this.#ticket === null || this.#name === null) return null;
    return { token: this.#ticket, name: this.#name, heard: this.#heard };
  }

  start(now: number): SessionEffect[] {
    return this.#connect(now);
  }

  /** Asks for a seat under this name. */
  join(name: string): SessionEffect[] {
    this.#name = name;
    if (this.#socket.is !== 'open' || this.#asking || this.#seated) return [];
    return [this.#ask(name)];
  }

  /** Stops asking for a seat, and gives it up if we just got it. The lobby stays open. */
  cancelJoin(now: number): SessionEffect[] {
    if (this.#ticket !== null && !this.#seated) return [];
    this.#name = null;
    if (this.#seated) {
      this.#ticket = null;
      this.#heard = 0;
      this.#outbox = [];
      return [...LEAVE, ...this.closed(now, 0)];
    }
    // Closing the socket withdraws our knock.
    return this.#waits ? [{ do: 'close' }, ...this.closed(now, 0)] : [];
  }

  /** Sends a signal to another member, now or once we are back. null if it is too large for the server. */
  signal(to: string, data: string): SessionEffect[] | null {
    const message: Signal = { type: 'signal', to, n: this.#sent + 1, data };
    if (isTooLarge(message)) return null;
    this.#sent += 1;
    this.#outbox.push(message);
    if (this.#outbox.length > KEPT_SIGNALS) this.#outbox.shift();
    return this.#seated && this.#socket.is === 'open' ? [{ do: 'send', message }] : [];
  }

  /** Sends a command. null without a seat or while the server is away: it isn't sent later either. */
  command(command: MemberCommand): SessionEffect[] | null {
    return this.#seated && this.#socket.is === 'open' ? [{ do: 'send', message: command }] : null;
  }

  /**
   * Gives up the seat, or leaves the lobby. A seat that the server holds for us while it is away is given up as soon as
   * it is back: otherwise the others would see us for {@link SEAT_SECONDS} longer.
   */
  leave(now: number): SessionEffect[] {
    if (this.#socket.is === 'over' || this.#leavingUntil !== null) return [];
    if (this.#ticket !== null && this.#socket.is !== 'open') {
      this.#leavingUntil = now + SEAT_SECONDS;
      return [];
    }
    const open = this.#socket.is === 'open';
    this.#finish();
    return open ? LEAVE : [{ do: 'close' }];
  }

  /** Whether the session has ended. */
  get over(): boolean {
    return this.#socket.is === 'over';
  }

  opened(now: number): SessionEffect[] {
    this.#socket = { is: 'open' };
    this.#heardAt = now;
    this.#pinged = false;
    const effects: SessionEffect[] = [{ do: 'emit', event: { type: 'state', state: 'connected' } }];
    if (this.#ticket !== null && this.#name !== null) {
      this.#asking = true;
      const message: ToBroker = { type: 'resume', token: this.#ticket, name: this.#name, heard: this.#heard };
      const resume: SessionEffect = { do: 'send', message };
      if (this.#leavingUntil === null) return [...effects, resume];
      this.#finish();
      return [resume, ...LEAVE];
    }
    return [...effects, ...this.#enter()];
  }

  /** The socket was closed, or could not be opened: reconnect after the backoff. */
  closed(now: number, chance: number): SessionEffect[] {
    if (this.#socket.is === 'over') return [];
    if (this.#leavingUntil !== null && this.#leavingUntil <= now) {
      this.#finish();
      return [];
    }
    const backoff = BACKOFF[Math.min(this.#attempt, BACKOFF.length - 1)] ?? 8;
    const pause = (this.#backIn ?? backoff) * (0.5 + chance);
    this.#attempt += 1;
    this.#backIn = null;
    this.#asking = false;
    this.#waits = false;
    this.#seated = false;
    this.#socket = { is: 'waiting', until: now + pause };
    return [{ do: 'emit', event: { type: 'state', state: 'away' } }];
  }

  /** No socket can ever be opened from this page: the session ends. */
  blocked(message: string): SessionEffect[] {
    return this.over ? [] : this.#end('csp-blocked', message);
  }

  /** The network is back, or the page is visible again: reconnect now, or check by a keepalive ping. */
  checkConnection(now: number): SessionEffect[] {
    if (this.#socket.is === 'waiting') return this.#connect(now);
    if (this.#socket.is !== 'open' || now - this.#heardAt < 1) return [];
    this.#heardAt = Math.min(this.#heardAt, now - PING_AFTER - 1);
    return this.wake(now);
  }

  nextWake(): number | null {
    switch (this.#socket.is) {
      case 'waiting':
      case 'connecting':
        return this.#socket.until;
      case 'open':
        return this.#heardAt + (this.#pinged ? SILENCE_MAX : PING_AFTER + 1);
      case 'closed':
      case 'over':
        return null;
    }
  }

  wake(now: number): SessionEffect[] {
    if (this.#socket.is === 'waiting' && this.#socket.until <= now) return this.#connect(now);
    if (this.#socket.is === 'connecting' && this.#socket.until <= now)
      return [{ do: 'close' }, ...this.closed(now, 0.5)];
    if (this.#socket.is !== 'open') return [];
    if (this.#pinged && this.#heardAt + SILENCE_MAX <= now) return [{ do: 'close' }, ...this.closed(now, 0)];
    if (this.#pinged || this.#heardAt + PING_AFTER + 1 > now) return [];
    this.#pinged = true;
    return [{ do: 'send', message: { type: 'ping' } }];
  }

  receive(message: FromBroker, now: number): SessionEffect[] {
    this.#heardAt = now;
    this.#pinged = false;
    switch (message.type) {
      case 'ping':
        return [{ do: 'send', message: { type: 'pong' } }];
      case 'pong':
        return [];
      case 'welcome':
        this.#attempt = 0;
        return [{ do: 'emit', event: { type: 'welcome', welcome: message } }];
      case 'joined':
        return this.#joined(message, now);
      case 'roster':
        return [{ do: 'emit', event: { type: 'roster', roster: message } }];
      case 'ice-servers':
        return [{ do: 'emit', event: { type: 'ice-servers', iceServers: message.iceServers } }];
      case 'signalled':
        if (message.n <= this.#heard) return [];
        this.#heard = message.n;
        return [{ do: 'emit', event: { type: 'signalled', signalled: message } }];
      case 'waiting':
        this.#waits = true;
        return [{ do: 'emit', event: { type: 'waiting' } }];
      case 'knocks':
        return [{ do: 'emit', event: { type: 'knocks', waiting: message.waiting } }];
      case 'asked-to-mute':
        return [{ do: 'emit', event: { type: 'asked-to-mute', from: message.from } }];
      case 'phone-call':
        return [{ do: 'emit', event: { type: 'phone-call', call: message } }];
      case 'phone-refused':
        return [{ do: 'emit', event: { type: 'phone-refused', refused: message } }];
      case 'new-token':
        this.#ticket = message.resume;
        return [];
      case 'goodbye':
        this.#backIn = message.backInMs / 1000;
        return [];
      case 'refused':
        return this.#refused(message.code, message.message);
    }
  }

  #connect(now: number): SessionEffect[] {
    this.#socket = { is: 'connecting', until: now + CONNECT_WITHIN };
    return [{ do: 'connect' }];
  }

  #enter(): SessionEffect[] {
    const hello: SessionEffect = { do: 'send', message: { type: 'hello', room: this.#room, ...this.#shown } };
    return this.#name === null ? [hello] : [hello, this.#ask(this.#name)];
  }

  #ask(name: string): SessionEffect {
    this.#asking = true;
    this.#asked = name;
    return { do: 'send', message: { type: 'join', name } };
  }

  #joined(message: Joined, now: number): SessionEffect[] {
    const resumed = this.#ticket !== null;
    this.#attempt = 0;
    this.#asking = false;
    this.#waits = false;
    if (!resumed && this.#name !== this.#asked) {
      // Joining was cancelled, or started under another name, while the answer was on its way.
      return [...LEAVE, ...this.closed(now, 0)];
    }
    this.#seated = true;
    this.#ticket = message.resume;
    const missed = resumed ? this.#outbox.filter((signal) => signal.n > message.heard) : [];
    const first = missed[0]?.n ?? message.heard + 1;
    const gap = message.gap || first > message.heard + 1; // the outbox has dropped some
    this.#outbox = gap ? [] : missed;
    this.#sent = message.heard + this.#outbox.length;
    const again = this.#outbox.map((signal): SessionEffect => ({ do: 'send', message: signal }));
    return [...again, { do: 'emit', event: { type: 'joined', joined: { ...message, gap }, resumed } }];
  }

  #refused(code: Code, message: string): SessionEffect[] {
    if (TURNED_AWAY.has(code)) return this.#end(code, message);
    if (this.#seated || PASSING.has(code)) return []; // about a signal, or the socket closes soon
    if (!this.#asking && !NO_LOBBY.has(code)) return [];
    this.#asking = false;
    this.#waits = false;
    if (code === 'seat-gone') {
      this.#ticket = null;
      this.#heard = 0;
      this.#outbox = [];
      return this.#enter();
    }
    if (this.#ticket !== null) return this.#end(code, message);
    this.#name = null;
    return [{ do: 'emit', event: { type: 'refused', code, message } }];
  }

  #finish(): void {
    this.#socket = { is: 'over' };
    this.#ticket = null;
  }

  #end(code: Code | 'csp-blocked', message: string): SessionEffect[] {
    this.#finish();
    return [{ do: 'close' }, { do: 'emit', event: { type: 'over', code, message } }];
  }
}

/** Whether the server would refuse it and close the socket, each time that it is sent. */
function isTooLarge(message: Signal): boolean {
  if (message.data.length > PAYLOAD_CHARACTERS_MAX) return true;
  return new TextEncoder().encode(JSON.stringify(message)).length > MESSAGE_BYTES_MAX;
}
