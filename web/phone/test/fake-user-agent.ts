import { memory, World } from '../../app/test/fake-platform';
import { CaptureError, type CaptureProblem, type PhonePlatform } from '../src/platform/platform';
import type {
  Account,
  CallEvent,
  Directory,
  Identity,
  MediaPath,
  SipCall,
  TransferEvent,
  UserAgent,
  UserAgentEvents,
} from '../src/platform/user-agent';

export const bob: Identity = { uri: 'sip:bob@eyeline.example', name: '' };
export const carol: Identity = { uri: 'sip:carol@eyeline.example', name: 'Carol Danvers' };

/** A SIP call in which only happens what a test says. */
export class FakeCall implements SipCall {
  readonly remote: Identity;
  readonly video: boolean;
  readonly stream: MediaStream;
  /** What was done with it, in order. */
  readonly done: string[] = [];
  #tell: (event: CallEvent) => void = () => {};
  #transfer: (event: TransferEvent) => void = () => {};

  constructor(remote: Identity, stream: MediaStream, video = false) {
    this.remote = remote;
    this.stream = stream;
    this.video = video;
  }

  listen(listener: (event: CallEvent) => void): void {
    this.#tell = listener;
  }

  /** Something happens in it. */
  now(event: CallEvent): void {
    this.#tell(event);
  }

  establish(): void {
    this.now({ is: 'established' });
  }

  answer(): void {
    this.done.push('answer');
  }

  decline(how: 'busy' | 'declined'): void {
    this.done.push(how);
    this.now({ is: 'ended', why: 'declined', by: 'us' });
  }

  hangUp(): void {
    this.done.push('hang up');
    this.now({ is: 'ended', why: 'over', by: 'us' });
  }

  hold(on: boolean): void {
    this.done.push(on ? 'hold' : 'resume');
    this.now({ is: 'hold', by: 'us', on });
  }

  mute(on: boolean): void {
    this.done.push(on ? 'mute' : 'unmute');
  }

  async showVideo(track: MediaStreamTrack | null): Promise<void> {
    this.done.push(track === null ? 'no video' : 'video');
  }

  sendTone(tone: string): void {
    this.done.push(`tone ${tone}`);
  }

  media: MediaPath | null = null;

  async path(): Promise<MediaPath | null> {
    return this.media;
  }

  transfer(to: string | SipCall, listener: (event: TransferEvent) => void): void {
    this.done.push(`transfer to ${typeof to === 'string' ? to : `the call with ${to.remote.uri}`}`);
    this.#transfer = listener;
  }

  /** How the transfer went. */
  transferred(event: TransferEvent): void {
    this.#transfer(event);
  }
}

/** A user agent whose server does what a test says. */
export class FakeAgent implements UserAgent {
  readonly uri: string;
  readonly account: Account;
  readonly calls: FakeCall[] = [];
  readonly sent: { readonly to: string; readonly text: string }[] = [];
  servers: readonly RTCIceServer[] = [];
  stopped = false;
  registrations = 0;
  /** How the next message is delivered. */
  delivery: () => Promise<void> = async () => {};
  answer: Directory = { online: null, iceServers: [] };
  readonly #events: UserAgentEvents;
  readonly #stream: () => MediaStream;

  constructor(account: Account, events: UserAgentEvents, stream: () => MediaStream) {
    this.account = account;
    this.uri = `sip:${account.user}@eyeline.example`;
    this.#events = events;
    this.#stream = stream;
  }

  addressOf(typed: string): string | null {
    if (typed.trim() === '' || /[\s<>]/.test(typed.trim())) return null;
    return typed.includes('@') ? `sip:${typed.replace(/^sip:/, '')}` : `sip:${typed.trim()}@eyeline.example`;
  }

  call(to: string): FakeCall {
    const call = new FakeCall({ uri: to, name: '' }, this.#stream());
    this.calls.push(call);
    return call;
  }

  send(to: string, text: string): Promise<void> {
    this.sent.push({ to, text });
    return this.delivery();
  }

  /** How often it was asked who is online. */
  asked = 0;

  async directory(): Promise<Directory> {
    this.asked += 1;
    return this.answer;
  }

  register(): void {
    this.registrations += 1;
  }

  useIceServers(servers: readonly RTCIceServer[]): void {
    this.servers = servers;
  }

  stop(): void {
    this.stopped = true;
  }

  registered(): void {
    this.#events.registered();
  }

  disconnected(): void {
    this.#events.disconnected();
  }

  refused(status: number | null): void {
    this.#events.refused(status);
  }

  /** Somebody calls. */
  rings(from: Identity, video = false): FakeCall {
    const call = new FakeCall(from, this.#stream(), video);
    this.#events.incoming(call);
    return call;
  }

  receives(from: Identity, text: string): void {
    this.#events.message(from, text);
  }
}

/** A microphone or camera. */
export class FakeTrack {
  readonly kind: string;
  stopped = false;

  constructor(kind: string) {
    this.kind = kind;
  }

  stop(): void {
    this.stopped = true;
  }
}

/** The platform of a phone: the browser of the app's tests, and a user agent. */
export class PhoneWorld implements PhonePlatform {
  readonly #world = new World('phone');
  readonly url = this.#world.url;
  readonly memory = memory();
  readonly session = memory();
  readonly seen = this.#world.seen;
  readonly sounds = this.#world.sounds;
  readonly copied = this.#world.copied;
  readonly alerts = this.#world.alerts;
  readonly copy = this.#world.copy;
  readonly now = this.#world.now;
  readonly after = this.#world.after;
  readonly operator = null;
  webrtc = true;
  fragment = '';
  readonly agents: FakeAgent[] = [];
  readonly tracks: FakeTrack[] = [];
  /** What is wrong with a device, if anything. */
  readonly problems: { microphone?: CaptureProblem; camera?: CaptureProblem } = {};
  /** Makes streams. Render tests need ones that a video element takes. */
  newStream: () => MediaStream = () => ({}) as MediaStream;

  get notified() {
    return this.#world.notified;
  }

  get marked(): boolean {
    return this.#world.marked;
  }

  get awake(): boolean {
    return this.#world.awake;
  }

  get warns(): boolean {
    return this.#world.warns;
  }

  readonly stayAwake = (awake: boolean): void => this.#world.stayAwake(awake);
  readonly warnOnLeave = (warn: boolean): void => this.#world.warnOnLeave(warn);

  pass(seconds: number): void {
    this.#world.pass(seconds);
  }

  takeFragment(): string {
    return this.fragment;
  }

  openUserAgent(account: Account, events: UserAgentEvents): FakeAgent {
    const agent = new FakeAgent(account, events, () => this.newStream());
    this.agents.push(agent);
    return agent;
  }

  /** The user agent of whoever is signed in. */
  get agent(): FakeAgent {
    const agent = this.agents.at(-1);
    if (agent === undefined) throw new Error('nobody is signed in');
    return agent;
  }

  async capture(kind: 'microphone' | 'camera'): Promise<MediaStreamTrack> {
    const problem = this.problems[kind];
    if (problem !== undefined) throw new CaptureError(problem);
    const track = new FakeTrack(kind === 'microphone' ? 'audio' : 'video');
    this.tracks.push(track);
    return track as unknown as MediaStreamTrack;
  }

  stream(): MediaStream {
    return this.newStream();
  }
}
