import { questionIn } from './chat/messages.ts';
import { ChannelStall } from './connection/channel-stall.ts';
import {
  type IceAttempt,
  mergedAttempts,
  NO_ICE_ATTEMPT,
  triedPaths,
  turnServersIn,
  verdictOf,
} from './connection/ice-diagnosis.ts';
import { MediaTimeout } from './connection/media-timeout.ts';
import {
  type ChannelFrame,
  type Json,
  type PeerMedia,
  parseChannelFrame,
  parseSignal,
  type SignalMessage,
} from './connection/messages.ts';
import { configure, GATHER_WITHIN_MS, PeerConnection, type SpareConnection } from './connection/peer-connection.ts';
import { ReliableMessages } from './connection/reliable-messages.ts';
import {
  type ConnectionStatus,
  type Counters,
  iceAttemptOf,
  NOT_CONNECTED,
  readStats,
  type SessionDescriptions,
} from './connection/stats.ts';
import { type LocalTracks, type TrackName, transceiversOf } from './connection/transceivers.ts';
import { EyelineError } from './errors.ts';
import { PeerTransfers } from './files/peer-transfers.ts';
import type { Swarm } from './files/swarm.ts';
import type { FileTransfer, IncomingFile, SendFileOptions } from './files/transfer.ts';
import { type Permissions, permissionFor, permissionsOf, permittedMedia } from './media/permissions.ts';
import { RemoteMedia } from './media/remote-media.ts';
import { VoiceActivity } from './media/voice-activity.ts';
import type { Role } from './signalling/moderation.ts';
import type { IceServer, Member } from './signalling/protocol.ts';
import { Source, type Value } from './value.ts';
import {
  fingerprintIn,
  type Safety,
  ShortAuthString,
  type VerificationStep,
} from './verification/short-auth-string.ts';

/** Milliseconds between two measurements of the line. */
const MEASURE_EVERY_MS = 1000;

/** Milliseconds without a path after which it is said what is in the way. */
const VERDICT_AFTER_MS = 12_000;

/** Steps of a comparison that may come before our side of the channel is open. */
const STEPS_HELD = 4;

/**
 * Milliseconds between two looks at who speaks: no whole part of a second, or a sound that comes once a second could be
 * missed each time.
 */
const SPEAKING_EVERY_MS = 146;

/** Links that may be made anew in a window of time: whoever makes us do more is broken, or means harm. */
const RENEWALS_MAX = 5;
const RENEWAL_WINDOW_MS = 10_000;

/** Milliseconds that the browser has at most to find a first address of its own; a relay far away takes its time. */
const GATHER_WITHIN_MAX_MS = 16_000;

/** Milliseconds that a page which said that it goes away has to come back (a reload), before it is out of sight. */
const AWAY_MS = 5000;

/** Somebody else in the room. */
export interface Peer {
  readonly id: string;
  /** What they are called; text, never markup. */
  readonly name: string;
  /** Always the same object; tracks come and go in it, and it says `addtrack` when one comes. */
  readonly stream: MediaStream;
  /** What they share of their screen, with its sound; null while they share nothing. */
  readonly screen: Value<MediaStream | null>;
  readonly media: Value<PeerMedia>;
  readonly connection: Value<ConnectionStatus>;
  readonly speaking: Value<boolean>;
  /** Whether somebody may be between: begins anew with each new connection. */
  readonly safety: Value<Safety>;
  readonly role: Value<Role>;
  /** What they may send: of the rest nothing is shown, heard or taken. */
  readonly permissions: Permissions;
  /**
   * Says something to this peer. Resolves when they have it; it is said again if the connection breaks meanwhile.
   * Rejects with code `gone` when they left before, `too-large` above 60 Ki characters of JSON, `too-fast` when 256
   * wait already, `not-permitted` where we may not write.
   */
  send(message: Json): Promise<void>;
  /** Looks for a path anew at once, where there is none. */
  reconnect(): void;
  /** Asks this peer whether they want the file, and sends it once they accept. */
  sendFile(file: File, options?: SendFileOptions): FileTransfer;
  /** Calls `listener` with each file that this peer offers, until the returned function is called. */
  onFile(listener: (file: IncomingFile) => void): () => void;
}

export interface RemotePeerOptions {
  readonly member: Member;
  readonly polite: boolean;
  readonly opens: boolean;
  /** What we may send. */
  readonly mine: Value<Permissions>;
  readonly outgoing: LocalTracks;
  readonly media: PeerMedia;
  /** How many people get the same. */
  readonly links: number;
  /** Our long-term key, to be recognised by. */
  readonly identity: () => Promise<CryptoKeyPair | null>;
  readonly takeSpare: () => SpareConnection;
  /** Files of the room. */
  readonly swarm: Swarm;
  /** What the broker has given last. */
  readonly iceServers: () => readonly IceServer[];
  /** Whether the broker is there. */
  readonly reachable: () => boolean;
  /** Sends words over the broker; false if it is away. */
  readonly signal: (text: string) => boolean;
  readonly onMessage: (data: Json) => void;
  readonly onLeave: () => void;
  /** Sound or pictures came, and nothing does any more. */
  readonly onSilence: () => void;
}

/** A {@link Peer} and the links to them, one after the other. */
export class RemotePeer implements Peer {
  readonly id: string;
  name: string;
  readonly #incoming = new RemoteMedia();
  readonly stream = this.#incoming.stream;
  readonly screen = this.#incoming.screen;
  readonly media = this.#incoming.media;
  readonly connection = new Source<ConnectionStatus>(NOT_CONNECTED);
  readonly speaking = new Source(false);
  readonly safety = new Source<Safety>({ state: 'comparing' });
  readonly role: Source<Role>;
  readonly permissions: Permissions;
  /** False once the peer has said that its page goes away and has not come back. */
  readonly present = new Source(true);
  readonly #options: RemotePeerOptions;
  readonly #silence = new MediaTimeout();
  readonly #voice = new VoiceActivity();
  #stall = new ChannelStall();
  readonly #lane: PeerTransfers;
  readonly #timers: ReturnType<typeof setInterval>[];
  readonly #post = new ReliableMessages((text) => this.#write(text));
  #awayTimer: ReturnType<typeof setTimeout> | undefined;
  #repairTimer: ReturnType<typeof setTimeout> | undefined;
  /** When links were made anew lately. */
  #renewals: number[] = [];
  #link: PeerConnection;
  /** The newest link of theirs that we heard of. */
  #theirLink = 0;
  /** Whether our link speaks to that one already, or is still free to. */
  #bound = false;
  /** Twice as long for each link since there is no path. */
  #gatherWithin = GATHER_WITHIN_MS;
  #connected = false;
  #wasConnected = false;
  /** Their page said that it goes away; its connection stands for a while all the same. */
  #away = false;
  /** Steps that came before our side of the channel was open. */
  #early: VerificationStep[] = [];
  #comparison: { readonly comparison: ShortAuthString; readonly keys: string } | null = null;
  #counters: Counters | null = null;
  #attempt: IceAttempt = NO_ICE_ATTEMPT;
  /** Since when there is no path. */
  #searchingSince = performance.now();
  #outgoing: LocalTracks;
  #myMedia: PeerMedia;
  #links: number;

  constructor(options: RemotePeerOptions) {
    this.id = options.member.id;
    this.name = options.member.name;
    this.role = new Source(options.member.role ?? 'member');
    this.permissions = permissionsOf(options.member);
    this.#options = options;
    this.#lane = new PeerTransfers(this.id, options.swarm, this.permissions.has('files'));
    this.#outgoing = options.outgoing;
    this.#myMedia = options.media;
    this.#links = options.links;
    this.#link = this.#newLink(options.opens, null);
    this.#timers = [
      setInterval(() => void this.#measure(), MEASURE_EVERY_MS),
      setInterval(() => this.#listenForVoice(), SPEAKING_EVERY_MS),
    ];
  }

  /** Whether what is said by the data channel arrives, as far as one knows. */
  get reachable(): boolean {
    return this.#connected && !this.#silence.expired;
  }

  get connected(): boolean {
    return this.#connected;
  }

  send(message: Json): Promise<void> {
    if (!this.#options.mine.current.has('chat') && questionIn(message) === undefined) {
      return Promise.reject(new EyelineError('not-permitted', 'You may read what is written here, but not write.'));
    }
    return this.#post.send(message);
  }

  sendFile(file: File, options: SendFileOptions = {}): FileTransfer {
    return this.#lane.sendFile(file, options);
  }

  onFile(listener: (file: IncomingFile) => void): () => void {
    return this.#lane.onFile(listener);
  }

  publish(outgoing: LocalTracks, media: PeerMedia): void {
    this.#outgoing = outgoing;
    this.#myMedia = media;
    this.#link.publish(outgoing);
    this.#write(JSON.stringify({ frame: 'media', media } satisfies ChannelFrame));
  }

  /** For an ICE restart to come: the credentials of now end. */
  configure(iceServers: readonly IceServer[]): void {
    configure(this.#link, iceServers);
  }

  /** What we send now goes to this many people. */
  limit(links: number): void {
    this.#links = links;
    this.#link.limitBitrate(links);
  }

  /** Words from the peer, by the broker or by the data channel; what makes no sense is dropped. */
  hear(text: string): void {
    const words = parseSignal(text);
    if (words === null) return;
    if (words.to !== null && words.to !== this.#link.number) return; // for a connection that we have given up
    if (words.link < this.#theirLink) return; // from one that they have given up
    if (this.#bound && words.link > this.#theirLink && !(words.to !== null && this.#link.fresh)) {
      if (!this.#mayRenew()) return;
      this.#renew(false, words.link); // they made a new one: so must we
    }
    this.#theirLink = words.link;
    this.#bound = true;
    if (words.to === null || words.to === this.#link.number) this.#link.receive(words);
  }

  reconnect(): void {
    if (this.#connected) return;
    this.#search();
    this.restart();
  }

  /** The network has changed, or signals were lost: find a path anew unless this one is well. */
  restart(): void {
    if (this.#connected && this.settled) this.#link.restartIce();
    else this.#renew(true, null);
  }

  /** False while an offer or answer is on its way. */
  get settled(): boolean {
    return this.#link.settled;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#awayTimer);
    clearTimeout(this.#repairTimer);
    this.#link.close();
    this.#lane.close();
    this.#post.rejectAll();
  }

  /** Tells the peer that we leave, or that our page goes away; it may not arrive. */
  farewell(frame: 'leave' | 'away'): void {
    this.#write(JSON.stringify({ frame } satisfies ChannelFrame));
  }

  #newLink(opens: boolean, to: number | null): PeerConnection {
    const link: PeerConnection = new PeerConnection({
      spare: this.#options.takeSpare(),
      polite: this.#options.polite,
      offers: opens,
      to,
      tracks: this.#outgoing,
      takes: (name) => this.permissions.has(permissionFor(name)),
      connections: this.#links,
      signal: (words) => this.#say(words),
      onTrack: (track, name) => {
        if (this.permissions.has(permissionFor(name))) this.#incoming.add(track, name);
      },
      onState: (state) => this.#follow(state),
      gatherWithin: this.#gatherWithin,
      reachable: this.#options.reachable,
      onFailed: () => this.#link === link && this.#repair(),
    });
    this.#gatherWithin = Math.min(2 * this.#gatherWithin, GATHER_WITHIN_MAX_MS);
    this.#lane.attach(link);
    link.channel.onopen = () => this.#greet();
    link.channel.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === 'string') this.#take(event.data);
    };
    return link;
  }

  /** Makes a new link, unless that did not help several times just now: then later. */
  #repair(): void {
    clearTimeout(this.#repairTimer);
    if (this.#mayRenew()) this.#renew(true, null);
    else this.#repairTimer = setTimeout(() => this.#repair(), RENEWAL_WINDOW_MS);
  }

  #mayRenew(): boolean {
    const now = performance.now();
    this.#renewals = this.#renewals.filter((at) => now - at < RENEWAL_WINDOW_MS);
    if (this.#renewals.length >= RENEWALS_MAX) return false;
    this.#renewals.push(now);
    return true;
  }

  /** Gives up our link for a new one: one that opens the conversation, or one that speaks `to` theirs. */
  #renew(opens: boolean, to: number | null): void {
    clearTimeout(this.#repairTimer);
    if (this.#connected) this.#search();
    this.#link.close();
    this.#comparison = null;
    this.#early = [];
    this.safety.set({ state: 'comparing' });
    this.#incoming.clear();
    this.#connected = false;
    this.#counters = null;
    this.#stall = new ChannelStall();
    this.#bound = to !== null;
    this.#link = this.#newLink(opens, to);
    const { verdict, tried } = this.connection.current;
    this.connection.set({ ...NOT_CONNECTED, verdict, tried, state: this.#wasConnected ? 'lost' : 'looking' });
  }

  /** From now on there is no path. */
  #search(): void {
    this.#attempt = NO_ICE_ATTEMPT;
    this.#gatherWithin = GATHER_WITHIN_MS;
    this.#searchingSince = performance.now();
    this.connection.set({ ...this.connection.current, verdict: null, tried: [] });
  }

  #say(words: SignalMessage): void {
    const text = JSON.stringify(words);
    const byBroker = this.#options.signal(text);
    if (!byBroker) this.#write(JSON.stringify({ frame: 'words', words: text } satisfies ChannelFrame));
  }

  #follow(state: RTCPeerConnectionState): void {
    if (this.#connected && state !== 'connected') this.#search();
    this.#connected = state === 'connected';
    if (this.#connected) {
      this.#wasConnected = true;
      clearTimeout(this.#repairTimer);
      this.#back();
      void this.#measure();
    } else if (state === 'disconnected' || state === 'failed') {
      this.connection.set({ ...this.connection.current, state: this.#wasConnected ? 'lost' : 'looking' });
    }
  }

  #back(): void {
    clearTimeout(this.#awayTimer);
    this.#away = false;
    this.present.set(true);
  }

  /** Their page went away and has not come back: to others they have left. */
  #vanish(): void {
    this.present.set(false);
    this.#post.rejectAll();
  }

  #greet(): void {
    void this.#compare(this.#link);
    this.#write(JSON.stringify({ frame: 'media', media: this.#myMedia } satisfies ChannelFrame));
    this.#post.resend();
  }

  /** Browsers compare keys on secure pages only. */
  async #compare(link: PeerConnection): Promise<void> {
    if (globalThis.crypto?.subtle === undefined) return;
    await link.idle(); // a channel may be open before the browser shows the description that it was opened by
    if (link !== this.#link) return;
    const [mine, theirs] = this.#keys();
    if (mine === null || theirs === null) {
      this.safety.set({ state: 'failed' });
      return;
    }
    const comparison = new ShortAuthString({
      commits: !this.#options.polite,
      mine,
      theirs,
      send: (step) => this.#write(JSON.stringify({ frame: 'compare', step } satisfies ChannelFrame)),
      identity: this.#options.identity,
    });
    const ours = { comparison, keys: mine + theirs };
    this.#comparison = ours;
    comparison.safety.subscribe((safety) => this.#comparison === ours && this.safety.set(safety));
    for (const step of this.#early.splice(0)) comparison.receive(step);
  }

  #keys(): readonly [string | null, string | null] {
    const { localDescription, remoteDescription } = this.#link.connection;
    return [fingerprintIn(localDescription?.sdp), fingerprintIn(remoteDescription?.sdp)];
  }

  #write(text: string): void {
    this.#link.send(text);
  }

  #take(text: string): void {
    const frame = parseChannelFrame(text);
    switch (frame?.frame) {
      case 'message':
        this.#hearMessage(frame.n, this.permissions.has('chat') ? frame.data : questionIn(frame.data));
        break;
      case 'got':
        this.#post.acknowledged(frame.n);
        break;
      case 'media':
        this.#incoming.setMedia(permittedMedia(frame.media, this.permissions));
        break;
      case 'compare':
        if (this.#comparison !== null) this.#comparison.comparison.receive(frame.step);
        else if (this.#early.length < STEPS_HELD) this.#early.push(frame.step);
        break;
      case 'words':
        this.hear(frame.words);
        break;
      case 'leave':
        this.#options.onLeave();
        break;
      case 'away':
        this.#away = true;
        this.connection.set({ ...this.connection.current, state: 'lost' });
        clearTimeout(this.#awayTimer);
        this.#awayTimer = setTimeout(() => this.#vanish(), AWAY_MS);
        break;
      case undefined:
        break; // not ours, or from a later version
    }
  }

  /** What may not be said gets no receipt. */
  #hearMessage(n: number, data: Json | undefined): void {
    if (data !== undefined && this.#post.accept(n)) this.#options.onMessage(data);
  }

  async #measure(): Promise<void> {
    if (this.#comparison !== null && this.#keys().join('') !== this.#comparison.keys)
      this.#comparison.comparison.fail();
    const { connection, errors, channel, files } = this.#link;
    const connected = this.#connected;
    const waiting = connected ? channel.bufferedAmount + files.bufferedAmount : 0;
    if (this.#stall.update(waiting, this.#lane.messagesQueued, performance.now())) {
      this.#link.fail('what waits to be sent does not go out');
      return;
    }
    if (!connected && performance.now() - this.#searchingSince < VERDICT_AFTER_MS / 2) return;
    const report = await connection.getStats();
    if (connected !== this.#connected || connection !== this.#link.connection) return;
    const said: SessionDescriptions = {
      mine: connection.localDescription?.sdp,
      theirs: connection.remoteDescription?.sdp,
    };
    const relays = turnServersIn(this.#options.iceServers());
    this.#attempt = mergedAttempts(this.#attempt, iceAttemptOf(report, said, { relays, errors }));
    if (connected) this.#show(report, said);
    else this.#judge();
  }

  #show(report: RTCStatsReport, said: SessionDescriptions): void {
    const { line, counters } = readStats(report, this.#counters, said, this.#receiver('camera')?.track.id);
    this.#counters = counters;
    const bare = line.localType === 'host' && line.remoteType === 'host';
    const tried = triedPaths(this.#attempt, bare ? 'same-network' : line.path);
    const state = this.#away ? 'lost' : line.path === 'relay' ? 'relayed' : 'direct';
    this.connection.set({ ...line, tried, verdict: null, state });
  }

  #judge(): void {
    if (performance.now() - this.#searchingSince < VERDICT_AFTER_MS) return;
    const [verdict, tried] = [verdictOf(this.#attempt), triedPaths(this.#attempt, null)];
    const { current } = this.connection;
    if (verdict === current.verdict && JSON.stringify(tried) === JSON.stringify(current.tried)) return;
    this.connection.set({ ...current, verdict, tried });
  }

  #receiver(name: TrackName): RTCRtpReceiver | undefined {
    return transceiversOf(this.#link.connection).get(name)?.receiver;
  }

  #listenForVoice(): void {
    const { microphone, camera } = this.media.current;
    // To ask takes the browser a millisecond when much is on its way.
    const heard = microphone === 'none' ? [] : this.#sources('microphone');
    const seen = camera === 'on' ? this.#sources('camera') : [];
    const level = this.#connected && microphone === 'on' ? (heard[0]?.audioLevel ?? 0) : 0;
    this.speaking.set(this.#voice.update(level, performance.now()) && microphone === 'on');
    this.#listenForSilence([...heard, ...seen]);
  }

  #sources(name: TrackName): RTCRtpSynchronizationSource[] {
    return this.#receiver(name)?.getSynchronizationSources?.() ?? [];
  }

  /** A screen on which nothing moves sends nothing: that is no silence. */
  #listenForSilence(sources: readonly RTCRtpSynchronizationSource[]): void {
    const newest = Math.max(0, ...sources.map((source) => source.timestamp));
    const { microphone, camera } = this.media.current;
    const silent = this.#silence.update(newest, performance.now());
    if (silent && this.#connected && (microphone !== 'none' || camera === 'on')) this.#options.onSilence();
  }
}
