import { configure, type Spare, spare, type Ways } from './connection/peer-connection.ts';
import { EyelineError } from './errors.ts';
import { type Permissions, permissionsOf, permitted } from './media/permissions.ts';
import { loadTicket, type Place, type Room, SeatedRoom, saveTicket } from './room.ts';
import type { IceServer, Joined, Member } from './signalling/protocol.ts';
import { isStranger, SealedBroker } from './signalling/sealed-signalling.ts';
import type { BrokerState, News, Ticket } from './signalling/session.ts';
import { isSecret } from './signalling/signal-encryption.ts';
import { Broker, type Signalling } from './signalling/websocket.ts';
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
  readonly broker: Value<BrokerState>;
  /** Who is inside; null until the broker has answered. */
  readonly members: Value<readonly Member[] | null>;
  /** How many are inside without the key that we have, or with one where we have none. */
  readonly strangers: Value<number>;
  /** How many may be inside; null until the broker has answered. */
  readonly capacity: Value<number | null>;
  /** What we may send once we are inside; everything, as far as is known before the broker has answered. */
  readonly may: Value<Permissions>;
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
  /** Whether all goes by the relay, so that nobody in the call learns our address; as in {@link Place}. */
  hideAddress(hide: boolean): void;
  /** Goes away without having joined. */
  leave(): void;
}

interface Waiting {
  readonly stream: MediaStream | null;
  readonly resolve: (room: Room) => void;
  readonly reject: (error: EyelineError) => void;
  /** Somebody thinks about it: it may take as long as it likes. */
  readonly patient: () => void;
}

/** The lobby, and after it the room, of one broker. */
class Visit implements Lobby {
  readonly room: string;
  readonly broker = new Source<BrokerState>('connecting');
  readonly members = new Source<readonly Member[] | null>(null);
  readonly strangers = new Source(0);
  readonly capacity = new Source<number | null>(null);
  readonly may = new Source<Permissions>(permissionsOf({}));
  readonly waiting = new Source(false);
  readonly refused = new Source<EyelineError | null>(null);
  readonly #broker: Signalling;
  readonly #sealed: boolean;
  #ways: Ways;
  readonly #identity: () => Promise<CryptoKeyPair | null>;
  #iceServers: readonly IceServer[] = [];
  #spare: Spare | null = null;
  /** What the connection that is made ahead is to send. */
  #stream: MediaStream | null = null;
  #waiting: Waiting | null = null;
  #seated: SeatedRoom | null = null;
  /** Why nothing goes on. */
  #over: EyelineError | null = null;

  constructor(place: Place, ticket: Ticket | null) {
    if (!ROOM_NAME.test(place.room)) {
      throw new EyelineError('room-name', 'A room name has 1 to 64 of the letters a-z, digits and hyphens.');
    }
    this.room = place.room;
    const door = { url: new URL(place.url), room: place.room, pass: place.pass ?? null, owner: place.owner ?? null };
    const [secret, tell] = [place.secret ?? null, (news: News) => this.#hear(news)];
    this.#sealed = secret !== null;
    this.#ways = waysOf(place.relayOnly ?? false);
    this.#identity = place.identity ?? (async () => null);
    this.#broker =
      secret === null ? new Broker(door, ticket, tell) : new SealedBroker(door, usable(secret), ticket, tell);
  }

  prepare(stream: MediaStream): void {
    this.#stream = stream;
    if (this.members.current !== null) this.connectAhead(stream);
  }

  hideAddress(hide: boolean): void {
    const ways = waysOf(hide);
    if (ways === this.#ways) return;
    this.#ways = ways;
    this.#spare?.connection.close(); // it may have gathered what is not to be told
    this.#spare = null;
    if (this.#stream !== null) this.prepare(this.#stream);
  }

  /** Makes the connection while the broker is still being asked. */
  connectAhead(stream: MediaStream | null): void {
    this.#spare ??= spare(this.#iceServers, permitted(stream, this.may.current), this.#ways);
  }

  join(options: JoinOptions): Promise<Room> {
    if (!this.#sealed && this.strangers.current > 0 && this.members.current?.length === 0) {
      const why = 'The people inside came by a link with a key, after its #. Ask them for the whole link.';
      return Promise.reject(new EyelineError('no-key', why));
    }
    if (this.#over !== null) return Promise.reject(this.#over);
    const answer = this.wait(options.stream ?? null, options.signal);
    this.#broker.join(options.name);
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
        this.#broker.unjoin();
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
    this.#broker.leave();
    this.#spare?.connection.close();
    this.#spare = null;
  }

  #hear(news: News): void {
    if (news.news === 'state') this.broker.set(news.state);
    if (this.#seated !== null) {
      this.#seated.hear(news);
      return;
    }
    switch (news.news) {
      case 'welcome':
        this.refused.set(null);
        this.#iceServers = news.welcome.iceServers;
        this.capacity.set(news.welcome.capacity);
        this.may.set(permissionsOf(news.welcome));
        this.#show(news.welcome.roster.members);
        if (this.#stream !== null) this.connectAhead(this.#stream);
        break;
      case 'roster':
        this.#show(news.roster.members);
        break;
      case 'waiting':
        this.waiting.set(true);
        this.#waiting?.patient();
        break;
      case 'joined':
        this.#sit(news.joined);
        break;
      case 'refused':
      case 'over': {
        const error = new EyelineError(news.code === 'invalid' ? 'name' : news.code, news.message);
        if (news.news === 'over') this.#over = error;
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
    this.#seated = new SeatedRoom(this.room, this.#broker, this.broker, {
      joined,
      stream,
      spare: this.#spare,
      ways: this.#ways,
      sealed: this.#sealed,
      identity: this.#identity,
    });
    this.#spare = null;
    this.#waiting?.resolve(this.#seated);
  }
}

function waysOf(relayOnly: boolean): Ways {
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
export function visit(place: Place): Lobby {
  return new Visit(place, null);
}

/** Joins a room: all that a page needs for a call. */
export function join(options: Place & JoinOptions): Promise<Room> {
  const lobby = new Visit(options, null);
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
  options: Place & { readonly stream?: MediaStream | null; readonly signal?: AbortSignal },
): Promise<Room | null> {
  const ticket = loadTicket(options.room);
  if (ticket === null) return null;
  saveTicket(options.room, null); // a copy of this tab must not take the seat from it; leaving the page saves it again
  const visit = new Visit(options, ticket);
  visit.connectAhead(options.stream ?? null);
  try {
    return await visit.wait(options.stream ?? null, options.signal);
  } catch {
    visit.leave();
    return null;
  }
}
