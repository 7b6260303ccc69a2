import { VoiceActivity } from '../media/voice-activity.ts';
import type { IceServer } from '../signalling/protocol.ts';
import { Source, type Value } from '../value.ts';
import { ChannelStall } from './channel-stall.ts';
import {
  type IceAttempt,
  mergedAttempts,
  NO_ICE_ATTEMPT,
  triedPaths,
  turnServersIn,
  verdictOf,
} from './ice-diagnosis.ts';
import { MediaTimeout, type TimeoutReport } from './media-timeout.ts';
import type { PeerMedia } from './messages.ts';
import type { PeerConnection } from './peer-connection.ts';
import {
  bytesReceived,
  type ConnectionStatus,
  type Counters,
  iceAttemptOf,
  NOT_CONNECTED,
  NOTHING_RECEIVED,
  readReceiver,
  readStats,
  type SessionDescriptions,
} from './stats.ts';
import { type TrackName, transceiversOf } from './transceivers.ts';

/** Milliseconds between two readings of `getStats()`. */
const MEASURE_EVERY_MS = 1000;

/** Milliseconds without a path after which the status has a verdict. */
const VERDICT_AFTER_MS = 12_000;

/** Milliseconds for which not one byte may arrive on the path before a missing picture and sound count. */
const STILL_MS = 500;

/** Milliseconds between two readings of what a receiver got, while the peer's microphone is on. */
const LISTEN_EVERY_MS = 200;

/** Milliseconds between two of them otherwise, when they only show whether anything arrives; a bit less, as timers vary. */
const LISTEN_MUTED_EVERY_MS = 350;

export interface ConnectionMonitorOptions {
  readonly connection: () => PeerConnection;
  /** What the peer says they send. */
  readonly media: Value<PeerMedia>;
  /** Whether we let the peer send us their camera's video. */
  readonly wantsVideo: () => boolean;
  readonly iceServers: () => readonly IceServer[];
  /** Messages given to the channel for files so far. */
  readonly messagesQueued: () => number;
  /** The peer sent audio or video, and nothing arrives any more; reported again while it lasts. */
  readonly onMediaTimeout: (report: TimeoutReport) => void;
}

/** Monitors the connection to one peer: statistics, verdict, voice activity, and whether it still carries data. */
export class ConnectionMonitor {
  readonly status = new Source<ConnectionStatus>(NOT_CONNECTED);
  readonly speaking = new Source(false);
  readonly #options: ConnectionMonitorOptions;
  readonly #mediaTimeout = new MediaTimeout();
  readonly #voice = new VoiceActivity();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #stall = new ChannelStall();
  #counters: Counters | null = null;
  /** Bytes received on the path by the last reading, and when it was seen that they had grown. */
  #received: { readonly bytes: number | null; readonly at: number } = { bytes: null, at: 0 };
  #attempt: IceAttempt = NO_ICE_ATTEMPT;
  /** When the search for a path began. */
  #searchingSince = performance.now();
  #wasConnected = false;
  #away = false;
  /** When a receiver was read last. */
  #listenedAt = 0;
  /** The connection that is being read. */
  #listening: PeerConnection | null = null;

  constructor(options: ConnectionMonitorOptions) {
    this.#options = options;
  }

  /** Begins to measure. The connection exists from now on. */
  start(): void {
    this.#timers.push(
      setInterval(() => void this.measure(), MEASURE_EVERY_MS),
      setInterval(() => void this.#listen(), LISTEN_EVERY_MS),
    );
  }

  /** Whether media was received and no longer is. */
  get timedOut(): boolean {
    return this.#mediaTimeout.expired;
  }

  /** Whether the peer's page has said that it unloads, and is not back yet. */
  get isAway(): boolean {
    return this.#away;
  }

  /** A new search for a path begins. */
  search(): void {
    this.#attempt = NO_ICE_ATTEMPT;
    this.#searchingSince = performance.now();
    this.status.set({ ...this.status.current, verdict: null, tried: [] });
  }

  /** There is a new connection. */
  reset(): void {
    this.#counters = null;
    this.#received = { bytes: null, at: 0 };
    this.#stall = new ChannelStall();
    const { verdict, tried } = this.status.current;
    this.status.set({ ...NOT_CONNECTED, verdict, tried, state: this.#pathless });
  }

  follow(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.#wasConnected = true;
      this.#away = false;
      void this.measure();
    } else if (state === 'disconnected' || state === 'failed') {
      this.status.set({ ...this.status.current, state: this.#pathless });
    }
  }

  /** The peer's page says that it is unloading; its connection stays up for a while. */
  away(): void {
    if (this.#away) return;
    this.#away = true;
    this.status.set({ ...this.status.current, state: 'lost' });
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Reads the statistics now. */
  async measure(): Promise<void> {
    const peer = this.#options.connection();
    const { connection, connected, channel, files, errors } = peer;
    if (connection.connectionState === 'closed') {
      peer.fail('the connection was closed'); // not by us: then it would not be the current one
      return;
    }
    const buffered = connected ? (channel?.bufferedAmount ?? 0) + (files?.bufferedAmount ?? 0) : 0;
    if (this.#stall.update(buffered, this.#options.messagesQueued(), performance.now())) {
      peer.fail('the data channels send nothing');
      return;
    }
    if (!connected && performance.now() - this.#searchingSince < VERDICT_AFTER_MS / 2) return;
    const report = await connection.getStats().catch(() => null);
    if (report === null || connected !== peer.connected || peer !== this.#options.connection()) return;
    const { localDescription, remoteDescription } = connection;
    const said: SessionDescriptions = { mine: localDescription?.sdp, theirs: remoteDescription?.sdp };
    const relays = turnServersIn(this.#options.iceServers());
    this.#attempt = mergedAttempts(this.#attempt, iceAttemptOf(report, said, { relays, errors }));
    this.#count(report);
    if (connected) {
      peer.adapt(report);
      this.#show(report, said);
    } else this.#judge();
  }

  get #pathless(): 'lost' | 'looking' {
    return this.#wasConnected ? 'lost' : 'looking';
  }

  #show(report: RTCStatsReport, said: SessionDescriptions): void {
    const { status, counters } = readStats(report, this.#counters, said, this.#receiver('camera')?.track.id);
    this.#counters = counters;
    const sameNetwork = status.localType === 'host' && status.remoteType === 'host';
    const tried = triedPaths(this.#attempt, sameNetwork ? 'same-network' : status.path);
    const state = this.#away ? 'lost' : status.path === 'relay' ? 'relayed' : 'direct';
    this.status.set({ ...status, tried, verdict: null, state });
  }

  #judge(): void {
    if (performance.now() - this.#searchingSince < VERDICT_AFTER_MS) return;
    const [verdict, tried] = [verdictOf(this.#attempt), triedPaths(this.#attempt, null)];
    const { current } = this.status;
    if (verdict === current.verdict && JSON.stringify(tried) === JSON.stringify(current.tried)) return;
    this.status.set({ ...current, verdict, tried });
  }

  #receiver(name: TrackName): RTCRtpReceiver | undefined {
    return transceiversOf(this.#options.connection().connection).get(name)?.receiver;
  }

  /** Voice activity and media timeout. Statistics are read without blocking the page, and of one receiver only. */
  async #listen(): Promise<void> {
    const name = this.#listensTo;
    const speaks = this.#options.media.current.microphone === 'on';
    if (!speaks) this.speaking.set(false);
    const peer = this.#options.connection();
    if (this.#listening === peer || (!speaks && performance.now() - this.#listenedAt < LISTEN_MUTED_EVERY_MS)) return;
    this.#listening = peer;
    this.#listenedAt = performance.now();
    const report =
      name === null
        ? undefined
        : await this.#receiver(name)
            ?.getStats()
            .catch(() => undefined);
    if (peer !== this.#options.connection()) return;
    this.#listening = null;
    if (name !== this.#listensTo) return;
    const { packets, audio } = report === undefined ? NOTHING_RECEIVED : readReceiver(report);
    const sounds = this.#voice.update(peer.connected ? audio : null, performance.now());
    this.speaking.set(sounds && speaks);
    const expired = this.#mediaTimeout.update(packets, performance.now());
    if (expired !== null && peer.connected) void this.#confirm(expired);
  }

  /** What the peer sends all the time. A screen on which nothing moves sends nothing, so it doesn't count. */
  get #listensTo(): 'microphone' | 'camera' | null {
    const { microphone, camera } = this.#options.media.current;
    if (microphone !== 'none') return 'microphone';
    return camera === 'on' && this.#options.wantsVideo() ? 'camera' : null;
  }

  /** Reports the timeout if the path carries nothing else either: our own page may only be slow to play what arrives. */
  async #confirm(report: TimeoutReport): Promise<void> {
    const peer = this.#options.connection();
    const current = (): boolean => peer === this.#options.connection() && peer.connected && this.#mediaTimeout.expired;
    for (let wait = 0; current(); wait = this.#received.at + STILL_MS - performance.now()) {
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const stats = await peer.connection.getStats().catch(() => null);
      if (stats === null || !current()) return;
      if (this.#count(stats)) {
        this.#mediaTimeout.retract(performance.now());
        return;
      }
      if (performance.now() - this.#received.at < STILL_MS) continue;
      this.#options.onMediaTimeout(report);
      return;
    }
  }

  /** Whether bytes have arrived on the path since the last reading. */
  #count(stats: RTCStatsReport): boolean {
    const bytes = bytesReceived(stats);
    const grown = bytes !== null && bytes !== this.#received.bytes;
    if (grown) this.#received = { bytes, at: performance.now() };
    return grown;
  }
}
