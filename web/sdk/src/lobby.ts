import { configure, createSpare, type SpareConnection } from './connection/spare-connection.ts';
import { EyelineError } from './errors.ts';
import { type Permissions, permissionsOf, permitted } from './media/permissions.ts';
import { loadTicket, type Room, type RoomOptions, SeatedRoom, saveTicket } from './room.ts';
import type { IceServer, Joined, Member } from './signalling/protocol.ts';
import { isStranger, SealedSignalling } from './signalling/sealed-signalling.ts';
import type { SignallingEvent, SignallingState, Ticket } from './signalling/session.ts';
import { isSecret } from './signalling/signal-encryption.ts';
import { type Signalling, WebSocketSignalling } from './signalling/websocket.ts';
import { Source, type Value } from './value.ts';

/** Milliseconds that joining may take before it is given up with code `unreachable`. */
const JOIN_WITHIN_MS = 15_000;

const ROOM_NAME = /^[a-z0-9-]{1,64}$/;

export interface JoinOptions {
  /** What the others read: 1 to 64 characters. */
  readonly name: string;
  readonly stream?: MediaStream | null;
  readonly signal?: AbortSignal;
}

/** A look into a room before joining it. */
export interface Lobby {
  readonly room: string;
  readonly signalling: Value<SignallingState>;
  /** Who is inside; null until the broker has answered. */
  readonly members: Value<readonly Member[] | null>;
  /** How many are inside without the key that we have, or with one where we have none. */
  readonly strangers: Value<number>;
  /** How many may be inside; null until the broker has answered. */
  readonly capacity: Value<number | null>;
  /** What we may send once we are inside; everything, as far as is known before the broker has answered. */
  readonly permissions: Value<Permissions>;
  /** A host has been asked whether we may enter. */
  readonly waiting: Value<boolean>;
  /** Why the broker does not let us look in; null while all is well. */
  readonly refused: Value<EyelineError | null>;
  /** Makes a connection for `stream` ahead, with its candidates gathered: `join` is quicker then. */
  prepare(stream: MediaStream): void;
  /**
   * Rejects with code `room-full`, `name`, `no-key`, `unreachable` or `aborted`; the lobby goes on then, and can be asked
   * again. Also with `pass-needed`, `pass-invalid`, `pass-expired` or `not-allowed`, after which nothing goes on.
   */
  join(options: JoinOptions): Promise<Room>;
  /** Whether all goes by the relay, so that nobody in the call learns our address; as in {@link RoomOptions}. */
  hideAddress(hide: boolean): void;
  /** Goes away without having joined. */
  leave(): void;
}

interface PendingJoin {
  readonly stream: MediaStream | null;
  readonly resolve: (room: Room) => void;
  readonly reject: (error: EyelineError) => void;
  /** Somebody thinks about it: it may take as long as it likes. */
  readonly patient: () => void;
}

/** The lobby, and after it the room, of one broker. */
class RoomLobby implements Lobby {
  readonly room: string;
  readonly signalling = new Source<SignallingState>('connecting');
  readonly members = new Source<readonly Member[] | null>(null);
  readonly strangers = new Source(0);
  readonly capacity = new Source<number | null>(null);
  readonly permissions = new Source<Permissions>(permissionsOf({}));
  readonly waiting = new Source(false);
  readonly refused = new Source<EyelineError | null>(null);
  readonly #signalling: Signalling;
  readonly #sealed: boolean;
  #iceTransportPolicy: RTCIceTransportPolicy;
  readonly #identity: () => Promise<CryptoKeyPair | null>;
  #iceServers: readonly IceServer[] = [];
  #spare: SpareConnection | null = null;
  /** What the connection that is made ahead is to send. */
  #stream: MediaStream | null = null;
  #waiting: PendingJoin | null = null;
  #seated: SeatedRoom | null = null;
  /** Why nothing goes on. */
  #over: EyelineError | null = null;

  constructor(place: RoomOptions, ticket: Ticket | null) {
    if (!ROOM_NAME.test(place.room)) {
      throw new EyelineError('room-name', 'A room name has 1 to 64 of the letters a-z, digits and hyphens.');
    }
    this.room = place.room;
    const door = { url: new URL(place.url), room: place.room, pass: place.pass ?? null, owner: place.owner ?? null };
    const [secret, emit] = [place.secret ?? null, (event: SignallingEvent) => this.#receive(event)];
    this.#sealed = secret !== null;
    this.#iceTransportPolicy = icePolicyOf(place.relayOnly ?? false);
    this.#identity = place.identity ?? (async () => null);
    this.#signalling =
      secret === null
        ? new WebSocketSignalling(door, ticket, emit)
        : new SealedSignalling(door, usable(secret), ticket, emit);
  }

  prepare(stream: MediaStream): void {
    this.#stream = stream;
    if (this.members.current !== null) this.connectAhead(stream);
  }

  hideAddress(hide: boolean): void {
    const ways = icePolicyOf(hide);
    if (ways === this.#iceTransportPolicy) return;
    this.#iceTransportPolicy = ways;
    this.#spare?.connection.close(); // it may have gathered what is not to be told
    this.#spare = null;
    if (this.#stream !== null) this.prepare(this.#stream);
  }

  /** Makes the connection while the broker is still being asked. */
  connectAhead(stream: MediaStream | null): void {
    this.#spare ??= createSpare(
      this.#iceServers,
      permitted(stream, this.permissions.current),
      this.#iceTransportPolicy,
    );
  }

  join(options: JoinOptions): Promise<Room> {
    if (!this.#sealed && this.strangers.current > 0 && this.members.current?.length === 0) {
      const why = 'The people inside came by a link with a key, after its #. Ask them for the whole link.';
      return Promise.reject(new EyelineError('no-key', why));
    }
    if (this.#over !== null) return Promise.reject(this.#over);
    const answer = this.wait(options.stream ?? null, options.signal);
    this.#signalling.join(options.name);
    return answer;
  }

  /** The room, once the broker has given us a seat. */
  wait(stream: MediaStream | null, signal: AbortSignal | undefined): Promise<Room> {
    this.#waiting?.reject(new EyelineError('aborted', 'Joining was asked for again.'));
    return new Promise<Room>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiting = null;
        this.waiting.set(false);
      };
      const fail = (error: EyelineError): void => {
        end();
        this.#signalling.cancelJoin();
        reject(error);
      };
      const abort = (): void => fail(new EyelineError('aborted', 'Joining was broken off.'));
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
    this.#waiting?.reject(new EyelineError('aborted', 'The lobby was left.'));
    if (this.#seated !== null) return;
    this.#signalling.leave();
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
        this.capacity.set(event.welcome.capacity);
        this.permissions.set(permissionsOf(event.welcome));
        this.#show(event.welcome.roster.members);
        if (this.#stream !== null) this.connectAhead(this.#stream);
        break;
      case 'roster':
        this.#show(event.roster.members);
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

  #show(members: readonly Member[]): void {
    this.strangers.set(members.filter(isStranger).length);
    this.members.set(members.filter((member) => !isStranger(member)));
  }

  #sit(joined: Joined): void {
    const stream = this.#waiting?.stream ?? null;
    if (this.#spare !== null) configure(this.#spare, joined.iceServers);
    this.#seated = new SeatedRoom(this.room, this.#signalling, this.signalling, {
      joined,
      stream,
      spare: this.#spare,
      iceTransportPolicy: this.#iceTransportPolicy,
      signallingEncrypted: this.#sealed,
      identity: this.#identity,
    });
    this.#spare = null;
    this.#waiting?.resolve(this.#seated);
  }
}

function icePolicyOf(relayOnly: boolean): RTCIceTransportPolicy {
  return relayOnly ? 'relay' : 'all';
}

/** The secret, if it can be one and the browser can use it. */
function usable(secret: string): string {
  if (!isSecret(secret)) throw new EyelineError('secret', 'The key in this link, after its #, is not whole.');
  if (globalThis.crypto?.subtle === undefined)
    throw new EyelineError('insecure', 'The key in this link works over HTTPS only.');
  return secret;
}

/**
 * Looks into a room. Returns at once; throws an EyelineError with code `room-name` or `secret` if it can't be one, and
 * `insecure` where a secret can't be used.
 */
export function openLobby(place: RoomOptions): Lobby {
  return new RoomLobby(place, null);
}

/** Joins a room: all that a page needs for a call. */
export function join(options: RoomOptions & JoinOptions): Promise<Room> {
  const lobby = new RoomLobby(options, null);
  lobby.connectAhead(options.stream ?? null);
  return lobby.join(options).catch((error: unknown) => {
    lobby.leave();
    throw error;
  });
}

/**
 * After the page was loaded anew in mid-call: the same seat again, or a new one under the same name if that is gone.
 * null if this tab was not in the room, or can't be again.
 */
export async function rejoin(
  options: RoomOptions & { readonly stream?: MediaStream | null; readonly signal?: AbortSignal },
): Promise<Room | null> {
  const ticket = loadTicket(options.room);
  if (ticket === null) return null;
  saveTicket(options.room, null); // a copy of this tab must not take the seat from it; leaving the page saves it again
  const visit = new RoomLobby(options, ticket);
  visit.connectAhead(options.stream ?? null);
  try {
    return await visit.wait(options.stream ?? null, options.signal);
  } catch {
    visit.leave();
    return null;
  }
}
