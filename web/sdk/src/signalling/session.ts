import {
  type Admit,
  type Appoint,
  type AskMute,
  type Code,
  type Deny,
  type EndCall,
  type FromBroker,
  type Govern,
  type Hello,
  type IceServer,
  type Joined,
  KEPT_SIGNALS,
  type Knock,
  MESSAGE_BYTES_MAX,
  PAYLOAD_CHARACTERS_MAX,
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

/** Seconds to wait before the first, second ... attempt; the last one stays. Each is stretched or shortened by up to half. */
const BACKOFF = [0.2, 0.5, 1, 2, 4, 8] as const;

/** Refusals after which the broker closes the socket, whatever was asked: the next socket asks again. */
const PASSING: ReadonlySet<Code> = new Set<Code>(['too-large', 'too-fast', 'hello-late', 'silent', 'too-slow']);

/** Refusals of `hello`. The broker waits for another one, and after it the next socket asks. */
const NO_LOBBY: ReadonlySet<Code> = new Set<Code>(['busy', 'too-many-looks', 'invalid']);

/** Refusals of who may not be inside: asking again would be answered alike, or is not for us to do. */
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

/** Whether the broker's socket is there. Calls go on while it is `away`. */
export type SignallingState = 'connecting' | 'connected' | 'away';

/** What a seat needs to be taken up again, also by a page that was loaded anew. Secret. */
export interface Ticket {
  readonly token: ResumeToken;
  readonly name: string;
  readonly heard: number;
}

/** What only hosts and co-hosts may say. */
export type ModerationMessage = Govern | Admit | Deny | RemoveMember | Appoint | AskMute | EndCall;

export type SignallingEvent =
  | { readonly type: 'state'; readonly state: SignallingState }
  | { readonly type: 'welcome'; readonly welcome: Welcome }
  /** `resumed`: it is the seat that we had. */
  | { readonly type: 'joined'; readonly joined: Joined; readonly resumed: boolean }
  | { readonly type: 'roster'; readonly roster: Roster }
  | { readonly type: 'ice-servers'; readonly iceServers: readonly IceServer[] }
  | { readonly type: 'signalled'; readonly signalled: Signalled }
  /** A host is asked whether we may enter. */
  | { readonly type: 'waiting' }
  /** To hosts: who waits. */
  | { readonly type: 'knocks'; readonly waiting: readonly Knock[] }
  | { readonly type: 'asked-to-mute'; readonly from: string }
  /** The lobby goes on. */
  | { readonly type: 'refused'; readonly code: Code; readonly message: string }
  /** Nothing goes on. */
  | { readonly type: 'over'; readonly code: Code | 'left'; readonly message: string };

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
 * The client's side of the signalling protocol, pure: what happens and a time go in, effects come out.
 *
 * It keeps the wish (to look into a room, or to have a seat in it) and brings it about over as many sockets as it takes.
 * Times are seconds on any monotonic clock; `chance` is a fresh random number from 0 to 1.
 */
export class Session {
  readonly #room: string;
  /** What `hello` shows besides the room. */
  readonly #shown: Pick<Hello, 'pass' | 'owner'>;
  #socket: Socket = { is: 'closed' };
  #name: string | null = null;
  /** The name under which a seat was asked for. */
  #asked: string | null = null;
  /** Until when it tries to give up a seat that was left while the broker was away. */
  #leavingUntil: number | null = null;
  #ticket: ResumeToken | null;
  /** True from joining, or coming back, until the answer. */
  #asking = false;
  #seated = false;
  /** At the door, while a host is asked. */
  #waits = false;
  #attempt = 0;
  #backIn: number | null = null;
  #heardAt = 0;
  #pinged = false;
  #heard: number;
  #sent = 0;
  /** What the broker may not have heard, at most the last {@link KEPT_SIGNALS}. */
  #outbox: Signal[] = [];

  constructor(room: string, ticket: Ticket | null = null, shown: Pick<Hello, 'pass' | 'owner'> = {}) {
    this.#room = room;
    this.#shown = shown;
    this.#ticket = ticket?.token ?? null;
    this.#name = ticket?.name ?? null;
    this.#heard = ticket?.heard ?? 0;
  }

  /** What a page needs to come back to this seat; null without one. */
  get ticket(): Ticket | null {
    if (this.#ticket === null || this.#name === null) return null;
    return { token: this.#ticket, name: this.#name, heard: this.#heard };
  }

  start(now: number): SessionEffect[] {
    return this.#connect(now);
  }

  /** Take a seat under this name. */
  join(name: string): SessionEffect[] {
    this.#name = name;
    if (this.#socket.is !== 'open' || this.#asking || this.#seated) return [];
    return [this.#ask(name)];
  }

  /** No longer wishes for a seat, also if it was given a moment ago: the lobby goes on. */
  cancelJoin(now: number): SessionEffect[] {
    if (this.#ticket !== null && !this.#seated) return [];
    this.#name = null;
    if (this.#seated) {
      this.#ticket = null;
      this.#heard = 0;
      this.#outbox = [];
      return [...LEAVE, ...this.closed(now, 0)];
    }
    // Who waits at the door is gone from there with the socket.
    return this.#waits ? [{ do: 'close' }, ...this.closed(now, 0)] : [];
  }

  /** Say something to another member: now, or as soon as we are back. null if the broker would not take so much. */
  signal(to: string, data: string): SessionEffect[] | null {
    const message: Signal = { type: 'signal', to, n: this.#sent + 1, data };
    if (isTooLarge(message)) return null;
    this.#sent += 1;
    this.#outbox.push(message);
    if (this.#outbox.length > KEPT_SIGNALS) this.#outbox.shift();
    return this.#seated && this.#socket.is === 'open' ? [{ do: 'send', message }] : [];
  }

  /** What hosts say; it is lost where the broker is away. */
  order(order: ModerationMessage): SessionEffect[] {
    return this.#seated && this.#socket.is === 'open' ? [{ do: 'send', message: order }] : [];
  }

  /**
   * Give up the seat, or the place in the lobby. A seat that is kept for us while we are away is given up as soon as the
   * broker is back: else the others would see us for {@link SEAT_SECONDS} more.
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

  /** Nothing more will be done. */
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

  /** The socket was closed by the other side, or could not be opened. */
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

  /** The network is back, or the page is looked at again: don't wait any longer. */
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
      // Joining was given up, or asked for under another name, while the answer was on its way.
      return [...LEAVE, ...this.closed(now, 0)];
    }
    this.#seated = true;
    this.#ticket = message.resume;
    const missed = resumed ? this.#outbox.filter((signal) => signal.n > message.heard) : [];
    const first = missed[0]?.n ?? message.heard + 1;
    const gap = message.gap || first > message.heard + 1; // of the latter the outbox has dropped some
    this.#outbox = gap ? [] : missed;
    this.#sent = message.heard + this.#outbox.length;
    const again = this.#outbox.map((signal): SessionEffect => ({ do: 'send', message: signal }));
    return [...again, { do: 'emit', event: { type: 'joined', joined: { ...message, gap }, resumed } }];
  }

  #refused(code: Code, message: string): SessionEffect[] {
    if (TURNED_AWAY.has(code)) return this.#end(code, message);
    if (this.#seated || PASSING.has(code)) return []; // about a signal, or over soon
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

  #end(code: Code, message: string): SessionEffect[] {
    this.#finish();
    return [{ do: 'close' }, { do: 'emit', event: { type: 'over', code, message } }];
  }
}

/** Whether the broker would refuse it, and close the socket each time that it comes. */
function isTooLarge(message: Signal): boolean {
  if (message.data.length > PAYLOAD_CHARACTERS_MAX) return true;
  return new TextEncoder().encode(JSON.stringify(message)).length > MESSAGE_BYTES_MAX;
}
