import { isFull } from '../errors.ts';
import { bitrateLimits, cameraBitrateFor } from './bitrate.ts';
import { CameraQuality } from './camera-quality.ts';
import { type DtlsRole, dtlsRoleIn, withDtlsRole } from './dtls-role.ts';
import type { GatheringError } from './ice-diagnosis.ts';
import { IceRestart, RETRY_AFTER_MS } from './ice-restart.ts';
import type { SignalMessage } from './messages.ts';
import { Negotiation, type NegotiationEffect } from './negotiation.ts';
import { mungedSdp, withSha256Only } from './sdp.ts';
import { nextSequence } from './sequence.ts';
import type { SpareConnection } from './spare-connection.ts';
import { cameraSent } from './stats.ts';
import { type LocalTracks, openTransceivers, type TrackName, trackIn, transceiversOf } from './transceivers.ts';

/**
 * Milliseconds after connecting at which the camera's video goes to full size. Until then it has half the width and
 * height: the first frame is encoded and sent much sooner (`bench/setup.py`: 258 ms from navigation instead of 377).
 */
const FULL_SIZE_AFTER_MS = 1000;

/** Milliseconds that a phone may ring; the server ends that after 60 s. */
const RING_WITHIN_MS = 75_000;

/** Bytes that may wait in the data channel. Chromium has this limit itself; Firefox has none. */
const BUFFERED_MAX = 16 * 1024 * 1024;

export interface PeerConnectionOptions {
  readonly spare: SpareConnection;
  readonly polite: boolean;
  /** Whether this side makes the first offer; the other side waits for it. */
  readonly offers: boolean;
  readonly tracks: LocalTracks;
  /** Whether we accept the other side's media of this kind. */
  readonly accepts: (name: TrackName) => boolean;
  /** Whether the other side is a phone that we call: it rings before it answers. */
  readonly rings?: boolean;
  /** How many connections send the same tracks. */
  readonly connections: number;
  /** Height in pixels to which the camera's video is limited; 0 sends none. */
  readonly maxHeight: number | null;
  /** Number of the other side's connection that this one answers; null if not known yet. */
  readonly to: number | null;
  /** Sends a message to the other side by signalling. */
  readonly signal: (message: SignalMessage) => void;
  /** Milliseconds that the browser has to gather a first candidate. */
  readonly gatherWithin: number;
  /** Whether signals can reach the other side: the signalling connection is up. */
  readonly reachable: () => boolean;
  /** A track arrived that we accept. */
  readonly onTrack: (track: MediaStreamTrack, name: TrackName) => void;
  /** `before` is what {@link PeerConnection.connected} was. */
  readonly onState: (state: RTCPeerConnectionState, before: boolean) => void;
  /** The connection can't be used any more and must be replaced. */
  readonly onFailed: () => void;
}

/** One RTCPeerConnection from its first offer to its end: carries out what its {@link Negotiation} decides. */
export class PeerConnection {
  /** Grows with each connection we make, over reloads too. */
  readonly number = nextSequence();
  readonly connection: RTCPeerConnection;
  /** Null for a phone, as is `files`. */
  readonly channel: RTCDataChannel | null;
  readonly errors: readonly GatheringError[];
  readonly files: RTCDataChannel | null;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly #options: PeerConnectionOptions;
  readonly #negotiation: Negotiation;
  readonly #iceRestart: IceRestart;
  /** The track that each sender was last given; `sender.track` lags behind. */
  readonly #requested = new Map<RTCRtpSender, MediaStreamTrack | null>();
  #to: number | null;
  #tracks: LocalTracks;
  #connections: number;
  #maxHeight: number | null;
  #work: Promise<void> = Promise.resolve();
  #offerTimer: ReturnType<typeof setTimeout> | undefined;
  #adopted = false;
  /** The other side's DTLS role; null before the first answer. */
  #remoteDtlsRole: DtlsRole | null = null;
  readonly #camera = new CameraQuality();
  #halfSize = true;
  #sizeTimer: ReturnType<typeof setTimeout> | undefined;
  #connected = false;
  #closed = false;

  constructor(options: PeerConnectionOptions) {
    this.#options = options;
    this.#negotiation = new Negotiation(options.polite);
    this.#to = options.to;
    this.#tracks = options.tracks;
    this.#connections = options.connections;
    this.#maxHeight = options.maxHeight;
    this.connection = options.spare.connection;
    this.channel = options.spare.channel;
    this.errors = options.spare.errors;
    this.files = options.spare.files;
    this.iceTransportPolicy = options.spare.iceTransportPolicy;
    this.#iceRestart = new IceRestart(this.connection, {
      negotiated: () => this.settled && !this.fresh,
      reachable: options.reachable,
      gatherWithin: options.gatherWithin,
      onFailed: (reason) => this.fail(reason),
    });
    this.#listen();
    this.publish(options.tracks);
    if (options.offers) this.#open();
    else this.#offerTimer = setTimeout(() => this.#open(), RETRY_AFTER_MS / 2); // no offer arrived: make our own
  }

  /** A signal from the other side's connection `message.link`, which this one talks to from now on. */
  receive(message: SignalMessage): void {
    this.#to = message.link;
    const { about } = message;
    if ('text' in about) return;
    if ('candidate' in about) this.#perform(this.#negotiation.receiveCandidate(about.candidate));
    else this.#perform(this.#negotiation.receiveDescription(about.description));
  }

  /** Sends these tracks from now on, without renegotiation. */
  publish(tracks: LocalTracks): void {
    this.#tracks = tracks;
    for (const [name, { sender }] of transceiversOf(this.connection)) this.#replaceTrack(sender, trackIn(tracks, name));
    this.limitBitrate(this.#connections);
  }

  /** Skips a track that was already requested: `sender.track` shows it only once the browser is done. */
  #replaceTrack(sender: RTCRtpSender, track: MediaStreamTrack | null): void {
    const last = this.#requested.has(sender) ? this.#requested.get(sender) : sender.track;
    if (last === track) return;
    this.#requested.set(sender, track);
    void sender.replaceTrack(track).catch(() => undefined);
  }

  /** Limits the bitrate to this connection's share of the uplink, which `connections` of them divide. */
  limitBitrate(connections: number): void {
    this.#connections = connections;
    const sharing = trackIn(this.#tracks, 'screen') !== null;
    const { cameraBitrate, halfSize, screenBitrate, screenFramerate } = bitrateLimits(connections, sharing);
    const transceivers = transceiversOf(this.connection);
    const camera = {
      active: this.#maxHeight !== 0,
      maxBitrate: Math.min(cameraBitrate, this.#camera.bitrate, cameraBitrateFor(this.#maxHeight)),
      scaleResolutionDownBy: Math.max(this.#halfSize || halfSize ? 2 : 1, this.#camera.divisor, this.#limitDivisor),
    };
    tune(transceivers.get('camera'), camera, this.#camera.preference);
    if (!sharing) return;
    // A lower frame rate rather than a lower resolution: text must stay readable.
    tune(
      transceivers.get('screen'),
      { maxBitrate: screenBitrate, maxFramerate: screenFramerate, priority: 'high' },
      'maintain-resolution',
    );
  }

  /** Limits the height of the camera's video, in pixels; 0 sends none. */
  limitVideo(maxHeight: number | null): void {
    this.#maxHeight = maxHeight;
    this.limitBitrate(this.#connections);
  }

  /** Adapts the camera's video to the line. Call it about once a second with a `getStats()` report. */
  adapt(report: RTCStatsReport): void {
    const sent = cameraSent(report, transceiversOf(this.connection).get('camera')?.mid ?? null);
    if (this.#halfSize || sent === null) return;
    if (this.#camera.update(sent, performance.now())) this.limitBitrate(this.#connections);
  }

  /** By how much the camera's height exceeds its limit. */
  get #limitDivisor(): number {
    if (this.#maxHeight === null || this.#maxHeight === 0) return 1;
    return (trackIn(this.#tracks, 'camera')?.getSettings().height ?? 0) / this.#maxHeight;
  }

  /** Whether `connectionState` was `connected` at its last change. */
  get connected(): boolean {
    return this.#connected;
  }

  /** False while an offer or answer is on its way. */
  get settled(): boolean {
    return this.#negotiation.state === 'stable';
  }

  /** Whether nothing has been negotiated yet. */
  get fresh(): boolean {
    return this.connection.remoteDescription === null;
  }

  /** Resolves when the browser has done everything asked of it so far. */
  idle(): Promise<void> {
    return this.#work;
  }

  /** Looks for a new path and keeps the connection (ICE restart, RFC 8445, 2.4). */
  restartIce(): void {
    this.#iceRestart.restart();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#offerTimer);
    clearTimeout(this.#sizeTimer);
    this.#iceRestart.close();
    this.connection.close();
  }

  #listen(): void {
    const { connection } = this;
    connection.ontrack = ({ transceiver, track }) => {
      for (const [name, each] of transceiversOf(connection)) {
        if (each === transceiver && this.#options.accepts(name)) this.#options.onTrack(track, name);
      }
    };
    connection.onnegotiationneeded = () => {
      // Renegotiation only. #open makes the first offer: the browser may have asked for it before we listened.
      if (connection.remoteDescription !== null) this.#perform(this.#negotiation.needNegotiation());
    };
    connection.onicecandidate = (event) => this.#signalCandidate(event.candidate);
    connection.onconnectionstatechange = () => {
      if (this.#closed) return;
      const before = this.#connected;
      this.#connected = connection.connectionState === 'connected';
      if (this.#connected) this.#sendFullSizeLater();
      if (connection.connectionState === 'failed') this.#iceRestart.checkTransport();
      this.#options.onState(connection.connectionState, before);
    };
  }

  #sendFullSizeLater(): void {
    clearTimeout(this.#sizeTimer);
    this.#sizeTimer = setTimeout(() => {
      this.#halfSize = false;
      this.limitBitrate(this.#connections);
    }, FULL_SIZE_AFTER_MS);
  }

  #open(): void {
    openTransceivers(this.connection, this.#tracks);
    this.#setDirections();
    this.limitBitrate(this.#connections);
    this.#iceRestart.checkAfter(this.#options.rings === true ? RING_WITHIN_MS : 2 * RETRY_AFTER_MS);
    this.#perform(this.#negotiation.needNegotiation());
  }

  #signalCandidate(candidate: RTCIceCandidate | null): void {
    if (candidate === null || candidate.candidate === '') return;
    this.#iceRestart.gathered();
    const ufrag = candidate.usernameFragment ?? ufragOf(this.connection.localDescription?.sdp ?? '');
    this.#signal({ candidate: { ufrag, candidate: candidate.candidate, mid: candidate.sdpMid } });
  }

  #signal(about: SignalMessage['about']): void {
    if (!this.#closed) this.#options.signal({ link: this.number, to: this.#to, about });
  }

  #perform(effects: readonly NegotiationEffect[]): void {
    for (const effect of effects) {
      // In sequence: the negotiation runs one operation at a time, and candidates follow their description.
      this.#work = this.#work.then(() => this.#carryOut(effect)).catch((error: unknown) => this.fail(error));
    }
  }

  async #carryOut(effect: NegotiationEffect): Promise<void> {
    if (this.#closed) return;
    switch (effect.do) {
      case 'make-offer':
      case 'make-answer':
        await this.connection.setLocalDescription();
        this.#iceRestart.expectCandidates();
        if (effect.do === 'make-answer')
          this.#remoteDtlsRole ??= oppositeRole(dtlsRoleIn(this.connection.localDescription?.sdp ?? ''));
        this.#perform(this.#negotiation.done());
        break;
      case 'take': {
        const { kind, sdp } = effect.description;
        if (kind === 'answer' && this.#ignoresRestart(sdp)) {
          this.fail('the other side does not know ICE restarts');
          break;
        }
        const cleaned = withSha256Only(sdp);
        await this.connection.setRemoteDescription({
          type: kind,
          sdp: kind === 'answer' ? this.#withSameDtlsRole(cleaned) : cleaned,
        });
        if (kind === 'offer') this.#adopt();
        else this.#adopted = true; // our own transceivers are negotiated
        this.#perform(this.#negotiation.done());
        break;
      }
      case 'send': {
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

  /** Whether this answers our ICE restart, and the other side has not restarted (RFC 8829, 5.11). */
  #ignoresRestart(answer: string): boolean {
    const { currentLocalDescription, pendingLocalDescription, currentRemoteDescription } = this.connection;
    if (!currentLocalDescription || !pendingLocalDescription || !currentRemoteDescription) return false;
    const restarted = ufragOf(pendingLocalDescription.sdp) !== ufragOf(currentLocalDescription.sdp);
    return restarted && ufragOf(answer) === ufragOf(currentRemoteDescription.sdp);
  }

  /** Munges an answer so that the other side keeps its DTLS role. */
  #withSameDtlsRole(answer: string): string {
    this.#remoteDtlsRole ??= dtlsRoleIn(answer);
    return this.#remoteDtlsRole === null ? answer : withDtlsRole(answer, this.#remoteDtlsRole);
  }

  async #add(candidate: string, sdpMid: string | null, usernameFragment: string): Promise<void> {
    try {
      await this.connection.addIceCandidate({ candidate, sdpMid, usernameFragment });
    } catch {
      // This browser can't use it (an address family that it lacks, bad syntax): the others will do.
    }
  }

  /** Sends our tracks on the transceivers of the offer just taken, not on our own ones that it rolled back. */
  #adopt(): void {
    if (this.#adopted) return;
    this.#adopted = true;
    clearTimeout(this.#offerTimer);
    this.#iceRestart.checkAfter(3 * RETRY_AFTER_MS); // the other side checks before us
    for (const transceiver of this.connection.getTransceivers()) {
      if (transceiver.mid === null) transceiver.stop();
    }
    this.#setDirections();
    this.publish(this.#tracks);
  }

  /** Transceivers are `sendrecv` with or without a track, or `sendonly` where we accept nothing: no renegotiation. */
  #setDirections(): void {
    for (const [name, transceiver] of transceiversOf(this.connection)) {
      transceiver.direction = this.#options.accepts(name) ? 'sendrecv' : 'sendonly';
    }
  }

  /**
   * Sends text over the data channel if that is open. When the channel's buffer is full, which means that the other
   * side reads nothing, the connection fails. Text that is too large for the other side is dropped.
   */
  send(text: string): void {
    try {
      if (this.channel?.readyState !== 'open') return;
      if (this.channel.bufferedAmount > BUFFERED_MAX) this.fail('the data channel sends nothing');
      else this.channel.send(text);
    } catch (error) {
      if (isFull(error)) this.fail(error);
      else console.warn('eyeline: could not send a message:', error);
    }
  }

  /** The connection can't be used any more: it gets replaced. */
  fail(error: unknown): void {
    if (this.#closed) return;
    console.warn('eyeline: replacing the connection:', error);
    this.#options.onFailed();
  }
}

function tune(
  transceiver: RTCRtpTransceiver | undefined,
  wanted: RTCRtpEncodingParameters,
  degradationPreference: RTCDegradationPreference | null,
): void {
  const parameters = transceiver?.sender.getParameters();
  const encoding = parameters?.encodings[0];
  if (transceiver === undefined || parameters === undefined || encoding === undefined) return; // not negotiated yet
  Object.assign(encoding, wanted);
  if (degradationPreference === null) delete parameters.degradationPreference;
  else parameters.degradationPreference = degradationPreference;
  void transceiver.sender.setParameters(parameters).catch(() => undefined); // a later change has replaced this one
}

function oppositeRole(role: DtlsRole | null): DtlsRole | null {
  if (role === null) return null;
  return role === 'active' ? 'passive' : 'active';
}

function ufragOf(sdp: string): string {
  return /^a=ice-ufrag:(.+?)\r?$/m.exec(sdp)?.[1] ?? '';
}
