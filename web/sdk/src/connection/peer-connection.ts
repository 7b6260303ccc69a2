import { isFull } from '../errors.ts';
import type { IceServer } from '../signalling/protocol.ts';
import { bitrateLimits } from './bitrate.ts';
import { type DtlsRole, dtlsRoleIn, withDtlsRole } from './dtls-role.ts';
import { candidatesIn, type GatheringError } from './ice-diagnosis.ts';
import type { SignalMessage } from './messages.ts';
import { Negotiation, type NegotiationEffect } from './negotiation.ts';
import { mungedSdp } from './sdp.ts';
import { nextSequence } from './sequence.ts';
import {
  firstTrack,
  type LocalTracks,
  openTransceivers,
  type TrackName,
  trackIn,
  transceiversOf,
} from './transceivers.ts';

/** Milliseconds that ICE may stay `disconnected` before it is restarted. */
const RESTART_AFTER_MS = 2000;

/** Milliseconds after which a restart that led to nothing is tried again. */
const RETRY_AFTER_MS = 8000;

/**
 * Milliseconds after which a browser that has found no address of its own is asked anew, by another connection. Chromium
 * sometimes goes on to gather for ever.
 */
export const GATHER_WITHIN_MS = 4000;

/** Errors that are kept of one connection. */
const ERRORS_MAX = 50;

/**
 * Milliseconds that a connection is up before its picture is sent at full size. Until then it has half the width and
 * height: the first one is encoded and there much sooner (`bench/setup.py`: 258 ms from navigation instead of 377).
 */
const FULL_SIZE_AFTER_MS = 1000;

/** A connection that was made ahead, with its candidates gathered and tracks: it saves the time when somebody comes. */
export interface SpareConnection {
  readonly connection: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  /** What the browser said of servers while it gathered; the first {@link ERRORS_MAX}. */
  readonly errors: readonly GatheringError[];
  readonly files: RTCDataChannel;
  readonly iceTransportPolicy: IcePolicy;
}

/** Which ways a connection may take: with `relay` nobody learns our address but the relay. */
export type IcePolicy = RTCIceTransportPolicy;

/** Makes a {@link SpareConnection}, which sends what there is of `stream` unless it is told otherwise later. */
export function createSpare(
  iceServers: readonly IceServer[],
  stream: MediaStream | null,
  ways: IcePolicy,
): SpareConnection {
  const connection = new RTCPeerConnection(configuration(iceServers, ways));
  for (const kind of ['audio', 'video'] as const) {
    const track = firstTrack(stream, kind);
    if (track !== null) connection.addTrack(track);
  }
  const errors: GatheringError[] = [];
  connection.onicecandidateerror = ({ url, errorCode }) => {
    if (errors.length < ERRORS_MAX) errors.push({ url, code: errorCode });
  };
  const channel = connection.createDataChannel('eyeline', { negotiated: true, id: 0 });
  // A priority that only some browsers know, and TypeScript does not: below talk and pictures.
  const behind: RTCDataChannelInit & { priority: string } = { negotiated: true, id: 1, priority: 'very-low' };
  return {
    connection,
    channel,
    files: connection.createDataChannel('files', behind),
    errors,
    iceTransportPolicy: ways,
  };
}

/** Tells a {@link SpareConnection} or a {@link PeerConnection} of servers, or of credentials, that were not known when it was made. */
export function configure(
  { connection, iceTransportPolicy: ways }: SpareConnection | PeerConnection,
  iceServers: readonly IceServer[],
): void {
  if (connection.signalingState === 'closed') return;
  connection.setConfiguration(configuration(iceServers, ways));
}

function configuration(iceServers: readonly IceServer[], iceTransportPolicy: IcePolicy): RTCConfiguration {
  return {
    iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })),
    iceTransportPolicy,
    bundlePolicy: 'max-bundle',
    iceCandidatePoolSize: 1,
  };
}

export interface PeerConnectionOptions {
  readonly spare: SpareConnection;
  readonly polite: boolean;
  /** Whether this side makes the first offer; the other waits for it. */
  readonly offers: boolean;
  readonly tracks: LocalTracks;
  /** Whether we take what the other side sends as that. */
  readonly takes: (name: TrackName) => boolean;
  /** How many links send the same. */
  readonly connections: number;
  /** The other side's link that this one answers to; null if not known yet. */
  readonly to: number | null;
  readonly signal: (words: SignalMessage) => void;
  /** Milliseconds that the browser has to find a first address of its own. */
  readonly gatherWithin: number;
  /** Whether what is said can arrive: the broker is there. */
  readonly reachable: () => boolean;
  readonly onTrack: (track: MediaStreamTrack, name: TrackName) => void;
  readonly onState: (state: RTCPeerConnectionState) => void;
  /** The connection is of no more use: make another one. */
  readonly onFailed: () => void;
}

/** One RTCPeerConnection from first offer to end: carries out what its {@link Negotiation} says. */
export class PeerConnection {
  readonly number = nextSequence();
  readonly connection: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  readonly errors: readonly GatheringError[];
  readonly files: RTCDataChannel;
  readonly iceTransportPolicy: IcePolicy;
  readonly #options: PeerConnectionOptions;
  readonly #negotiation: Negotiation;
  readonly #asked = new Map<RTCRtpSender, MediaStreamTrack | null>();
  #to: number | null;
  #tracks: LocalTracks;
  #work: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #connections: number;
  /** Runs from the first description of ours on. */
  #gatherTimer: ReturnType<typeof setTimeout> | undefined;
  #found = false;
  #adopted = false;
  /** The other's side of DTLS, once there was an answer. */
  #remoteDtlsRole: DtlsRole | null = null;
  #halfSize = true;
  #sizeTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: PeerConnectionOptions) {
    this.#options = options;
    this.#negotiation = new Negotiation(options.polite);
    this.#to = options.to;
    this.#tracks = options.tracks;
    this.#connections = options.connections;
    this.connection = options.spare.connection;
    this.channel = options.spare.channel;
    this.errors = options.spare.errors;
    this.files = options.spare.files;
    this.iceTransportPolicy = options.spare.iceTransportPolicy;
    this.#listen();
    this.publish(options.tracks);
    if (options.offers) this.#open();
    else this.#timer = setTimeout(() => this.#open(), RETRY_AFTER_MS / 2); // the offer that was to come did not
  }

  /** Words from the other side's link `words.link`, which is the one that this link speaks to. */
  receive(words: SignalMessage): void {
    this.#to = words.link;
    const { about } = words;
    if ('candidate' in about) this.#perform(this.#negotiation.receiveCandidate(about.candidate));
    else this.#perform(this.#negotiation.receiveDescription(about.description));
  }

  /** Sends this from now on; needs no negotiation. */
  publish(outgoing: LocalTracks): void {
    this.#tracks = outgoing;
    for (const [name, { sender }] of transceiversOf(this.connection)) this.#replace(sender, trackIn(outgoing, name));
    this.limitBitrate(this.#connections);
  }

  /** `sender.track` is the old one until the browser has done it, so what was asked for last counts. */
  #replace(sender: RTCRtpSender, track: MediaStreamTrack | null): void {
    const last = this.#asked.has(sender) ? this.#asked.get(sender) : sender.track;
    if (last === track) return;
    this.#asked.set(sender, track);
    void sender.replaceTrack(track).catch(() => undefined);
  }

  /** Keeps to this link's share of the uplink, one of `links` that send the same. */
  limitBitrate(links: number): void {
    this.#connections = links;
    const sharing = trackIn(this.#tracks, 'screen') !== null;
    const {
      cameraBitrate: pictureBits,
      halfSize: half,
      screenBitrate: screenBits,
      screenFramerate: screenFrames,
    } = bitrateLimits(links, sharing);
    const transceivers = transceiversOf(this.connection);
    tune(transceivers.get('camera'), {
      maxBitrate: pictureBits,
      scaleResolutionDownBy: this.#halfSize || half ? 2 : 1,
    });
    if (!sharing) return;
    tune(transceivers.get('screen'), { maxBitrate: screenBits, maxFramerate: screenFrames, priority: 'high' });
  }

  /** False while an offer or answer is on its way. */
  get settled(): boolean {
    return this.#negotiation.state === 'stable';
  }

  /** Nothing was agreed on yet. */
  get fresh(): boolean {
    return this.connection.remoteDescription === null;
  }

  /** Resolves when all is done that was asked of the browser by now. */
  idle(): Promise<void> {
    return this.#work;
  }

  /** Finds a path anew, keeping the connection. */
  restartIce(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#checkIce(), RETRY_AFTER_MS);
    this.connection.restartIce();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#gatherTimer);
    clearTimeout(this.#sizeTimer);
    this.connection.close();
  }

  #listen(): void {
    const { connection } = this;
    connection.ontrack = ({ transceiver, track }) => {
      for (const [name, each] of transceiversOf(connection)) {
        if (each === transceiver) this.#options.onTrack(track, name);
      }
    };
    connection.onnegotiationneeded = () => {
      // The first offer is made by #open: the browser may have asked for it before anybody listened.
      if (connection.remoteDescription !== null) this.#perform(this.#negotiation.needNegotiation());
    };
    connection.onicecandidate = (event) => this.#signalCandidate(event.candidate);
    connection.onconnectionstatechange = () => {
      if (this.#closed) return;
      if (connection.connectionState === 'connected') this.#enlarge();
      this.#options.onState(connection.connectionState);
    };
    connection.oniceconnectionstatechange = () => this.#watchIce();
  }

  /** The connection is up: sends the picture at full size soon. */
  #enlarge(): void {
    clearTimeout(this.#sizeTimer);
    this.#sizeTimer = setTimeout(() => {
      this.#halfSize = false;
      this.limitBitrate(this.#connections);
    }, FULL_SIZE_AFTER_MS);
  }

  #watchIce(): void {
    clearTimeout(this.#timer);
    const state = this.connection.iceConnectionState;
    if (state === 'failed') this.restartIce();
    else if (state === 'disconnected') this.#timer = setTimeout(() => this.#checkIce(), RESTART_AFTER_MS);
    else if (state === 'checking') this.#timer = setTimeout(() => this.#checkIce(), RETRY_AFTER_MS);
  }

  #checkIce(): void {
    const state = this.connection.iceConnectionState;
    if (state === 'connected' || state === 'completed') return;
    if (this.settled && !this.fresh) this.restartIce();
    else if (this.#options.reachable()) this.fail('no answer came');
    else this.#timer = setTimeout(() => this.#checkIce(), RETRY_AFTER_MS); // nothing can have come: wait for the broker
  }

  #expectAddress(): void {
    const { connection } = this;
    if (connection.connectionState === 'connected') return; // by one that the browser tells nobody
    if (this.#found || candidatesIn(connection.localDescription?.sdp).length > 0) return;
    if (this.#options.reachable()) this.fail('no address of ours was found');
    else this.#gatherTimer = setTimeout(() => this.#expectAddress(), this.#options.gatherWithin); // there is no network
  }

  #open(): void {
    openTransceivers(this.connection, this.#tracks);
    this.#direct();
    this.limitBitrate(this.#connections);
    this.#timer = setTimeout(() => this.#checkIce(), 2 * RETRY_AFTER_MS);
    this.#perform(this.#negotiation.needNegotiation());
  }

  #signalCandidate(candidate: RTCIceCandidate | null): void {
    if (candidate === null || candidate.candidate === '') return;
    this.#found = true;
    const ufrag = candidate.usernameFragment ?? ufragOf(this.connection.localDescription?.sdp ?? '');
    this.#signal({ candidate: { ufrag, candidate: candidate.candidate, mid: candidate.sdpMid } });
  }

  #signal(about: SignalMessage['about']): void {
    if (!this.#closed) this.#options.signal({ link: this.number, to: this.#to, about });
  }

  #perform(effects: readonly NegotiationEffect[]): void {
    for (const effect of effects) {
      // One after the other: the negotiation has at most one operation running, candidates follow their description.
      this.#work = this.#work.then(() => this.#carryOut(effect)).catch((error: unknown) => this.fail(error));
    }
  }

  async #carryOut(effect: NegotiationEffect): Promise<void> {
    if (this.#closed) return;
    switch (effect.do) {
      case 'make-offer':
      case 'make-answer':
        await this.connection.setLocalDescription();
        if (!this.#closed) this.#gatherTimer ??= setTimeout(() => this.#expectAddress(), this.#options.gatherWithin);
        if (effect.do === 'make-answer')
          this.#remoteDtlsRole ??= otherSide(dtlsRoleIn(this.connection.localDescription?.sdp ?? ''));
        this.#perform(this.#negotiation.done());
        break;
      case 'take': {
        const { kind, sdp } = effect.description;
        await this.connection.setRemoteDescription({
          type: kind,
          sdp: kind === 'answer' ? this.#withSameDtlsRole(sdp) : sdp,
        });
        if (kind === 'offer') this.#adopt();
        else this.#adopted = true; // our own lines are agreed on
        this.#perform(this.#negotiation.done());
        break;
      }
      case 'say': {
        const sdp = this.connection.localDescription?.sdp ?? '';
        const { kind, number } = effect;
        this.#signal({ description: { kind, number, ufrag: ufragOf(sdp), sdp: mungedSdp(sdp) } });
        break;
      }
      case 'add':
        await this.#add(effect.candidate.candidate, effect.candidate.mid, effect.candidate.ufrag);
        break;
    }
  }

  /** Their answer, in which they stay on the side of DTLS that they were on. */
  #withSameDtlsRole(answer: string): string {
    this.#remoteDtlsRole ??= dtlsRoleIn(answer);
    return this.#remoteDtlsRole === null ? answer : withDtlsRole(answer, this.#remoteDtlsRole);
  }

  async #add(candidate: string, sdpMid: string | null, usernameFragment: string): Promise<void> {
    try {
      await this.connection.addIceCandidate({ candidate, sdpMid, usernameFragment });
    } catch {
      // One that this browser can't use (an address family it lacks, a bad line): the others do.
    }
  }

  /** Sends our tracks on the lines of the offer just taken, instead of on lines of our own that it rolled back. */
  #adopt(): void {
    if (this.#adopted) return;
    this.#adopted = true;
    clearTimeout(this.#timer);
    // The other side looks first whether something comes of it; if it does not, we do.
    this.#timer = setTimeout(() => this.#checkIce(), 3 * RETRY_AFTER_MS);
    for (const transceiver of this.connection.getTransceivers()) {
      if (transceiver.mid === null) transceiver.stop();
    }
    this.#direct();
    this.publish(this.#tracks);
  }

  /** Every line goes both ways, whether or not there is a track now; but one that we take nothing from goes one way. */
  #direct(): void {
    for (const [name, transceiver] of transceiversOf(this.connection)) {
      transceiver.direction = this.#options.takes(name) ? 'sendrecv' : 'sendonly';
    }
  }

  /**
   * Says it by the channel, if that is open. One that takes no more goes with its connection; what the other side would
   * not take, for its size, is lost.
   */
  send(text: string): void {
    try {
      if (this.channel.readyState === 'open') this.channel.send(text);
    } catch (error) {
      if (isFull(error)) this.fail(error);
      else console.warn('eyeline: not said:', error);
    }
  }

  /** It is of no more use. */
  fail(error: unknown): void {
    if (this.#closed) return;
    console.warn('eyeline: the connection is made anew:', error);
    this.#options.onFailed();
  }
}

function tune(transceiver: RTCRtpTransceiver | undefined, wish: RTCRtpEncodingParameters): void {
  const parameters = transceiver?.sender.getParameters();
  const encoding = parameters?.encodings[0];
  if (transceiver === undefined || parameters === undefined || encoding === undefined) return; // not agreed on yet
  Object.assign(encoding, wish);
  // Fewer pictures a second rather than smaller ones: what is read must stay sharp.
  if (wish.priority === 'high') parameters.degradationPreference = 'maintain-resolution';
  void transceiver.sender.setParameters(parameters).catch(() => undefined); // it was changed meanwhile, and is set by that
}

function otherSide(setup: DtlsRole | null): DtlsRole | null {
  if (setup === null) return null;
  return setup === 'active' ? 'passive' : 'active';
}

function ufragOf(sdp: string): string {
  return /^a=ice-ufrag:(.+?)\r?$/m.exec(sdp)?.[1] ?? '';
}
