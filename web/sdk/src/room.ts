import type { Json, PeerMedia } from './connection/messages.ts';
import { configure, type Spare, spare, type Ways } from './connection/peer-connection.ts';
import { newestNumber, numberAfter } from './connection/sequence.ts';
import { firstTrack, type Outgoing } from './connection/transceivers.ts';
import { EyelineError } from './errors.ts';
import { Exchange } from './files/swarm.ts';
import { type Permissions, permissionsOf, permitted } from './media/permissions.ts';
import { type Peer, RemotePeer } from './peer.ts';
import { type Hosting, RoomHosting } from './signalling/moderation.ts';
import type { IceServer, Joined, Member, Roster } from './signalling/protocol.ts';
import { isStranger } from './signalling/sealed-signalling.ts';
import type { BrokerState, News, Ticket } from './signalling/session.ts';
import type { Signalling } from './signalling/websocket.ts';
import { Source, type Value } from './value.ts';

/** Milliseconds that a connection which was lost has, to come back. */
const CUT_OFF_MS = 10_000;

/** A call that one is in. */
export interface Room {
  readonly name: string;
  /** Ourselves; another id after a seat was lost and a new one taken. */
  readonly me: Member;
  /** What we may send to the others. */
  readonly may: Value<Permissions>;
  /** The others, in order of arrival. */
  readonly peers: Value<readonly Peer[]>;
  /** What stands between us and a server that lies: the secret of the link, or nothing. */
  readonly sealed: boolean;
  /** Who is in the room without the key that we have, or with one where we have none: no link is set up with them. */
  readonly strangers: Value<readonly Member[]>;
  /** Whether the broker is there; the call goes on while it is `away`. */
  readonly broker: Value<BrokerState>;
  /** Our seat was given up while we were away, and a host is asked to let us in anew. */
  readonly waiting: Value<boolean>;
  /**
   * null while inside; then why it is over: `left` (by us), `replaced` (the seat was opened elsewhere), `time-up` and the
   * like.
   */
  readonly ended: Value<EyelineError | null>;
  /** When the call is to end for us, in milliseconds since 1970 by the clock of this machine; null if nobody has said. */
  readonly ends: Value<number | null>;
  readonly hosting: Hosting;
  /** What the server offers to find paths with: STUN, and relays with credentials that are renewed in time. */
  readonly iceServers: Value<readonly IceServer[]>;
  /**
   * Sends these tracks from now on, of those that we may send the first of each kind; null sends nothing. A track with
   * `enabled` false is told to the others as muted: call again after changing it.
   */
  publish(stream: MediaStream | null): void;
  /** What we share of our screen; null while it is nothing, also after the browser or the person has ended it. */
  readonly screen: Value<MediaStream | null>;
  /**
   * Shows the others a screen from now on, as `getDisplayMedia` gives it: its first picture and its first sound; null ends
   * it. Whoever asked the browser for the tracks stops them.
   */
  share(stream: MediaStream | null): void;
  /** Tells everyone who is here now; resolves when each has it, rejects with code `gone` and the names of who has not. */
  send(message: Json): Promise<void>;
  /** Calls `listener` with each message, once and in order, until the returned function is called. */
  listen(listener: (from: Peer, message: Json) => void): () => void;
  leave(): void;
}

export interface Place {
  /** Where Eyeline is served: its home page. */
  readonly url: string | URL;
  /** 1 to 64 of a-z, 0-9 and hyphen. */
  readonly room: string;
  /** The link's secret, 22 characters of base64url: what the members say to connect is sealed with it. */
  readonly secret?: string | null;
  /** Everything goes by the relay: nobody in the call learns our address, and the way is longer. */
  readonly relayOnly?: boolean;
  /** A long-term key (ECDSA, P-256) that the others can recognise us by, by `Peer.safety`; asked for when it is needed. */
  readonly identity?: () => Promise<CryptoKeyPair | null>;
  /** A signed pass (JSON Web Token) from your own server: opens the room, where it opens to nobody else. */
  readonly pass?: string | null;
  /** The owner's key of the room, from which its name is made (`ownedRoom`): who shows it is host. */
  readonly owner?: string | null;
}

/** What was in force when the page was told of the seat. */
interface Seat {
  readonly joined: Joined;
  readonly stream: MediaStream | null;
  readonly spare: Spare | null;
  readonly ways: Ways;
  readonly sealed: boolean;
  readonly identity: () => Promise<CryptoKeyPair | null>;
}

/** The seat in a room and everybody else's; driven by the news of the broker. */
export class SeatedRoom implements Room {
  readonly name: string;
  me: Member;
  readonly may: Source<Permissions>;
  readonly peers = new Source<readonly Peer[]>([]);
  readonly sealed: boolean;
  readonly strangers = new Source<readonly Member[]>([]);
  readonly broker: Value<BrokerState>;
  readonly waiting = new Source(false);
  readonly ended = new Source<EyelineError | null>(null);
  readonly ends = new Source<number | null>(null);
  readonly hosting: RoomHosting;
  readonly iceServers: Source<readonly IceServer[]>;
  readonly screen = new Source<MediaStream | null>(null);
  readonly #broker: Signalling;
  readonly #known = new Map<string, RemotePeer>();
  readonly #exchange = new Exchange();
  readonly #listeners = new Set<(from: Peer, message: Json) => void>();
  readonly #stopped = new AbortController();
  readonly #ways: Ways;
  readonly #identity: () => Promise<CryptoKeyPair | null>;
  #members: readonly Member[] = [];
  /** Why we got no other seat in the place of ours that is gone. */
  #refused: EyelineError | null = null;
  #spare: Spare | null;
  /** What we were given to send, and what of it we may. */
  #given: MediaStream | null;
  #stream: MediaStream | null = null;

  constructor(name: string, broker: Signalling, state: Value<BrokerState>, seat: Seat) {
    this.name = name;
    this.#broker = broker;
    this.hosting = new RoomHosting((order) => broker.order(order));
    this.broker = state;
    this.sealed = seat.sealed;
    this.#identity = seat.identity;
    this.#ways = seat.ways;
    this.iceServers = new Source(seat.joined.iceServers);
    this.#spare = seat.spare;
    this.#given = seat.stream;
    this.me = selfIn(seat.joined);
    this.may = new Source(permissionsOf(this.me));
    const options = { signal: this.#stopped.signal };
    globalThis.addEventListener?.('pagehide', () => this.#goAway(), options);
    globalThis.addEventListener?.('online', () => this.#restart(), options);
    const network = networkOf(globalThis.navigator);
    let kind = network?.type;
    const change = (): void => {
      if (network?.type === kind) return; // only an estimate of its speed
      kind = network?.type;
      this.#restart();
    };
    network?.addEventListener('change', change, options);
    this.#joined(seat.joined, false);
  }

  publish(stream: MediaStream | null): void {
    this.#given = stream;
    this.#choose();
    this.#publish();
  }

  share(stream: MediaStream | null): void {
    const may = this.ended.current === null && this.may.current.has('screen');
    const track = may ? firstTrack(stream, 'video') : null;
    this.screen.set(track === null ? null : stream);
    if (track !== null) {
      if (!track.contentHint) track.contentHint = 'detail'; // sharp rather than smooth
      const over = (): void => {
        if (this.screen.current === stream) this.share(null);
      };
      track.addEventListener('ended', over, { once: true, signal: this.#stopped.signal });
    }
    this.#publish();
  }

  async send(message: Json): Promise<void> {
    const peers = [...this.#known.values()].filter((peer) => peer.here.current);
    const results = await Promise.allSettled(peers.map((peer) => peer.send(message)));
    const failed = peers.filter((_, index) => results[index]?.status === 'rejected');
    if (failed.length === 0) return;
    const [first] = results.filter((result) => result.status === 'rejected');
    const code = first?.reason instanceof EyelineError ? first.reason.code : 'gone';
    throw new EyelineError(code, failed.map((peer) => peer.name).join(', '));
  }

  listen(listener: (from: Peer, message: Json) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  leave(): void {
    if (this.ended.current !== null) return;
    for (const peer of this.#known.values()) peer.farewell('leave');
    this.#broker.leave();
    this.#end(new EyelineError('left', 'You left.'));
  }

  hear(news: News): void {
    if (this.ended.current !== null) return;
    switch (news.news) {
      case 'joined':
        this.#refused = null;
        this.waiting.set(false);
        this.#sit(selfIn(news.joined));
        this.#configure(news.joined.iceServers);
        this.#joined(news.joined, news.resumed);
        break;
      case 'roster':
        this.#seat(news.roster, false);
        break;
      case 'ice-servers':
        this.#configure(news.iceServers);
        break;
      case 'signalled':
        this.#known.get(news.signalled.from)?.hear(news.signalled.data);
        break;
      case 'over':
        this.#end(new EyelineError(news.code, news.message));
        break;
      case 'knocks':
        this.hosting.knocks.set(news.waiting);
        break;
      case 'asked-to-mute':
        this.hosting.asked(news.from);
        break;
      case 'waiting':
        this.waiting.set(true);
        break;
      case 'refused':
        this.#refused = new EyelineError(news.code, news.message);
        this.waiting.set(false);
        if ([...this.#known.values()].some((peer) => peer.line.current.state === 'lost')) this.#endLater();
        else this.#endIfCutOff();
        break;
      case 'state':
      case 'welcome':
        break;
    }
  }

  /** A connection that was lost may come back by itself. */
  #endLater(): void {
    setTimeout(() => this.#endIfCutOff(), CUT_OFF_MS);
  }

  /** Who has no seat is reached by nobody anew: the call lasts as long as its connections. */
  #endIfCutOff(): void {
    const connected = [...this.#known.values()].some((peer) => peer.connected);
    if (this.#refused !== null && !connected) this.#end(this.#refused);
  }

  get #outgoing(): Outgoing {
    return { stream: this.#stream, screen: this.screen.current };
  }

  #publish(): void {
    const outgoing = this.#outgoing;
    for (const peer of this.#known.values()) peer.publish(outgoing, mediaOf(outgoing));
  }

  #configure(iceServers: readonly IceServer[]): void {
    this.iceServers.set(iceServers);
    if (this.#spare !== null) configure(this.#spare, iceServers);
    for (const peer of this.#known.values()) peer.configure(iceServers);
  }

  /** What we may send is another only in another seat. */
  #sit(me: Member): void {
    if (me.id !== this.me.id) this.may.set(permissionsOf(me));
    this.me = me;
  }

  /** Of what we were given, what we may send. */
  #choose(): void {
    this.#stream = permitted(this.#given, this.may.current);
  }

  #joined(joined: Joined, resumed: boolean): void {
    this.#choose();
    this.ends.set(joined.endsInMs === undefined ? null : Date.now() + joined.endsInMs);
    const before = [...this.#known.values()];
    if (!resumed) {
      for (const peer of before) this.#forget(peer); // a new id: the others see a new person
    } else if (joined.gap) {
      for (const peer of before) if (!peer.connected || !peer.settled) peer.restart();
    }
    this.#seat(joined.roster, true);
  }

  /** Brings the peers in line with the roster. `opens`: we came later than those who are new to us, and call them. */
  #seat(roster: Roster, opens: boolean): void {
    const mine = roster.members.find((member) => member.id === this.me.id);
    this.hosting.learn(mine?.role ?? 'member', roster.rules);
    const others = roster.members.filter((member) => member.id !== this.me.id);
    this.#members = others.filter((member) => !isStranger(member));
    this.strangers.set(others.filter(isStranger));
    const inside = new Map(this.#members.map((member) => [member.id, member]));
    for (const peer of this.#known.values()) {
      if (inside.has(peer.id)) continue;
      // A broker that was restarted, or that they cannot reach, does not know them: a live connection says they are here.
      // Not of those whom it sent out: they need not have gone.
      if (!peer.connected || roster.removed?.includes(peer.id)) this.#forget(peer);
    }
    for (const member of this.#members) {
      const peer = this.#known.get(member.id);
      if (peer === undefined) {
        if (mine !== undefined) this.#meet(member, opens); // else we look on, as from the lobby
      } else {
        peer.name = member.name;
        peer.role.set(member.role ?? 'member');
      }
    }
    this.#show();
    this.#endIfCutOff();
  }

  #meet(member: Member, opens: boolean): void {
    const { me } = this;
    const polite = me.order > member.order || (me.order === member.order && me.id > member.id);
    const peer: RemotePeer = new RemotePeer({
      member,
      polite,
      opens,
      mine: this.may,
      outgoing: this.#outgoing,
      media: mediaOf(this.#outgoing),
      links: Math.max(1, this.#members.length),
      identity: this.#identity,
      takeSpare: () => this.#takeSpare(),
      exchange: this.#exchange,
      iceServers: () => this.iceServers.current,
      reachable: () => this.broker.current === 'connected',
      signal: (text) => this.#signal(member.id, text),
      onMessage: (data) => {
        for (const listener of [...this.#listeners]) listener(peer, data);
      },
      onSilence: () => {
        this.#broker.hurry(); // its socket may be as dead
        peer.restart();
      },
      onLeave: () => {
        this.#forget(peer);
        this.#show();
        this.#endIfCutOff();
      },
    });
    this.#known.set(member.id, peer);
    peer.here.subscribe(() => this.#show());
    peer.line.subscribe(({ state }) => {
      if (state === 'lost') this.#endLater();
      if (state !== 'lost' || this.#members.some((other) => other.id === peer.id)) return;
      this.#forget(peer); // the broker gave their seat up before, and now the connection is gone too
      this.#show();
    });
  }

  #signal(to: string, text: string): boolean {
    if (this.broker.current !== 'connected' && this.#known.get(to)?.reachable === true) return false;
    return this.#broker.signal(to, text);
  }

  #takeSpare(): Spare {
    const taken = this.#spare ?? spare(this.iceServers.current, this.#stream, this.#ways);
    this.#spare = null;
    // The next one is made when there is time for it, not while this one is being connected.
    setTimeout(() => {
      if (this.ended.current === null) this.#spare ??= spare(this.iceServers.current, this.#stream, this.#ways);
    }, 2000);
    return taken;
  }

  #forget(peer: RemotePeer): void {
    peer.close();
    this.#known.delete(peer.id);
  }

  #show(): void {
    const order = new Map(this.#members.map((member) => [member.id, member.order]));
    const place = (peer: Peer): number => order.get(peer.id) ?? 0;
    for (const peer of this.#known.values()) peer.limit(this.#known.size);
    const here = [...this.#known.values()].filter((peer) => peer.here.current);
    this.peers.set(here.sort((a, b) => place(a) - place(b)));
  }

  #restart(): void {
    for (const peer of this.#known.values()) if (peer.connected) peer.restart();
  }

  #goAway(): void {
    saveTicket(this.name, this.#broker.ticket);
    for (const peer of this.#known.values()) peer.farewell('away');
  }

  #end(why: EyelineError): void {
    if (this.ended.current !== null) return;
    saveTicket(this.name, null);
    this.#stopped.abort();
    for (const peer of [...this.#known.values()]) this.#forget(peer);
    this.#spare?.connection.close();
    this.#spare = null;
    this.peers.set([]);
    this.screen.set(null);
    this.ended.set(why);
  }
}

/** What the others are told of our tracks. */
function mediaOf({ stream, screen }: Outgoing): PeerMedia {
  const audio = firstTrack(stream, 'audio');
  const video = firstTrack(stream, 'video');
  return {
    microphone: audio === null ? 'none' : gives(audio) ? 'on' : 'muted',
    camera: video === null ? 'none' : gives(video) ? 'on' : 'off',
    screen: firstTrack(screen, 'video') === null ? 'none' : 'on',
  };
}

/** Neither the person nor the system has silenced it. */
function gives({ enabled, muted }: MediaStreamTrack): boolean {
  return enabled && !muted;
}

function selfIn(joined: Joined): Member {
  const self = joined.roster.members.find((member) => member.id === joined.you);
  if (self === undefined) throw new EyelineError('protocol', 'The broker left us out of its roster.');
  return self;
}

/** The Network Information API, which not every browser has. */
function networkOf(navigator: Navigator | undefined): (EventTarget & { readonly type?: string }) | undefined {
  const connection: unknown = navigator === undefined ? undefined : Reflect.get(navigator, 'connection');
  return connection instanceof EventTarget ? connection : undefined;
}

const TICKET_KEY = 'eyeline:seat:';

/** Keeps the seat for a page that is loaded anew in this tab; null gives it up. */
export function saveTicket(room: string, ticket: Ticket | null): void {
  try {
    if (ticket === null) sessionStorage.removeItem(TICKET_KEY + room);
    else sessionStorage.setItem(TICKET_KEY + room, JSON.stringify({ ...ticket, number: newestNumber() }));
  } catch {
    // Storage is switched off: a reload joins anew.
  }
}

/** The seat that this tab had in the room before it was loaded anew; its numbers go on from there. */
export function loadTicket(room: string): Ticket | null {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(TICKET_KEY + room) ?? 'null');
    if (typeof value !== 'object' || value === null) return null;
    const { token, name, heard, number } = value as Record<string, unknown>;
    if (typeof token !== 'string' || typeof name !== 'string' || typeof heard !== 'number') return null;
    if (typeof number === 'number') numberAfter(number);
    return { token, name, heard };
  } catch {
    return null;
  }
}
