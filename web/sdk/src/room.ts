import type { Json, PeerMedia } from './connection/messages.ts';
import { continueSequenceAfter, newestSequence } from './connection/sequence.ts';
import { configure, createSpare, type SpareConnection } from './connection/spare-connection.ts';
import { firstTrack, type LocalTracks } from './connection/transceivers.ts';
import { EyelineError } from './errors.ts';
import { Swarm } from './files/swarm.ts';
import { type Permissions, permissionsOf, permitted } from './media/permissions.ts';
import { type Peer, RemotePeer } from './peer.ts';
import { type Moderation, RoomModeration } from './signalling/moderation.ts';
import type { IceServer, Joined, Member, Roster } from './signalling/protocol.ts';
import { isStranger } from './signalling/sealed-signalling.ts';
import type { SignallingEvent, SignallingState, Ticket } from './signalling/session.ts';
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
  readonly permissions: Value<Permissions>;
  /** The others, in order of arrival. */
  readonly peers: Value<readonly Peer[]>;
  /** What stands between us and a server that lies: the secret of the link, or nothing. */
  readonly signallingEncrypted: boolean;
  /** Who is in the room without the key that we have, or with one where we have none: no link is set up with them. */
  readonly strangers: Value<readonly Member[]>;
  /** Whether the broker is there; the call goes on while it is `away`. */
  readonly signalling: Value<SignallingState>;
  /** Our seat was given up while we were away, and a host is asked to let us in anew. */
  readonly waiting: Value<boolean>;
  /**
   * null while inside; then why it is over: `left` (by us), `replaced` (the seat was opened elsewhere), `time-up` and the
   * like.
   */
  readonly ended: Value<EyelineError | null>;
  /** When the call is to end for us, in milliseconds since 1970 by the clock of this machine; null if nobody has said. */
  readonly endsAt: Value<number | null>;
  readonly moderation: Moderation;
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
  shareScreen(stream: MediaStream | null): void;
  /** Tells everyone who is here now; resolves when each has it, rejects with code `gone` and the names of who has not. */
  send(message: Json): Promise<void>;
  /** Calls `listener` with each message, once and in order, until the returned function is called. */
  onMessage(listener: (from: Peer, message: Json) => void): () => void;
  leave(): void;
}

export interface RoomOptions {
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
interface SeatOptions {
  readonly joined: Joined;
  readonly stream: MediaStream | null;
  readonly spare: SpareConnection | null;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly signallingEncrypted: boolean;
  readonly identity: () => Promise<CryptoKeyPair | null>;
}

/** The seat in a room and everybody else's; driven by the news of the broker. */
export class SeatedRoom implements Room {
  readonly name: string;
  me: Member;
  readonly permissions: Source<Permissions>;
  readonly peers = new Source<readonly Peer[]>([]);
  readonly signallingEncrypted: boolean;
  readonly strangers = new Source<readonly Member[]>([]);
  readonly signalling: Value<SignallingState>;
  readonly waiting = new Source(false);
  readonly ended = new Source<EyelineError | null>(null);
  readonly endsAt = new Source<number | null>(null);
  readonly moderation: RoomModeration;
  readonly iceServers: Source<readonly IceServer[]>;
  readonly screen = new Source<MediaStream | null>(null);
  readonly #signalling: Signalling;
  readonly #peersById = new Map<string, RemotePeer>();
  readonly #swarm = new Swarm();
  readonly #listeners = new Set<(from: Peer, message: Json) => void>();
  readonly #stopped = new AbortController();
  readonly #iceTransportPolicy: RTCIceTransportPolicy;
  readonly #identity: () => Promise<CryptoKeyPair | null>;
  #members: readonly Member[] = [];
  /** Why we got no other seat in the place of ours that is gone. */
  #refused: EyelineError | null = null;
  #spare: SpareConnection | null;
  /** What we were given to send, and what of it we may. */
  #given: MediaStream | null;
  #stream: MediaStream | null = null;

  constructor(name: string, broker: Signalling, state: Value<SignallingState>, seat: SeatOptions) {
    this.name = name;
    this.#signalling = broker;
    this.moderation = new RoomModeration((order) => broker.moderate(order));
    this.signalling = state;
    this.signallingEncrypted = seat.signallingEncrypted;
    this.#identity = seat.identity;
    this.#iceTransportPolicy = seat.iceTransportPolicy;
    this.iceServers = new Source(seat.joined.iceServers);
    this.#spare = seat.spare;
    this.#given = seat.stream;
    this.me = selfIn(seat.joined);
    this.permissions = new Source(permissionsOf(this.me));
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

  shareScreen(stream: MediaStream | null): void {
    const may = this.ended.current === null && this.permissions.current.has('screen');
    const track = may ? firstTrack(stream, 'video') : null;
    this.screen.set(track === null ? null : stream);
    if (track !== null) {
      if (!track.contentHint) track.contentHint = 'detail'; // sharp rather than smooth
      const over = (): void => {
        if (this.screen.current === stream) this.shareScreen(null);
      };
      track.addEventListener('ended', over, { once: true, signal: this.#stopped.signal });
    }
    this.#publish();
  }

  async send(message: Json): Promise<void> {
    const peers = [...this.#peersById.values()].filter((peer) => peer.present.current);
    const results = await Promise.allSettled(peers.map((peer) => peer.send(message)));
    const failed = peers.filter((_, index) => results[index]?.status === 'rejected');
    if (failed.length === 0) return;
    const [first] = results.filter((result) => result.status === 'rejected');
    const code = first?.reason instanceof EyelineError ? first.reason.code : 'gone';
    throw new EyelineError(code, failed.map((peer) => peer.name).join(', '));
  }

  onMessage(listener: (from: Peer, message: Json) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  leave(): void {
    if (this.ended.current !== null) return;
    for (const peer of this.#peersById.values()) peer.farewell('leave');
    this.#signalling.leave();
    this.#end(new EyelineError('left', 'You left.'));
  }

  receive(event: SignallingEvent): void {
    if (this.ended.current !== null) return;
    switch (event.type) {
      case 'joined':
        this.#refused = null;
        this.waiting.set(false);
        this.#sit(selfIn(event.joined));
        this.#configure(event.joined.iceServers);
        this.#joined(event.joined, event.resumed);
        break;
      case 'roster':
        this.#seat(event.roster, false);
        break;
      case 'ice-servers':
        this.#configure(event.iceServers);
        break;
      case 'signalled':
        this.#peersById.get(event.signalled.from)?.transport.receive(event.signalled.data);
        break;
      case 'over':
        this.#end(new EyelineError(event.code, event.message));
        break;
      case 'knocks':
        this.moderation.knocks.set(event.waiting);
        break;
      case 'asked-to-mute':
        this.moderation.asked(event.from);
        break;
      case 'waiting':
        this.waiting.set(true);
        break;
      case 'refused':
        this.#refused = new EyelineError(event.code, event.message);
        this.waiting.set(false);
        if ([...this.#peersById.values()].some((peer) => peer.connection.current.state === 'lost')) this.#endLater();
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
    const connected = [...this.#peersById.values()].some((peer) => peer.transport.current.connected);
    if (this.#refused !== null && !connected) this.#end(this.#refused);
  }

  get #outgoing(): LocalTracks {
    return { stream: this.#stream, screen: this.screen.current };
  }

  #publish(): void {
    const outgoing = this.#outgoing;
    for (const peer of this.#peersById.values()) peer.publish(outgoing, mediaOf(outgoing));
  }

  #configure(iceServers: readonly IceServer[]): void {
    this.iceServers.set(iceServers);
    if (this.#spare !== null) configure(this.#spare, iceServers);
    for (const peer of this.#peersById.values()) peer.transport.configure(iceServers);
  }

  /** What we may send is another only in another seat. */
  #sit(me: Member): void {
    if (me.id !== this.me.id) this.permissions.set(permissionsOf(me));
    this.me = me;
  }

  /** Of what we were given, what we may send. */
  #choose(): void {
    this.#stream = permitted(this.#given, this.permissions.current);
  }

  #joined(joined: Joined, resumed: boolean): void {
    this.#choose();
    this.endsAt.set(joined.endsInMs === undefined ? null : Date.now() + joined.endsInMs);
    const before = [...this.#peersById.values()];
    if (!resumed) {
      for (const peer of before) this.#forget(peer); // a new id: the others see a new person
    } else if (joined.gap) {
      for (const peer of before)
        if (!peer.transport.current.connected || !peer.transport.current.settled) peer.transport.restart();
    }
    this.#seat(joined.roster, true);
  }

  /** Brings the peers in line with the roster. `opens`: we came later than those who are new to us, and call them. */
  #seat(roster: Roster, opens: boolean): void {
    const mine = roster.members.find((member) => member.id === this.me.id);
    this.moderation.learn(mine?.role ?? 'member', roster.rules);
    const others = roster.members.filter((member) => member.id !== this.me.id);
    this.#members = others.filter((member) => !isStranger(member));
    this.strangers.set(others.filter(isStranger));
    const inside = new Map(this.#members.map((member) => [member.id, member]));
    for (const peer of this.#peersById.values()) {
      if (inside.has(peer.id)) continue;
      // A broker that was restarted, or that they cannot reach, does not know them: a live connection says they are here.
      // Not of those whom it sent out: they need not have gone.
      if (!peer.transport.current.connected || roster.removed?.includes(peer.id)) this.#forget(peer);
    }
    for (const member of this.#members) {
      const peer = this.#peersById.get(member.id);
      if (peer === undefined) {
        if (mine !== undefined) this.#addPeer(member, opens); // else we look on, as from the lobby
      } else {
        peer.name = member.name;
        peer.role.set(member.role ?? 'member');
      }
    }
    this.#updatePeers();
    this.#endIfCutOff();
  }

  #addPeer(member: Member, offers: boolean): void {
    const { me } = this;
    const polite = me.order > member.order || (me.order === member.order && me.id > member.id);
    const peer: RemotePeer = new RemotePeer({
      member,
      polite,
      offers,
      ownPermissions: this.permissions,
      tracks: this.#outgoing,
      media: mediaOf(this.#outgoing),
      connections: Math.max(1, this.#members.length),
      identity: this.#identity,
      takeSpare: () => this.#takeSpare(),
      swarm: this.#swarm,
      iceServers: () => this.iceServers.current,
      reachable: () => this.signalling.current === 'connected',
      signal: (text) => this.#signal(member.id, text),
      onMessage: (data) => {
        for (const listener of [...this.#listeners]) listener(peer, data);
      },
      onMediaTimeout: () => {
        this.#signalling.checkConnection(); // its socket may be dead too
        peer.transport.restart();
      },
      onLeave: () => {
        this.#forget(peer);
        this.#updatePeers();
        this.#endIfCutOff();
      },
    });
    this.#peersById.set(member.id, peer);
    peer.present.subscribe(() => this.#updatePeers());
    peer.connection.subscribe(({ state }) => {
      if (state === 'lost') this.#endLater();
      if (state !== 'lost' || this.#members.some((other) => other.id === peer.id)) return;
      this.#forget(peer); // the broker gave their seat up before, and now the connection is gone too
      this.#updatePeers();
    });
  }

  #signal(to: string, text: string): boolean {
    if (this.signalling.current !== 'connected' && this.#peersById.get(to)?.reachable === true) return false;
    return this.#signalling.signal(to, text);
  }

  #takeSpare(): SpareConnection {
    const taken = this.#spare ?? createSpare(this.iceServers.current, this.#stream, this.#iceTransportPolicy);
    this.#spare = null;
    // The next one is made when there is time for it, not while this one is being connected.
    setTimeout(() => {
      if (this.ended.current === null)
        this.#spare ??= createSpare(this.iceServers.current, this.#stream, this.#iceTransportPolicy);
    }, 2000);
    return taken;
  }

  #forget(peer: RemotePeer): void {
    peer.close();
    this.#peersById.delete(peer.id);
  }

  #updatePeers(): void {
    const order = new Map(this.#members.map((member) => [member.id, member.order]));
    const place = (peer: Peer): number => order.get(peer.id) ?? 0;
    for (const peer of this.#peersById.values()) peer.transport.limitBitrate(this.#peersById.size);
    const here = [...this.#peersById.values()].filter((peer) => peer.present.current);
    this.peers.set(here.sort((a, b) => place(a) - place(b)));
  }

  #restart(): void {
    for (const peer of this.#peersById.values()) if (peer.transport.current.connected) peer.transport.restart();
  }

  #goAway(): void {
    saveTicket(this.name, this.#signalling.ticket);
    for (const peer of this.#peersById.values()) peer.farewell('away');
  }

  #end(why: EyelineError): void {
    if (this.ended.current !== null) return;
    saveTicket(this.name, null);
    this.#stopped.abort();
    for (const peer of [...this.#peersById.values()]) this.#forget(peer);
    this.#spare?.connection.close();
    this.#spare = null;
    this.peers.set([]);
    this.screen.set(null);
    this.ended.set(why);
  }
}

/** What the others are told of our tracks. */
function mediaOf({ stream, screen }: LocalTracks): PeerMedia {
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
    else sessionStorage.setItem(TICKET_KEY + room, JSON.stringify({ ...ticket, number: newestSequence() }));
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
    if (typeof number === 'number') continueSequenceAfter(number);
    return { token, name, heard };
  } catch {
    return null;
  }
}
