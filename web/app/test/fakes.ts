/** A fake SDK without a network or a camera: tests say what happens in it. */
import type * as sdk from '@eyeline/sdk';
import { PERMISSIONS } from '../../sdk/src/signalling/protocol';
import { Source } from '../../sdk/src/value';

export type MakeStream = (name: string) => MediaStream;

export function refusal(code: string, message = code): sdk.EyelineError {
  return Object.assign(new Error(message), { code, name: 'EyelineError' }) as sdk.EyelineError;
}

/** A chat message as it's sent over the wire. */
export function chatLine(text: string, at: number, more: { readonly [key: string]: sdk.Json } = {}): sdk.Json {
  return { kind: 'chat', id: text.slice(0, 64), clock: at, at, revision: 0, text, reply: null, to: null, ...more };
}

export const direct: sdk.ConnectionStatus = {
  state: 'direct',
  path: 'direct',
  tried: [
    { kind: 'same-network', outcome: 'silent', relays: [] },
    { kind: 'relay', outcome: 'ready', relays: [] },
  ],
  verdict: null,
  roundTripMs: 23,
  localAddress: '203.0.113.7:4711',
  remoteAddress: '198.51.100.4:50012',
  localType: 'srflx',
  remoteType: 'srflx',
  protocol: 'udp',
  video: { width: 1280, height: 720, framesPerSecond: 30, kbitPerSecond: 1600 },
  packetLoss: 0.001,
  packetLossSent: 0,
};

export const looking: sdk.ConnectionStatus = {
  ...direct,
  state: 'looking',
  path: null,
  tried: [],
  roundTripMs: null,
  localAddress: null,
  remoteAddress: null,
  localType: null,
  remoteType: null,
  protocol: null,
  video: null,
  packetLoss: null,
  packetLossSent: null,
};

const everything: sdk.Permissions = new Set(PERMISSIONS);

export class FakePeer implements sdk.Peer {
  readonly id: string;
  readonly name: string;
  readonly stream: MediaStream;
  readonly media = new Source<sdk.PeerMedia>({ microphone: 'on', camera: 'on', screen: 'none' });
  readonly connection = new Source<sdk.ConnectionStatus>(direct);
  readonly speaking = new Source(false);
  readonly videoLimit = new Source<number | null>(null);
  readonly role = new Source<sdk.Role>('member');
  readonly screen = new Source<MediaStream | null>(null);
  readonly safety = new Source<sdk.Safety>({ state: 'comparing' });
  permissions: sdk.Permissions = everything;
  readonly flooding = new Source(false);
  sip = false;
  ignored = false;

  constructor(name: string, stream: MediaStream, id = name.toLowerCase()) {
    this.id = id;
    this.name = name;
    this.stream = stream;
  }

  retried = 0;

  readonly sent: sdk.Json[] = [];

  /** How sending the next message ends. */
  delivery: () => Promise<void> = () => Promise.resolve();

  send(message: sdk.Json): Promise<void> {
    this.sent.push(message);
    return this.delivery();
  }

  reconnect(): void {
    this.retried += 1;
  }

  ignore(): void {
    this.ignored = true;
  }

  readonly offered: FakeTransfer[] = [];
  readonly #asked = new Set<(file: sdk.IncomingFile) => void>();

  sendFile(file: File, options: sdk.SendFileOptions = {}): FakeTransfer {
    const { id = `${this.id}-${this.offered.length}`, preview = '', ...more } = options;
    const transfer = new FakeTransfer({ id, name: file.name, size: file.size, preview, ...more });
    this.offered.push(transfer);
    return transfer;
  }

  onFile(listener: (file: sdk.IncomingFile) => void): () => void {
    this.#asked.add(listener);
    return () => this.#asked.delete(listener);
  }

  get listeners(): number {
    return this.#asked.size;
  }

  /** They offer a file. */
  offers(name: string, size: number, id = `from-${this.id}-${name}`, entries?: readonly sdk.FileEntry[]): FakeTransfer {
    const transfer = new FakeTransfer({ id, name, size, preview: '', ...(entries && { entries }) });
    for (const listener of this.#asked) listener(transfer);
    return transfer;
  }
}

/** A file transfer that tests drive. */
export class FakeTransfer implements sdk.IncomingFile {
  readonly offer: sdk.FileOffer;
  readonly progress = new Source<sdk.FileProgress>({ state: 'asked', bytes: 0, code: '', paused: 'no' });
  accepted = false;
  kept: sdk.StoredChunks | undefined;
  readBack: sdk.ReadBack | undefined;

  constructor(offer: sdk.FileOffer) {
    this.offer = offer;
  }

  now(news: Partial<sdk.FileProgress>): void {
    this.progress.set({ ...this.progress.current, ...news });
  }

  accept(_to: WritableStream<Uint8Array<ArrayBuffer>>, kept?: sdk.StoredChunks, readBack?: sdk.ReadBack): void {
    this.accepted = true;
    this.kept = kept;
    this.readBack = readBack;
    this.now({ state: 'running' });
  }

  decline(code: 'declined' | 'no-room' = 'declined'): void {
    this.now({ state: 'stopped', code });
  }

  pause(): void {
    this.now({ paused: 'here' });
  }

  resume(): void {
    this.now({ paused: 'no' });
  }

  cancel(): void {
    this.now({ state: 'stopped', code: 'cancelled' });
  }
}

export class FakeHosting implements sdk.Moderation {
  readonly available = new Source(true);
  /** Whether new rules come back in a roster. */
  answers = true;
  readonly role = new Source<sdk.Role>('member');
  readonly rules = new Source<Required<sdk.Rules>>({ entry: 'open', files: true, history: true, screens: true });
  readonly knocks = new Source<readonly sdk.Knock[]>([]);
  readonly orders: (readonly unknown[])[] = [];
  readonly #asked = new Set<(from: string) => void>();

  setRules(rules: sdk.Rules): void {
    this.#order('govern', rules);
    if (this.answers) this.rules.set({ ...this.rules.current, ...rules });
  }

  admit(knock: sdk.Knock): void {
    this.#answer('admit', knock);
  }

  deny(knock: sdk.Knock): void {
    this.#answer('deny', knock);
  }

  remove(id: string): void {
    this.#order('remove', id);
  }

  setRole(id: string, role: 'co-host' | 'member'): void {
    this.#order('appoint', id, role);
  }

  askToMute(id: string): void {
    this.#order('mute', id);
  }

  end(): void {
    this.#order('end');
  }

  onAskedToMute(listener: (from: string) => void): () => void {
    this.#asked.add(listener);
    return () => this.#asked.delete(listener);
  }

  /** A host asks us to mute. */
  ask(from: string): void {
    for (const listener of this.#asked) listener(from);
  }

  #answer(order: string, knock: sdk.Knock): void {
    this.#order(order, knock.id);
    this.knocks.set(this.knocks.current.filter((one) => one.id !== knock.id));
  }

  #order(...order: readonly unknown[]): void {
    if (!this.available.current) throw refusal('unreachable');
    this.orders.push(order);
  }
}

export class FakePhoneCalls implements sdk.PhoneCalls {
  readonly server = new Source<sdk.Phones | null>(null);
  readonly current = new Source<sdk.PhoneCallStatus | null>(null);
  /** Whether the server is there. */
  available = true;
  readonly commands: string[] = [];
  readonly #listeners = new Set<(refused: sdk.RefusedPhone) => void>();

  call(user: string): void {
    this.#command(`call ${user}`);
  }

  hangUp(): void {
    this.#command('hang up');
  }

  onRefused(listener: (refused: sdk.RefusedPhone) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The call to this user goes on. */
  goes(user: string, state: sdk.PhoneCallStatus['state'], why?: sdk.PhoneCallStatus['why']): void {
    this.current.set({ user, state, ...(why && { why }) });
  }

  /** A phone calls in, and can't join. */
  refuse(name: string, why: sdk.RefusedPhone['why']): void {
    for (const listener of this.#listeners) listener({ name, why });
  }

  #command(command: string): void {
    if (!this.available) throw refusal('unreachable');
    this.commands.push(command);
  }
}

export class FakeRoom implements sdk.Room {
  readonly name: string;
  readonly me: sdk.Member;
  readonly peers = new Source<readonly FakePeer[]>([]);
  signallingEncrypted = true;
  readonly moderation = new FakeHosting();
  readonly phoneCalls = new FakePhoneCalls();
  readonly strangers = new Source<readonly sdk.Member[]>([]);
  readonly phones = new Source<readonly sdk.Member[]>([]);
  readonly signalling = new Source<sdk.SignallingState>('connected');
  readonly waiting = new Source(false);
  readonly permissions = new Source(everything);
  readonly ended = new Source<sdk.EyelineError | null>(null);
  readonly endsAt = new Source<number | null>(null);
  readonly iceServers = new Source<readonly sdk.IceServer[]>([]);
  readonly sent: sdk.Json[] = [];
  readonly published: (MediaStream | null)[] = [];
  readonly limits: (number | null)[] = [];
  readonly screen = new Source<MediaStream | null>(null);
  readonly #listeners = new Set<(from: sdk.Peer, message: sdk.Json) => void>();

  constructor(name: string, me: string, id = 'me') {
    this.name = name;
    this.me = { id, name: me, order: 0 };
  }

  /** What was said of the camera last. */
  cameraFailed = false;

  publish(stream: MediaStream | null, { cameraFailed = false } = {}): void {
    this.published.push(stream);
    this.cameraFailed = cameraFailed;
  }

  limitVideo(maxHeight: number | null): void {
    this.limits.push(maxHeight);
  }

  shareScreen(stream: MediaStream | null): void {
    this.screen.set(this.ended.current === null ? stream : null);
  }

  send(message: sdk.Json): Promise<void> {
    this.sent.push(message);
    return Promise.resolve();
  }

  onMessage(listener: (from: sdk.Peer, message: sdk.Json) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  hear(from: sdk.Peer, message: sdk.Json): void {
    for (const listener of this.#listeners) listener(from, message);
  }

  leave(): void {
    this.screen.set(null);
    this.ended.set(refusal('left'));
  }
}

export class FakeLobby implements sdk.Lobby {
  readonly room: string;
  readonly signalling = new Source<sdk.SignallingState>('connected');
  readonly members = new Source<readonly sdk.Member[] | null>([]);
  readonly strangers = new Source(0);
  readonly permissions = new Source(everything);
  readonly entry = new Source<'open' | 'knock' | 'locked'>('open');
  readonly waiting = new Source(false);
  hidden = false;
  readonly capacity = new Source<number | null>(6);
  readonly refused = new Source<sdk.EyelineError | null>(null);
  prepared = 0;
  left = false;
  /** How the next attempt to join ends. */
  answer: (name: string) => Promise<FakeRoom> = async (name) => new FakeRoom(this.room, name);

  constructor(room: string) {
    this.room = room;
  }

  hideAddress(hide: boolean): void {
    this.hidden = hide;
  }

  prepare(): void {
    this.prepared += 1;
  }

  join({ name }: { readonly name: string }): Promise<sdk.Room> {
    return this.answer(name);
  }

  leave(): void {
    this.left = true;
  }
}

export const off: sdk.Device = { state: 'off', problem: null, id: null, label: null, facing: null };

export class FakeMedia implements Pick<sdk.LocalMedia, keyof sdk.LocalMedia> {
  readonly stream: Source<MediaStream>;
  readonly microphone = new Source<sdk.Device>(off);
  readonly camera = new Source<sdk.Device>(off);
  readonly devices = new Source<sdk.DeviceList>({ microphones: [], cameras: [], speakers: [] });
  readonly level = new Source(0);
  wish: Parameters<sdk.LocalMedia['start']>[0];
  stopped = false;
  /** How a device answers when it's started. */
  problem: { readonly microphone: sdk.Device['problem']; readonly camera: sdk.Device['problem'] } = {
    microphone: null,
    camera: null,
  };
  readonly #makeStream: MakeStream;

  constructor(makeStream: MakeStream) {
    this.#makeStream = makeStream;
    this.stream = new Source(makeStream(''));
  }

  async start(wish: Parameters<sdk.LocalMedia['start']>[0] = {}): Promise<void> {
    this.wish = wish;
    if (wish.microphone !== false) await this.setMicrophone(true);
    if (wish.camera !== false) await this.setCamera(true);
    this.devices.set({
      microphones: [{ id: 'built-in', label: 'Built-in microphone' }],
      cameras: [{ id: 'front', label: 'Front camera' }],
      speakers: [{ id: 'loud', label: 'Loudspeaker' }],
    });
  }

  async setMicrophone(on: boolean): Promise<void> {
    this.#set(this.microphone, on, this.problem.microphone, 'built-in');
  }

  async setCamera(on: boolean): Promise<void> {
    this.#set(this.camera, on, this.problem.camera, 'front');
    this.stream.set(this.#makeStream(on && this.problem.camera === null ? 'You' : ''));
  }

  readonly released: ('microphone' | 'camera')[] = [];

  async release(kind: 'microphone' | 'camera'): Promise<void> {
    this.released.push(kind);
    if (kind === 'camera') await this.setCamera(false);
    else await this.setMicrophone(false);
  }

  async choose(kind: 'microphone' | 'camera', deviceId: string): Promise<void> {
    this[kind].set({ ...this[kind].current, id: deviceId });
  }

  async flipCamera(): Promise<void> {
    const facing = this.camera.current.facing === 'environment' ? 'user' : 'environment';
    this.camera.set({ ...this.camera.current, facing, id: facing });
  }

  startsFound = true;

  setStartsFound(starts: boolean): void {
    this.startsFound = starts;
  }

  processing: sdk.AudioProcessing = {};
  /** Whether `process` works. */
  processes = true;

  async setAudioProcessing(processing: sdk.AudioProcessing): Promise<boolean> {
    this.processing = processing;
    return processing.process === undefined || this.processes;
  }

  readonly #listeners = new Set<(change: sdk.DeviceChange) => void>();

  onChange(listener: (change: sdk.DeviceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Devices change. */
  tell(change: sdk.DeviceChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  stop(): void {
    this.stopped = true;
  }

  #set(device: Source<sdk.Device>, on: boolean, problem: sdk.Device['problem'], id: string): void {
    if (!on) device.set({ ...off, id });
    else if (problem !== null) device.set({ ...off, state: 'failed', problem });
    else device.set({ ...off, state: 'on', id, label: id });
  }
}
