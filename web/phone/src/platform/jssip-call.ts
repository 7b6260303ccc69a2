import { C, type NameAddrHeader } from 'jssip';
import type { AnswerOptions, EndEvent, ReferEvent, RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingResponse } from 'jssip/lib/SIPMessage';
import { identity } from './jssip';
import { offersVideo } from './sdp';
import type { CallEvent, Ending, Identity, MediaPath, SipCall, TransferEvent } from './user-agent';

/** Milliseconds after the first ICE candidate in which others are waited for: JsSIP sends all in one. */
const gathering = 2000;

/** Milliseconds between two looks whether JsSIP can renegotiate, and how many looks. */
const retry = { every: 200, times: 25 };

/** Milliseconds without a connection after which the caller looks for another path. */
const broken = 3000;

interface Agent {
  /** Options of every call. */
  media(): AnswerOptions;
  track(session: RTCSession): JsSipCall;
}

const endings: readonly (readonly [Ending, readonly number[]])[] = [
  ['busy', [486, 600]],
  ['declined', [603]],
  ['no-answer', [408]],
  ['unavailable', [410, 430, 480, 500, 503, 504]],
  ['not-found', [404, 484, 604]],
  ['not-allowed', [401, 403, 407]],
  ['incompatible', [415, 488, 606]],
];

/** A {@link SipCall} by JsSIP. */
export class JsSipCall implements SipCall {
  readonly remote: Identity;
  readonly video: boolean;
  readonly stream = new MediaStream();
  readonly #session: RTCSession;
  readonly #agent: Agent;
  #tell: (event: CallEvent) => void = () => {};
  #listening = false;
  #early: CallEvent[] = [];

  constructor(session: RTCSession, agent: Agent) {
    this.#session = session;
    this.#agent = agent;
    this.remote = identity(session.remote_identity);
    const { body = '' } = (session as unknown as { readonly _request: { readonly body?: string } })._request;
    this.video = session.direction === 'incoming' && offersVideo(body ?? '');
    this.#follow(session);
  }

  listen(listener: (event: CallEvent) => void): void {
    this.#tell = listener;
    this.#listening = true;
    for (const event of this.#early.splice(0)) listener(event);
  }

  answer(stream: MediaStream): void {
    this.#session.answer({ mediaStream: stream, ...this.#agent.media() });
  }

  decline(how: 'busy' | 'declined'): void {
    if (!this.#session.isEnded()) this.#session.terminate({ status_code: how === 'busy' ? 486 : 603 });
  }

  hangUp(): void {
    if (!this.#session.isEnded()) this.#session.terminate();
  }

  hold(on: boolean): void {
    if (this.#session.isOnHold().local === on) return;
    void this.#whenReady(() => (on ? this.#session.hold() : this.#session.unhold()));
  }

  mute(on: boolean): void {
    if (on) this.#session.mute({ audio: true });
    else this.#session.unmute({ audio: true });
  }

  async showVideo(track: MediaStreamTrack | null): Promise<void> {
    const { connection } = this.#session;
    const video = connection.getTransceivers().find((each) => each.receiver.track.kind === 'video');
    if (video === undefined && track !== null) connection.addTrack(track, new MediaStream([track]));
    if (video !== undefined) {
      video.direction = track === null ? 'recvonly' : 'sendrecv';
      await video.sender.replaceTrack(track);
    }
    await this.#renegotiate({});
  }

  sendTone(tone: string): void {
    this.#session.sendDTMF(tone, { transportType: C.DTMF_TRANSPORT.RFC2833, duration: 160, interToneGap: 70 });
  }

  transfer(to: string | SipCall, listener: (event: TransferEvent) => void): void {
    const failed = ({ status_line, response }: Failure) =>
      listener({ is: 'failed', status: status_line?.status_code ?? response?.status_code ?? null });
    const eventHandlers = { accepted: () => listener({ is: 'done' }), failed, requestFailed: failed };
    if (typeof to === 'string') this.#session.refer(to, { eventHandlers });
    else if (to instanceof JsSipCall) this.#session.refer(to.remote.uri, { eventHandlers, replaces: to.#session });
  }

  async path(): Promise<MediaPath | null> {
    const stats = await this.#session.connection?.getStats();
    for (const report of stats?.values() ?? []) {
      if (report.type !== 'transport' || report.selectedCandidatePairId === undefined) continue;
      const pair = stats?.get(report.selectedCandidatePairId);
      const relayed = [pair.localCandidateId, pair.remoteCandidateId].some(
        (id) => stats?.get(id)?.candidateType === 'relay',
      );
      return { relayed, roundTripMs: (pair.currentRoundTripTime ?? 0) * 1000 };
    }
    return null;
  }

  #follow(session: RTCSession): void {
    session.on('progress', ({ originator }: { readonly originator: string }) => {
      if (originator === 'remote') this.#emit({ is: 'ringing' });
    });
    session.on('confirmed', () => this.#emit({ is: 'established' }));
    session.on('ended', (event) => this.#emit(ended(event, 'over')));
    session.on('failed', (event) => this.#emit(ended(event, 'failed')));
    session.on('hold', ({ originator }) => this.#emit({ is: 'hold', by: side(originator), on: true }));
    session.on('unhold', ({ originator }) => this.#emit({ is: 'hold', by: side(originator), on: false }));
    session.on('refer', ({ request, accept }) => {
      const to = identity(request.parseHeader<NameAddrHeader>('refer-to'));
      this.#emit({ is: 'refer', to, accept: (stream) => this.#referred(accept, stream) });
    });
    session.on('replaces', ({ accept }) => {
      accept((replacing: RTCSession) => this.#emit({ is: 'replaced', call: this.#agent.track(replacing) }));
    });
    session.on('icecandidate', ({ ready }) => {
      setTimeout(ready, gathering); // it does nothing the second time
    });
    if (session.connection) this.#watch(session.connection);
    else session.on('peerconnection', ({ peerconnection }) => this.#watch(peerconnection));
  }

  /** Their tracks, and a broken connection. */
  #watch(connection: RTCPeerConnection): void {
    connection.addEventListener('track', ({ track }) => {
      for (const before of this.stream.getTracks()) if (before.kind === track.kind) this.stream.removeTrack(before);
      this.stream.addTrack(track);
      if (track.kind !== 'video') return;
      track.addEventListener('mute', () => this.#emit({ is: 'their-video', on: false }));
      track.addEventListener('unmute', () => this.#emit({ is: 'their-video', on: true }));
      this.#emit({ is: 'their-video', on: !track.muted });
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    connection.addEventListener('iceconnectionstatechange', () => {
      clearTimeout(timer);
      const lost = connection.iceConnectionState === 'disconnected';
      this.#emit({ is: 'media', lost });
      if (!lost || this.#session.direction !== 'outgoing') return; // of both at once, JsSIP ends the call
      timer = setTimeout(() => void this.#renegotiate({ iceRestart: true }), broken);
    });
  }

  #referred(accept: ReferEvent['accept'], stream: MediaStream): SipCall {
    const made: JsSipCall[] = [];
    const init = (session: RTCSession) => made.push(this.#agent.track(session));
    accept(init, { mediaStream: stream, ...this.#agent.media() });
    const [call] = made;
    if (call === undefined) throw new Error('the call is over');
    return call;
  }

  #renegotiate(rtcOfferConstraints: RTCOfferOptions): Promise<void> {
    return this.#whenReady(() => this.#session.renegotiate({ rtcOfferConstraints }));
  }

  /** Tries again while JsSIP waits for the answer to another offer. */
  async #whenReady(attempt: () => boolean): Promise<void> {
    for (let look = 0; look < retry.times && !this.#session.isEnded(); look += 1) {
      if (attempt()) return;
      await new Promise((resolve) => setTimeout(resolve, retry.every));
    }
  }

  #emit(event: CallEvent): void {
    if (this.#listening) this.#tell(event);
    else this.#early.push(event);
  }
}

interface Failure {
  readonly status_line?: { readonly status_code: number };
  readonly response?: IncomingResponse | null;
}

function side(originator: string): 'us' | 'them' {
  return originator === 'local' ? 'us' : 'them';
}

function ended({ originator, message, cause }: EndEvent, otherwise: Ending): CallEvent {
  const by = originator === 'system' ? 'network' : side(originator);
  const [, said] = /^399 [^ ]+ "([^"\\]{1,200})"/.exec(message?.getHeader('warning') ?? '') ?? [];
  return { is: 'ended', by, why: ending(message, cause, otherwise), ...(said !== undefined && { said }) };
}

function ending(message: EndEvent['message'] | null, cause: string, otherwise: Ending): Ending {
  const status = message !== null && 'status_code' in message ? message.status_code : null;
  const found = endings.find(([, codes]) => status !== null && codes.includes(status));
  if (found !== undefined) return found[0];
  if (cause === 'Canceled') {
    const elsewhere = message !== null && /cause *= *200\b/.test(message.getHeader('reason') ?? '');
    return elsewhere ? 'elsewhere' : 'cancelled';
  }
  if (cause === 'RTP Timeout') return 'lost';
  if (cause === 'No Answer' || cause === 'Expires') return 'no-answer';
  return cause === 'Terminated' ? 'over' : otherwise;
}
