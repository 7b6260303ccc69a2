import { candidatesIn } from './ice-diagnosis.ts';

/** Milliseconds that ICE may stay `disconnected` before it is restarted. */
const RESTART_AFTER_MS = 2000;

/** Milliseconds that the DTLS transport may be `failed` while ICE is connected, before the connection is replaced. */
const TRANSPORT_WITHIN_MS = 2000;

/** Milliseconds by which a timer is late if our own page was blocked: what has happened meanwhile comes first. */
const LATE_MS = 1000;

/** Milliseconds for the browser to tell what has happened while our own page was blocked. */
const CATCH_UP_MS = 500;

/** Milliseconds after which an attempt that led to nothing is repeated. */
export const RETRY_AFTER_MS = 8000;

/**
 * Milliseconds that a browser has to gather its first candidate before the connection is replaced. Chromium sometimes
 * gathers for ever.
 */
export const GATHER_WITHIN_MS = 4000;

export interface IceRestartOptions {
  /** Whether both sides have agreed on a description, and no offer or answer is on its way. */
  readonly negotiated: () => boolean;
  /** Whether signals can reach the other side: the signalling connection is up. */
  readonly reachable: () => boolean;
  /** Milliseconds to wait for the first candidate. */
  readonly gatherWithin: number;
  /** An ICE restart can't help: the connection must be replaced. */
  readonly onFailed: (reason: string) => void;
}

/** ICE restart: decides when a connection looks for a new path, and when it has to be replaced instead. */
export class IceRestart {
  readonly #connection: RTCPeerConnection;
  readonly #options: IceRestartOptions;
  #checkTimer: ReturnType<typeof setTimeout> | undefined;
  /** Starts with our first local description. */
  #gatherTimer: ReturnType<typeof setTimeout> | undefined;
  #gatherDue = 0;
  #hasCandidate = false;
  #closed = false;

  constructor(connection: RTCPeerConnection, options: IceRestartOptions) {
    this.#connection = connection;
    this.#options = options;
    connection.oniceconnectionstatechange = () => this.#follow();
  }

  /** Restarts ICE now: looks for a new path and keeps the connection with its DTLS keys. */
  restart(): void {
    if (this.#closed) return;
    this.checkAfter(RETRY_AFTER_MS);
    this.#connection.restartIce();
  }

  /** Checks after that many milliseconds whether ICE has connected. */
  checkAfter(ms: number): void {
    clearTimeout(this.#checkTimer);
    if (!this.#closed) this.#checkTimer = setTimeout(() => this.#check(), ms);
  }

  /** Checks soon whether the DTLS transport works too, if ICE is connected. */
  checkTransport(): void {
    if (this.#isConnected) this.checkAfter(TRANSPORT_WITHIN_MS);
  }

  /** The browser gathered a candidate. */
  gathered(): void {
    this.#hasCandidate = true;
  }

  /** The browser has a local description, so it gathers candidates from now on. */
  expectCandidates(): void {
    if (!this.#closed && this.#gatherTimer === undefined) this.#checkGatheringAfter(this.#options.gatherWithin);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#checkTimer);
    clearTimeout(this.#gatherTimer);
  }

  #follow(): void {
    clearTimeout(this.#checkTimer);
    const state = this.#connection.iceConnectionState;
    if (state === 'failed') this.restart();
    else if (state === 'disconnected') this.checkAfter(RESTART_AFTER_MS);
    else if (state === 'checking') this.checkAfter(RETRY_AFTER_MS);
    else this.checkTransport();
  }

  get #isConnected(): boolean {
    const state = this.#connection.iceConnectionState;
    return state === 'connected' || state === 'completed';
  }

  #check(): void {
    if (this.#isConnected) {
      // Firefox: after an ICE restart over a new relay, when the old one had expired. No byte flows.
      if (this.#connection.connectionState === 'failed') this.#options.onFailed('ICE is connected, but not DTLS');
      return;
    }
    if (this.#options.negotiated()) this.restart();
    else if (this.#options.reachable()) this.#options.onFailed('no answer arrived');
    else this.checkAfter(RETRY_AFTER_MS); // no answer could arrive: wait until signalling is back
  }

  #checkGatheringAfter(ms: number): void {
    this.#gatherDue = performance.now() + ms;
    this.#gatherTimer = setTimeout(() => this.#checkGathering(), ms);
  }

  #checkGathering(): void {
    if (performance.now() - this.#gatherDue > LATE_MS) {
      this.#checkGatheringAfter(CATCH_UP_MS); // our own page was blocked: candidates may wait in the browser
      return;
    }
    const { connectionState, localDescription } = this.#connection;
    if (connectionState === 'connected') return; // over a candidate that the browser reports to nobody
    if (this.#hasCandidate || candidatesIn(localDescription?.sdp).length > 0) return;
    if (this.#options.reachable()) this.#options.onFailed('no candidate was gathered');
    else this.#checkGatheringAfter(this.#options.gatherWithin); // no network
  }
}
