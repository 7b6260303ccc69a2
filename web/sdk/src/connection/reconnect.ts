import type { IceServer } from '../signalling/protocol.ts';
import { GATHER_WITHIN_MS } from './ice-restart.ts';
import type { TimeoutReport } from './media-timeout.ts';
import { parseSignal, type SignalMessage } from './messages.ts';
import { PeerConnection, type PeerConnectionOptions } from './peer-connection.ts';
import { configure, type SpareConnection } from './spare-connection.ts';
import type { LocalTracks } from './transceivers.ts';

/** Rate limit for new connections to one peer. A peer who causes more is broken or hostile. */
const RECONNECTS_MAX = 5;
const RECONNECTS_WINDOW_MS = 10_000;

/** Milliseconds that a browser has at most to gather its first candidate: a distant relay takes time. */
const GATHER_WITHIN_MAX_MS = 16_000;

export interface ReconnectOptions
  extends Pick<
    PeerConnectionOptions,
    'polite' | 'offers' | 'rings' | 'tracks' | 'accepts' | 'connections' | 'maxHeight' | 'reachable' | 'onTrack'
  > {
  readonly takeSpare: () => SpareConnection;
  readonly signal: (message: SignalMessage) => void;
  /** A phone has sent a text. */
  readonly onText: (text: string) => void;
  /** A connection was made: the first one, or one that replaces the last. */
  readonly onConnection: (connection: PeerConnection) => void;
  readonly onState: (state: RTCPeerConnectionState) => void;
  /** There was a path, or an earlier search, and a new search begins. */
  readonly onSearch: () => void;
}

/** Reconnects to one peer: holds the current connection, and replaces it when an ICE restart can't repair it. */
export class ReconnectingConnection {
  readonly #options: ReconnectOptions;
  #current: PeerConnection;
  #tracks: LocalTracks;
  #connections: number;
  #maxHeight: number | null;
  /** Number of the peer's newest connection that we know of. */
  #remoteNumber = 0;
  /** Whether our connection already talks to that one. */
  #bound = false;
  /** When connections were replaced, in the current window of the rate limit. */
  #replacedAt: number[] = [];
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  /** Backoff: doubles with each connection until there is a path. */
  #gatherWithin = GATHER_WITHIN_MS;

  constructor(options: ReconnectOptions) {
    this.#options = options;
    this.#tracks = options.tracks;
    this.#connections = options.connections;
    this.#maxHeight = options.maxHeight;
    this.#current = this.#connect(options.offers, null);
  }

  get current(): PeerConnection {
    return this.#current;
  }

  publish(tracks: LocalTracks): void {
    this.#tracks = tracks;
    this.#current.publish(tracks);
  }

  limitBitrate(connections: number): void {
    this.#connections = connections;
    this.#current.limitBitrate(connections);
  }

  limitVideo(maxHeight: number | null): void {
    this.#maxHeight = maxHeight;
    this.#current.limitVideo(maxHeight);
  }

  configure(iceServers: readonly IceServer[]): void {
    configure(this.#current, iceServers);
  }

  /** A signal from the peer, by signalling or over the data channel. Drops what can't be parsed or is out of date. */
  receive(text: string): void {
    const message = parseSignal(text);
    if (message === null) return;
    if ('text' in message.about) {
      this.#options.onText(message.about.text);
      return;
    }
    if (message.to !== null && message.to !== this.#current.number) return; // for a connection that we replaced
    if (message.link < this.#remoteNumber) return; // from a connection that they replaced
    if (this.#bound && message.link > this.#remoteNumber && !(message.to !== null && this.#current.fresh)) {
      if (!this.#mayReplace()) return;
      this.#replace(false, message.link); // they replaced their connection: so must we
    }
    this.#remoteNumber = message.link;
    this.#bound = true;
    if (message.to === null || message.to === this.#current.number) this.#current.receive(message);
  }

  /** Sends a text to a phone, by signalling. */
  sendText(text: string): void {
    this.#options.signal({ link: this.#current.number, to: null, about: { text } });
  }

  /** Starts the search for a path over, unless there is one. */
  reconnect(): void {
    if (this.#current.connected) return;
    this.#search();
    this.restart();
  }

  /** The network changed, or signals were lost: restarts ICE if the connection is up, else replaces it. */
  restart(): void {
    if (this.#current.connected && this.#current.settled) this.#current.restartIce();
    else this.#replace(true, null);
  }

  /**
   * Nothing arrives although the connection is up: restarts ICE. That keeps the connection, which is replaced only if
   * the restart has not helped when the timeout is reported again.
   */
  mediaTimeout(report: TimeoutReport): void {
    const { connected, settled } = this.#current;
    if (!connected) return;
    if (report === 'begins' && settled) {
      console.warn('eyeline: nothing arrives from the peer: restarting ICE');
      this.#current.restartIce();
    } else if (report === 'lasts' && this.#options.reachable()) {
      this.#current.fail('nothing arrives from the peer after an ICE restart');
    }
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#current.close();
  }

  #connect(offers: boolean, to: number | null): PeerConnection {
    const connection: PeerConnection = new PeerConnection({
      ...this.#options,
      spare: this.#options.takeSpare(),
      offers,
      to,
      tracks: this.#tracks,
      connections: this.#connections,
      maxHeight: this.#maxHeight,
      onState: (state, before) => this.#follow(state, before),
      gatherWithin: this.#gatherWithin,
      onFailed: () => this.#current === connection && this.#replaceOrWait(),
    });
    this.#gatherWithin = Math.min(2 * this.#gatherWithin, GATHER_WITHIN_MAX_MS);
    this.#options.onConnection(connection);
    return connection;
  }

  #follow(state: RTCPeerConnectionState, before: boolean): void {
    if (before && state !== 'connected') this.#search();
    if (state === 'connected') clearTimeout(this.#retryTimer);
    this.#options.onState(state);
  }

  /** Replaces the connection, at once or when the rate limit allows it again. */
  #replaceOrWait(): void {
    clearTimeout(this.#retryTimer);
    if (this.#mayReplace()) this.#replace(true, null);
    else this.#retryTimer = setTimeout(() => this.#replaceOrWait(), RECONNECTS_WINDOW_MS);
  }

  #mayReplace(): boolean {
    const now = performance.now();
    this.#replacedAt = this.#replacedAt.filter((at) => now - at < RECONNECTS_WINDOW_MS);
    if (this.#replacedAt.length >= RECONNECTS_MAX) return false;
    this.#replacedAt.push(now);
    return true;
  }

  /** The new connection makes the first offer, or answers the peer's connection `to`. */
  #replace(offers: boolean, to: number | null): void {
    clearTimeout(this.#retryTimer);
    if (this.#current.connected) this.#search();
    this.#current.close();
    this.#bound = to !== null;
    this.#current = this.#connect(offers, to);
  }

  #search(): void {
    this.#gatherWithin = GATHER_WITHIN_MS;
    this.#options.onSearch();
  }
}
