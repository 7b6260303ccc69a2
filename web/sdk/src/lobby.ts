import { configure, createSpareAhead, type SpareConnection } from './connection/spare-connection.ts';
import { EyelineError } from './errors.ts';
import { type Permissions, permissionsOf, permitted } from './media/permissions.ts';
import { type Room, type RoomOptions, SeatedRoom } from './room.ts';
import type { IceServer, Joined, Member, Roster, Rules } from './signalling/protocol.ts';
import { isStranger, SealedSignalling } from './signalling/sealed-signalling.ts';
import { loadTicket, saveTicket } from './signalling/seat-storage.ts';
import type { SignallingEvent, SignallingState, Ticket } from './signalling/session.ts';
import { isSecret } from './signalling/signal-encryption.ts';
import { type Signalling, type SignallingTarget, WebSocketSignalling } from './signalling/websocket.ts';
import { report, Source, type Value } from './value.ts';

/** Milliseconds after which joining fails with code `unreachable`. */
const JOIN_WITHIN_MS = 15_000;

const ROOM_NAME = /^[a-z0-9-]{1,64}$/;

/** Options for joining a room. */
export interface JoinOptions {
  /** Display name: 1 to 64 characters. */
  readonly name: string;
  /** Camera and microphone; to change them later, call `Room.publish`. */
  readonly stream?: MediaStream | null;
  /** Aborts joining, which then rejects with code `aborted`. */
  readonly signal?: AbortSignal;
}

/** A room that we look into before we join it. */
export interface Lobby {
  /** Name of the room. */
  readonly room: string;
  /** State of the WebSocket to the server. */
  readonly signalling: Value<SignallingState>;
  /** Members of the room; null until the server has answered. */
  readonly members: Value<readonly Member[] | null>;
  /** How many members have another secret than we do, or one where we have none. */
  readonly strangers: Value<number>;
  /** How many participants the room holds, one more if we are a host or co-host; null until the server has answered. */
  readonly capacity: Value<number | null>;
  /** What we may send once we have joined. Everything, until the server has answered. */
  readonly permissions: Value<Permissions>;
  /**
   * What joining does now: `open` gives a seat, `knock` asks a host to admit us, `locked` is refused. Always `open` for
   * hosts and co-hosts.
   */
  readonly entry: Value<Required<Rules>['entry']>;
  /** Whether we wait for a host to admit us. */
  readonly waiting: Value<boolean>;
  /**
   * Why we can't look into the room; null if we can. The server's reason, or one of our own: `room-name`, `secret` or
   * `url` (it is invalid), `insecure` (a secret needs a page that came over HTTPS), `no-webrtc` (this browser has none),
   * `csp-blocked` (the page's Content Security Policy forbids the connection), `foreign-origin` (the server allows no
   * WebSocket from this page's origin) or `unknown-host` (it doesn't know the name by which it was reached).
   */
  readonly refused: Value<EyelineError | null>;
  /** Makes a connection that sends `stream` ahead of time and gathers its candidates: joining is faster then. */
  prepare(stream: MediaStream): void;
  /**
   * Joins the room. Rejects with code `room-full`, `locked`, `denied` (by a host), `too-many-knocks`, `busy`,
   * `not-owner`, `name` (it is invalid), `no-key` (the members have a secret), `unreachable` (after 15 seconds),
   * `foreign-origin`, `unknown-host`, `setup-failed` (the browser could not make a connection) or `aborted`: the lobby stays open, and
   * can join later. Rejects for good with `pass-needed`, `pass-invalid`, `pass-expired`, `not-allowed`, `removed`,
   * `ended`, `time-up`, or with what {@link refused} lists.
   */
  join(options: JoinOptions): Promise<Room>;
  /** Whether to send everything through the relay; see {@link RoomOptions.relayOnly}. */
  hideAddress(hide: boolean): void;
  /** Leaves the lobby without joining. */
  leave(): void;
}

interface PendingJoin {
  readonly stream: MediaStream | null;
  readonly resolve: (room: Room) => void;
  readonly reject: (error: EyelineError) => void;
  /** A host has been asked, which may take any time. */
  readonly patient: () => void;
}

/** A {@link Lobby}, and the room that follows it, over one signalling connection. */
class RoomLobby implements Lobby {
  readonly room: string;
  readonly signalling = new Source<SignallingState>('connecting');
  readonly members = new Source<readonly Member[] | null>(null);
  readonly strangers = new Source(0);
  readonly capacity = new Source<number | null>(null);
  readonly permissions = new Source<Permissions>(permissionsOf({}));
  readonly entry = new Source<Required<Rules>['entry']>('open');
  readonly waiting = new Source(false);
  readonly refused = new Source<EyelineError | null>(null);
  /** null if it can't even start, see {@link RoomLobby.refused}. */
  readonly #signalling: Signalling | null;
  readonly #sealed: boolean;
  #iceTransportPolicy: RTCIceTransportPolicy;
  readonly #identity: () => Promise<CryptoKeyPair | null>;
  #iceServers: readonly IceServer[] = [];
  /** Hosts and co-hosts may enter whatever the rules say. */
  #hosts = false;
  #spare: SpareConnection | null = null;
  /** What the connection made ahead sends. */
  #stream: MediaStream | null = null;
  #waiting: PendingJoin | null = null;
  #seated: SeatedRoom | null = null;
  /** Why this lobby is closed for good. */
  #over: EyelineError | null = null;

  constructor(options: RoomOptions, ticket: Ticket | null) {
    this.room = options.room;
    const [secret, emit] = [options.secret ?? null, (event: SignallingEvent) => this.#receive(event)];
    this.#sealed = secret !== null;
    this.#iceTransportPolicy = icePolicyOf(options.relayOnly ?? false);
    this.#identity = options.identity ?? (async () => null);
    const target = targetOf(options);
    if (target instanceof EyelineError) {
      this.#over = target;
      this.refused.set(target);
      this.#signalling = null;
    } else if (secret === null) this.#signalling = new WebSocketSignalling(target, ticket, emit);
    else this.#signalling = new SealedSignalling(target, secret, ticket, emit);
  }

  prepare(stream: MediaStream): void {
    this.#stream = stream;
    if (this.members.current !== null) this.connectAhead(stream);
  }

  hideAddress(hide: boolean): void {
    const ways = icePolicyOf(hide);
    if (ways === this.#iceTransportPolicy) return;
    this.#iceTransportPolicy = ways;
    this.#spare?.connection.close(); // it may have gathered candidates that must not be sent
    this.#spare = null;
    if (this.#stream !== null) this.prepare(this.#stream);
  }

  /** Makes the connection while we still wait for the server. */
  connectAhead(stream: MediaStream | null): void {
    this.#spare ??= createSpareAhead(
      this.#iceServers,
      permitted(stream, this.permissions.current),
      this.#iceTransportPolicy,
    );
  }

  async join(options: JoinOptions): Promise<Room> {
    if (this.#over !== null) throw this.#over;
    if (options.signal?.aborted) throw aborted();
    if (typeof options.name !== 'string') throw new EyelineError('name', 'A name has 1 to 64 characters.');
    if (!this.#sealed && this.strangers.current > 0 && this.members.current?.length === 0) {
      const why = 'The people in this room have a link with a key, after its #. Ask them for the full link.';
      throw new EyelineError('no-key', why);
    }
    const answer = this.wait(options.stream ?? null, options.signal);
    this.#signalling?.join(options.name);
    return answer;
  }

  /** Resolves with the room once the server has given us a seat. */
  wait(stream: MediaStream | null, signal: AbortSignal | undefined): Promise<Room> {
    this.#waiting?.reject(new EyelineError('aborted', 'Joining started again.'));
    return new Promise<Room>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiting = null;
        this.waiting.set(false);
      };
      const fail = (error: EyelineError): void => {
        end();
        this.#signalling?.cancelJoin();
        reject(error);
      };
      const abort = (): void => fail(aborted());
      const late = (): void => fail(new EyelineError('unreachable', 'The server does not answer.'));
      const timer = setTimeout(late, JOIN_WITHIN_MS);
      const succeed = (room: Room): void => {
        end();
        resolve(room);
      };
      this.#waiting = { stream, resolve: succeed, reject: fail, patient: () => clearTimeout(timer) };
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort);
    });
  }

  leave(): void {
    this.#waiting?.reject(new EyelineError('aborted', 'The lobby was closed.'));
    if (this.#seated !== null) return;
    this.#signalling?.leave();
    this.#spare?.connection.close();
    this.#spare = null;
  }

  #receive(event: SignallingEvent): void {
    if (event.type === 'state') this.signalling.set(event.state);
    if (this.#seated !== null) {
      this.#seated.receive(event);
      return;
    }
    switch (event.type) {
      case 'welcome':
        this.refused.set(null);
        this.#iceServers = event.welcome.iceServers;
        this.#hosts = (event.welcome.role ?? 'member') !== 'member';
        this.capacity.set(event.welcome.capacity + (this.#hosts ? 1 : 0));
        this.permissions.set(permissionsOf(event.welcome));
        this.#show(event.welcome.roster);
        if (this.#stream !== null) this.connectAhead(this.#stream);
        break;
      case 'roster':
        this.#show(event.roster);
        break;
      case 'waiting':
        this.waiting.set(true);
        this.#waiting?.patient();
        break;
      case 'joined':
        this.#sit(event.joined);
        break;
      case 'refused':
      case 'over': {
        const error = new EyelineError(event.code === 'invalid' ? 'name' : event.code, event.message);
        if (event.type === 'over') this.#over = error;
        if (this.#waiting === null) this.refused.set(error);
        else this.#waiting.reject(error);
        break;
      }
      case 'state':
      case 'knocks':
      case 'asked-to-mute':
      case 'signalled':
        break;
    }
  }

  #show({ members, rules }: Pick<Roster, 'members' | 'rules'>): void {
    this.entry.set(this.#hosts ? 'open' : (rules?.entry ?? 'open'));
    this.strangers.set(members.filter(isStranger).length);
    this.members.set(members.filter((member) => !isStranger(member)));
  }

  #sit(joined: Joined): void {
    const [waiting, signalling, spare] = [this.#waiting, this.#signalling, this.#spare];
    if (signalling === null) return;
    if (waiting === null) {
      signalling.cancelJoin(); // joining was aborted: nobody would ever leave this seat
      return;
    }
    this.#spare = null;
    if (spare !== null) configure(spare, joined.iceServers);
    try {
      this.#seated = new SeatedRoom(this.room, signalling, this.signalling, {
        joined,
        stream: waiting.stream,
        spare,
        iceTransportPolicy: this.#iceTransportPolicy,
        signallingEncrypted: this.#sealed,
        identity: this.#identity,
      });
    } catch (error) {
      if (error instanceof EyelineError) waiting.reject(error);
      else {
        report(error);
        waiting.reject(new EyelineError('setup-failed', `This browser could not make a connection: ${error}`));
      }
      return;
    }
    waiting.resolve(this.#seated);
  }
}

function aborted(): EyelineError {
  return new EyelineError('aborted', 'Joining was aborted.');
}

function icePolicyOf(relayOnly: boolean): RTCIceTransportPolicy {
  return relayOnly ? 'relay' : 'all';
}

/** The room to look into, or why this browser can't. */
function targetOf({
  url,
  room,
  pass = null,
  owner = null,
  secret = null,
}: RoomOptions): SignallingTarget | EyelineError {
  if (globalThis.RTCPeerConnection === undefined)
    return new EyelineError('no-webrtc', "This browser has no WebRTC, or it's turned off.");
  if (!ROOM_NAME.test(room))
    return new EyelineError('room-name', 'A room name has 1 to 64 of the letters a-z, digits and hyphens.');
  if (secret !== null && !isSecret(secret))
    return new EyelineError('secret', 'The key in this link, after its #, is incomplete.');
  if (secret !== null && globalThis.crypto?.subtle === undefined)
    return new EyelineError('insecure', 'The key in this link works over HTTPS only.');
  const base = serverUrl(url);
  return base === null
    ? new EyelineError('url', 'The URL of the server must be absolute, such as https://call.example.org/.')
    : { url: base, room, pass, owner };
}

function serverUrl(url: string | URL): URL | null {
  try {
    const parsed = new URL(url);
    return /^(https?|wss?):$/.test(parsed.protocol) ? parsed : null;
  } catch {
    return null;
  }
}

/** Looks into a room without joining it. Returns at once and never throws: see {@link Lobby.refused}. */
export function openLobby(options: RoomOptions): Lobby {
  return new RoomLobby(options, null);
}

/** Joins a room: all that a page needs for a call. Rejects as {@link Lobby.join} does. */
export async function join(options: RoomOptions & JoinOptions): Promise<Room> {
  if (options.signal?.aborted) throw aborted();
  const lobby = new RoomLobby(options, null);
  lobby.connectAhead(options.stream ?? null);
  try {
    return await lobby.join(options);
  } catch (error) {
    lobby.leave();
    throw error;
  }
}

/**
 * Comes back after a reload during a call: resolves with the same seat, or with a new one under the same name if that
 * has expired. Resolves with null if this tab was not in the room, or can't be again. Rejects with a code of our own
 * that {@link Lobby.refused} lists, such as `no-webrtc`.
 */
export async function rejoin(
  options: RoomOptions & { readonly stream?: MediaStream | null; readonly signal?: AbortSignal },
): Promise<Room | null> {
  const ticket = loadTicket(options.room);
  if (ticket === null) return null;
  saveTicket(options.room, null); // a duplicated tab must not take the seat; unloading the page saves it again
  const lobby = new RoomLobby(options, ticket);
  if (lobby.refused.current !== null) throw lobby.refused.current;
  lobby.connectAhead(options.stream ?? null);
  try {
    return await lobby.wait(options.stream ?? null, options.signal);
  } catch {
    lobby.leave();
    return null;
  }
}
