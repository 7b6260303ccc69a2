import type { Json, PeerMedia } from './connection/messages.ts';
import { onNetworkChange } from './connection/network-change.ts';
import { configure, createSpare, createSpareAhead, type SpareConnection } from './connection/spare-connection.ts';
import { firstTrack, type LocalTracks, mediaOf } from './connection/transceivers.ts';
import { EyelineError } from './errors.ts';
import { TransferLoader } from './files/transfer-loader.ts';
import { type Permissions, permissionsOf, permitted } from './media/permissions.ts';
import { type Peer, RemotePeer } from './peer.ts';
import { type Moderation, RoomModeration } from './signalling/moderation.ts';
import { type PhoneCalls, RoomPhoneCalls } from './signalling/phone-calls.ts';
import type { IceServer, Joined, Member, Roster } from './signalling/protocol.ts';
import { isStranger } from './signalling/sealed-signalling.ts';
import { saveTicket } from './signalling/seat-storage.ts';
import type { SignallingEvent, SignallingState } from './signalling/session.ts';
import type { Signalling } from './signalling/websocket.ts';
import { notify, Source, type Value } from './value.ts';

/** Milliseconds that a lost connection has to come back. */
const CUT_OFF_MS = 10_000;

/** A room that we have joined. */
export interface Room {
  /** Name of the room. */
  readonly name: string;
  /** Ourselves. The id is a new one after a seat was lost and a new one taken. */
  readonly me: Member;
  /** What we may send to the others. */
  readonly permissions: Value<Permissions>;
  /** The other participants, in order of arrival. */
  readonly peers: Value<readonly Peer[]>;
  /** Whether signalling is end-to-end encrypted with a `secret`, so that the server can neither read nor change it. */
  readonly signallingEncrypted: boolean;
  /** Members whose secret differs from ours, or who have one where we have none. We don't connect to them. */
  readonly strangers: Value<readonly Member[]>;
  /** Phones that were here before us: each talks to one other participant only, so we don't connect to them. */
  readonly phones: Value<readonly Member[]>;
  /** State of the WebSocket to the server; the call goes on while it is `away`. */
  readonly signalling: Value<SignallingState>;
  /** Whether our seat expired while we were away and a host has to admit us again. */
  readonly waiting: Value<boolean>;
  /**
   * null while we are in the room, then why we no longer are. Its code is `left` (we did), `replaced` (the seat was
   * opened elsewhere), `removed`, `ended` (by a host), `time-up`, or one with which `join` rejects.
   */
  readonly ended: Value<EyelineError | null>;
  /** When the call ends for us, in milliseconds since 1970 by this machine's clock; null if it has no set end. */
  readonly endsAt: Value<number | null>;
  /** What hosts can do, and what they have decided. */
  readonly moderation: Moderation;
  /** Calling somebody's phone, so that they join by it. */
  readonly phoneCalls: PhoneCalls;
  /** STUN and TURN servers with credentials, which are renewed before they expire. */
  readonly iceServers: Value<readonly IceServer[]>;
  /**
   * Sends the first audio and the first video track of `stream` from now on, as far as we may; null sends nothing. A
   * track with `enabled` set to false is shown to the others as muted or off: call again after you change it. With
   * `cameraFailed` the others are told, in `PeerMedia`, that a camera is missing because it failed.
   */
  publish(stream: MediaStream | null, options?: { readonly cameraFailed?: boolean }): void;
  /**
   * Limits the video of all cameras, sent and received, to this height in pixels: on a slow or expensive line. 0 sends
   * and receives none, null ends the limit. Shared screens are not limited.
   */
  limitVideo(maxHeight: number | null): void;
  /** The screen that we share; null if none, also after the browser or the user has stopped it. */
  readonly screen: Value<MediaStream | null>;
  /**
   * Shares the first video and the first audio track of `stream`, as `getDisplayMedia` returns it; null stops sharing.
   * It does nothing where we may not share. The caller stops the tracks.
   */
  shareScreen(stream: MediaStream | null): void;
  /**
   * Sends a message to every peer. Resolves when all have it. Rejects with the `code` of the first failure (see
   * `Peer.send`) and a message with the names of those who don't have it, or with {@link ended} once that is set.
   */
  send(message: Json): Promise<void>;
  /** Calls `listener` with each message, once and in order. Returns a function that stops this. */
  onMessage(listener: (from: Peer, message: Json) => void): () => void;
  /** Leaves the room, and closes all connections. */
  leave(): void;
}

/** Which room to join, and how. */
export interface RoomOptions {
  /** Base URL of the Eyeline server. */
  readonly url: string | URL;
  /** Room name: 1 to 64 of a-z, 0-9 and hyphen. */
  readonly room: string;
  /** Encrypts signalling end to end: 22 characters of base64url from `newSecret`, the same for all participants. */
  readonly secret?: string | null;
  /** Sends everything through the relay (`iceTransportPolicy: 'relay'`): no participant learns our IP address. */
  readonly relayOnly?: boolean;
  /** A long-term key (ECDSA, P-256) by which others can recognise us, see `Peer.safety`. Called when it is needed. */
  readonly identity?: () => Promise<CryptoKeyPair | null>;
  /** A pass (JSON Web Token) signed by your own server, for rooms that need one. */
  readonly pass?: string | null;
  /** The owner key of the room, from which `ownedRoomName` makes its name. It makes us host. */
  readonly owner?: string | null;
}

/** What the lobby hands over when we get a seat. */
interface SeatOptions {
  readonly joined: Joined;
  readonly stream: MediaStream | null;
  readonly spare: SpareConnection | null;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly signallingEncrypted: boolean;
  readonly identity: () => Promise<CryptoKeyPair | null>;
}

/** A {@link Room}: keeps one {@link RemotePeer} for each other member, as signalling events tell it to. */
export class SeatedRoom implements Room {
  readonly name: string;
  me: Member;
  readonly permissions: Source<Permissions>;
  readonly peers = new Source<readonly Peer[]>([]);
  readonly signallingEncrypted: boolean;
  readonly strangers = new Source<readonly Member[]>([]);
  readonly phones = new Source<readonly Member[]>([]);
  readonly signalling: Value<SignallingState>;
  readonly waiting = new Source(false);
  readonly ended = new Source<EyelineError | null>(null);
  readonly endsAt = new Source<number | null>(null);
  readonly moderation: RoomModeration;
  readonly phoneCalls: RoomPhoneCalls;
  readonly iceServers: Source<readonly IceServer[]>;
  readonly screen = new Source<MediaStream | null>(null);
  readonly #signalling: Signalling;
  readonly #peersById = new Map<string, RemotePeer>();
  readonly #transferLoader = new TransferLoader();
  readonly #listeners = new Set<(from: Peer, message: Json) => void>();
  readonly #stopped = new AbortController();
  readonly #iceTransportPolicy: RTCIceTransportPolicy;
  readonly #identity: () => Promise<CryptoKeyPair | null>;
  /** Members to whom we make no connection, see `Peer.ignore`. */
  readonly #ignored = new Set<string>();
  #members: readonly Member[] = [];
  /** Why we got no new seat after ours expired. */
  #seatRefused: EyelineError | null = null;
  #spare: SpareConnection | null;
  /** What we were given to send, and the part of it that we may send. */
  #given: MediaStream | null;
  #stream: MediaStream | null = null;
  #cameraFailed = false;
  #maxHeight: number | null = null;

  constructor(name: string, signalling: Signalling, state: Value<SignallingState>, seat: SeatOptions) {
    this.name = name;
    this.#signalling = signalling;
    this.moderation = new RoomModeration((message) => signalling.command(message));
    this.phoneCalls = new RoomPhoneCalls((message) => signalling.command(message));
    this.signalling = state;
    this.signallingEncrypted = seat.signallingEncrypted;
    this.#identity = seat.identity;
    this.#iceTransportPolicy = seat.iceTransportPolicy;
    this.iceServers = new Source(seat.joined.iceServers);
    this.#spare = seat.spare;
    this.#given = seat.stream;
    this.me = selfIn(seat.joined);
    this.permissions = new Source(permissionsOf(this.me));
    globalThis.addEventListener?.('pagehide', () => this.#goAway(), { signal: this.#stopped.signal });
    onNetworkChange(() => this.#restart(), this.#stopped.signal);
    try {
      this.#joined(seat.joined, false);
    } catch (error) {
      this.#end(new EyelineError('setup-failed', 'This browser could not make a connection.'));
      throw error;
    }
  }

  publish(stream: MediaStream | null, { cameraFailed = false } = {}): void {
    this.#given = stream;
    this.#cameraFailed = cameraFailed;
    this.#selectTracks();
    this.#publish();
  }

  limitVideo(maxHeight: number | null): void {
    this.#maxHeight = maxHeight;
    for (const peer of this.#peersById.values()) peer.limitVideo(maxHeight);
    this.#publish();
  }

  shareScreen(stream: MediaStream | null): void {
    const may = this.ended.current === null && this.permissions.current.has('screen');
    const track = may ? firstTrack(stream, 'video') : null;
    this.screen.set(track === null ? null : stream);
    if (track !== null) {
      if (!track.contentHint) track.contentHint = 'detail'; // prefer resolution to frame rate
      const over = (): void => {
        if (this.screen.current === stream) this.shareScreen(null);
      };
      track.addEventListener('ended', over, { once: true, signal: this.#stopped.signal });
    }
    this.#publish();
  }

  async send(message: Json): Promise<void> {
    if (this.ended.current !== null) throw this.ended.current;
    const peers = [...this.#peersById.values()].filter((peer) => peer.present.current);
    const results = await Promise.allSettled(peers.map((peer) => peer.send(message)));
    const failed = peers.filter((_, index) => results[index]?.status === 'rejected');
    if (failed.length === 0) return;
    const [first] = results.filter((result) => result.status === 'rejected');
    const code = first?.reason instanceof EyelineError ? first.reason.code : 'gone';
    const reason = first?.reason instanceof Error ? first.reason.message : '';
    throw new EyelineError(code, `Not sent to ${failed.map((peer) => peer.name).join(', ')}. ${reason}`);
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
        this.#seatRefused = null;
        this.waiting.set(false);
        this.moderation.available.set(true);
        this.#takeSeat(selfIn(event.joined));
        this.#configure(event.joined.iceServers);
        this.#joined(event.joined, event.resumed);
        break;
      case 'roster':
        this.#applyRoster(event.roster, false);
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
        this.moderation.askedToMute(event.from);
        break;
      case 'phone-call':
        this.phoneCalls.current.set(event.call);
        break;
      case 'phone-refused':
        this.phoneCalls.refuse(event.refused);
        break;
      case 'waiting':
        this.waiting.set(true);
        break;
      case 'refused':
        this.#seatRefused = new EyelineError(event.code, event.message);
        this.waiting.set(false);
        if ([...this.#peersById.values()].some((peer) => peer.connection.current.state === 'lost'))
          this.#endIfCutOffLater();
        else this.#endIfCutOff();
        break;
      case 'state':
        if (event.state === 'away') this.moderation.available.set(false);
        break;
      case 'welcome':
        break;
    }
  }

  /** A lost connection may come back by itself. */
  #endIfCutOffLater(): void {
    setTimeout(() => this.#endIfCutOff(), CUT_OFF_MS);
  }

  /** Without a seat no new connection can be made: the call lasts as long as the ones that are up. */
  #endIfCutOff(): void {
    const connected = [...this.#peersById.values()].some((peer) => peer.transport.current.connected);
    if (this.#seatRefused !== null && !connected) this.#end(this.#seatRefused);
  }

  get #outgoing(): LocalTracks {
    return { stream: this.#stream, screen: this.screen.current };
  }

  /** What we tell the others that we send. */
  get #media(): PeerMedia {
    const media = { ...mediaOf(this.#outgoing), ...(this.#cameraFailed && { cameraFailed: true }) };
    return this.#maxHeight === 0 && media.camera === 'on' ? { ...media, camera: 'off' } : media;
  }

  #publish(): void {
    const outgoing = this.#outgoing;
    for (const peer of this.#peersById.values()) peer.publish(outgoing, this.#media);
  }

  #configure(iceServers: readonly IceServer[]): void {
    this.iceServers.set(iceServers);
    if (this.#spare !== null) configure(this.#spare, iceServers);
    for (const peer of this.#peersById.values()) peer.transport.configure(iceServers);
  }

  /** Permissions change only with the seat. */
  #takeSeat(me: Member): void {
    if (me.id !== this.me.id) this.permissions.set(permissionsOf(me));
    this.me = me;
  }

  /** Selects the tracks that we may send. */
  #selectTracks(): void {
    this.#stream = permitted(this.#given, this.permissions.current);
  }

  #joined(joined: Joined, resumed: boolean): void {
    this.#selectTracks();
    this.phoneCalls.server.set(joined.phones ?? null);
    this.endsAt.set(joined.endsInMs === undefined ? null : Date.now() + joined.endsInMs);
    const before = [...this.#peersById.values()];
    if (!resumed) {
      for (const peer of before) this.#forget(peer); // a new id: to the others we are a new participant
    } else if (joined.gap) {
      for (const peer of before)
        if (!peer.transport.current.connected || !peer.transport.current.settled) peer.transport.restart();
    }
    this.#applyRoster(joined.roster, true);
  }

  /** Updates the peers from the roster. `offers`: we have just joined, so we make the first offers. */
  #applyRoster(roster: Roster, offers: boolean): void {
    const mine = roster.members.find((member) => member.id === this.me.id);
    this.moderation.update(mine?.role ?? 'member', roster.rules);
    const others = roster.members.filter((member) => member.id !== this.me.id);
    this.#members = others.filter((member) => !isStranger(member));
    this.strangers.set(others.filter(isStranger));
    const phones = this.#members.filter(({ sip, order }) => sip === true && mine !== undefined && mine.order > order);
    this.phones.set(phones);
    const inside = new Map(this.#members.map((member) => [member.id, member]));
    for (const peer of this.#peersById.values()) {
      if (inside.has(peer.id)) continue;
      // A server that was restarted, or that they can't reach, does not list them. A live connection shows that they
      // are still here, unless the server removed them.
      if (!peer.transport.current.connected || roster.removed?.includes(peer.id)) this.#forget(peer);
    }
    for (const member of this.#members) {
      const peer = this.#peersById.get(member.id);
      if (peer === undefined) {
        const connects = mine !== undefined && !phones.includes(member); // without a seat we only watch, as from the lobby
        if (connects && !this.#ignored.has(member.id)) this.#addPeer(member, offers);
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
      offers: offers || member.called === true,
      rings: member.called === true,
      ownPermissions: this.permissions,
      tracks: this.#outgoing,
      media: this.#media,
      maxHeight: this.#maxHeight,
      connections: Math.max(1, this.#members.length),
      identity: this.#identity,
      takeSpare: () => this.#takeSpare(member.sip === true),
      transferLoader: this.#transferLoader,
      iceServers: () => this.iceServers.current,
      reachable: () => this.signalling.current === 'connected',
      signal: (text) => this.#signal(member.id, text),
      onMessage: (data) => {
        for (const listener of [...this.#listeners]) notify(listener, peer, data);
      },
      onMediaTimeout: (report) => {
        this.#signalling.checkConnection(); // its socket may be dead too
        peer.transport.mediaTimeout(report);
      },
      onIgnore: () => {
        this.#ignored.add(peer.id);
        this.#forget(peer);
        this.#updatePeers();
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
      if (state === 'lost') this.#endIfCutOffLater();
      if (state !== 'lost' || this.#members.some((other) => other.id === peer.id)) return;
      this.#forget(peer); // their seat had expired, and now the connection is gone too
      this.#updatePeers();
    });
  }

  #signal(to: string, text: string): boolean {
    if (this.signalling.current !== 'connected' && this.#peersById.get(to)?.reachable === true) return false;
    return this.#signalling.signal(to, text);
  }

  #takeSpare(toPhone: boolean): SpareConnection {
    if (toPhone) return createSpare(this.iceServers.current, this.#stream, this.#iceTransportPolicy, true);
    const taken = this.#spare ?? createSpare(this.iceServers.current, this.#stream, this.#iceTransportPolicy);
    this.#spare = null;
    // The next one is made later, when this one no longer needs the processor to connect.
    setTimeout(() => {
      if (this.ended.current === null)
        this.#spare ??= createSpareAhead(this.iceServers.current, this.#stream, this.#iceTransportPolicy);
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
    this.#transferLoader.close();
    for (const peer of [...this.#peersById.values()]) this.#forget(peer);
    this.#spare?.connection.close();
    this.#spare = null;
    this.peers.set([]);
    this.screen.set(null);
    this.moderation.available.set(false);
    this.ended.set(why);
  }
}

function selfIn(joined: Joined): Member {
  const self = joined.roster.members.find((member) => member.id === joined.you);
  if (self === undefined) throw new EyelineError('protocol', "The server's roster does not list us.");
  return self;
}
