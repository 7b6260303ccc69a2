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

/** Milliseconds between two readings of the audio level. No divisor of a second: that could miss a periodic sound. */
const SPEAKING_EVERY_MS = 146;

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

  constructor(options: ConnectionMonitorOptions) {
    this.#options = options;
  }

  /** Begins to measure. The connection exists from now on. */
  start(): void {
    this.#timers.push(
      setInterval(() => void this.measure(), MEASURE_EVERY_MS),
      setInterval(() => this.#listen(), SPEAKING_EVERY_MS),
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

  /** Voice activity and media timeout, from the packets received last. */
  #listen(): void {
    const { microphone, camera: theirs } = this.#options.media.current;
    const camera = this.#options.wantsVideo() ? theirs : 'off';
    const { connected } = this.#options.connection();
    // Reads only what is needed: each reading takes the browser up to a millisecond under load.
    const audio = microphone === 'none' ? [] : this.#sources('microphone');
    const video = camera === 'on' ? this.#sources('camera') : [];
    const level = connected && microphone === 'on' ? (audio[0]?.audioLevel ?? 0) : 0;
    this.speaking.set(this.#voice.update(level, performance.now()) && microphone === 'on');
    // A screen on which nothing moves sends nothing, so it doesn't count.
    const newest = Math.max(0, ...[...audio, ...video].map(({ timestamp }) => timestamp));
    const expired = this.#mediaTimeout.update(newest, performance.now());
    if (expired !== null && connected && (microphone !== 'none' || camera === 'on')) void this.#confirm(expired);
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

  #sources(name: TrackName): RTCRtpSynchronizationSource[] {
    return this.#receiver(name)?.getSynchronizationSources?.() ?? [];
  }
}
