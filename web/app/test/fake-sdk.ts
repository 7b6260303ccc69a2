/**
 * For looking at the page without a network: `vite build --mode fake` replaces the SDK with this.
 * `?scene=five,chat,muted` in the address sets the scene.
 */
import type * as sdk from '@eyeline/sdk';
import { chatLine, direct, FakeLobby, FakeMedia, FakePeer, FakeRoom, looking, refusal } from './fakes';

const scene = new Set((new URLSearchParams(location.search).get('scene') ?? '').split(','));
const longName = 'Wolfeschlegelsteinhausenbergerdorff-Bartholomäus von Hohenzollern';
const names = scene.has('long')
  ? [longName.slice(0, 64), 'Ada', longName.slice(0, 64), 'Dave', 'Erin']
  : scene.has('rtl')
    ? ['מירב בן־דוד', 'ليلى عبد الرحمن', 'דן (DJ)', 'Erin', 'Frank']
    : ['Bob', 'Carol', 'Dave', 'Erin', 'Frank'];
const counts: { readonly [word: string]: number } = { one: 0, two: 1, three: 2, four: 3, five: 4, six: 5 };
const others = Object.entries(counts).find(([word]) => scene.has(word))?.[1] ?? 0;

/** A person made of a few shapes, moving a little. */
function picture(name: string): MediaStream {
  if (name === '') return new MediaStream();
  const canvas = document.createElement('canvas');
  const upright = scene.has('upright') && name !== 'You';
  [canvas.width, canvas.height] = upright ? [540, 960] : [960, 600];
  const pen = canvas.getContext('2d');
  const hue = [...name].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0) * 47, 0) % 360;
  const draw = () => {
    if (pen === null) return;
    const { width, height } = canvas;
    const middle = width / 2 + Math.sin(performance.now() / 900) * 8;
    pen.fillStyle = `hsl(${hue} 28% 32%)`;
    pen.fillRect(0, 0, width, height);
    const oval = (color: string, y: number, rx: number, ry: number) => {
      pen.fillStyle = color;
      pen.beginPath();
      pen.ellipse(middle, y, rx, ry, 0, 0, 7);
      pen.fill();
    };
    oval(`hsl(${hue + 140} 30% 38%)`, height + 40, 250, 190);
    oval('#33271c', 220, 118, 140);
    oval('#cf9f84', 265, 98, 128);
  };
  draw();
  setInterval(draw, 50);
  return canvas.captureStream(20);
}

/** A shared screen: a page of text and a chart. `tall` is a window in portrait format. */
function shared(title: string): MediaStream {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = scene.has('tall') ? [900, 1200] : [1920, 1080];
  const pen = canvas.getContext('2d');
  const draw = () => {
    if (pen === null) return;
    const { width, height } = canvas;
    pen.fillStyle = '#fdfcf9';
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#14171b';
    pen.font = '600 64px Inter, sans-serif';
    pen.fillText(title, 96, 168);
    pen.fillStyle = '#5a6068';
    pen.font = '30px Inter, sans-serif';
    for (let line = 0; line < 8; line += 1) {
      pen.fillText('The boat comes in at four, and leaves again at half past six.', 96, 260 + line * 52);
    }
    for (let bar = 0; bar < 12; bar += 1) {
      const high = 60 + 220 * Math.abs(Math.sin(bar * 0.7 + performance.now() / 4000));
      pen.fillStyle = bar === 7 ? '#0f9d76' : '#dcd6ca';
      pen.fillRect(96 + bar * 80, height - 90 - high, 52, high);
    }
  };
  draw();
  setInterval(draw, 100);
  return canvas.captureStream(10);
}

Object.defineProperty(MediaDevices.prototype, 'getDisplayMedia', {
  configurable: true,
  ...(scene.has('phone') ? { value: undefined } : { value: async () => shared('Mine') }),
});

export class LocalMedia extends FakeMedia {
  constructor() {
    super(picture);
    const problem = scene.has('denied')
      ? 'denied'
      : scene.has('insecure')
        ? 'insecure'
        : scene.has('missing')
          ? 'missing'
          : null;
    this.problem = {
      camera: problem ?? (scene.has('busy') ? 'busy' : null),
      microphone: scene.has('nomic') ? 'missing' : problem,
    };
    if (!scene.has('silent')) setInterval(() => this.level.set(0.35 + 0.2 * Math.sin(performance.now() / 300)), 50);
  }

  override async start(wish: Parameters<sdk.LocalMedia['start']>[0] = {}): Promise<void> {
    const { camera, microphone } = this.problem;
    await super.start({
      ...wish,
      ...(scene.has('muted') ? { microphone: false } : {}),
      ...(scene.has('dark') ? { camera: false } : {}),
    });
    if (camera !== null && microphone !== null) this.devices.set({ microphones: [], cameras: [], speakers: [] });
  }
}

function people(): FakePeer[] {
  const peers = names.slice(0, others).map((name, index) => new FakePeer(name, picture(name), `p${index}`));
  const [bob, carol, dave, erin] = peers;
  bob?.speaking.set(!scene.has('quiet'));
  if (scene.has('lost')) bob?.connection.set({ ...direct, state: 'lost', roundTripMs: null });
  if (scene.has('relayed'))
    bob?.connection.set({ ...direct, state: 'relayed', path: 'relay', roundTripMs: 148, localType: 'relay' });
  if (scene.has('six-address'))
    bob?.connection.set({ ...direct, localAddress: '[2001:db8:1234:5678:9abc:def0:1234:5678]:54321' });
  for (const peer of peers) peer.safety.set(safetyOf(peer === bob));
  if (scene.has('looking')) bob?.connection.set(looking);
  if (scene.has('looking')) bob?.media.set({ microphone: 'on', camera: 'none', screen: 'none' });
  if (scene.has('nocam')) bob?.media.set({ microphone: 'muted', camera: 'off', screen: 'none' });
  if (scene.has('blocked')) blocked(bob);
  carol?.connection.set({ ...direct, roundTripMs: 41 });
  dave?.media.set({ microphone: 'muted', camera: 'on', screen: 'none' });
  dave?.connection.set({ ...direct, state: 'relayed', path: 'relay', roundTripMs: 87 });
  if (scene.has('audio')) {
    bob?.videoLimit.set(0);
    bob?.media.set({ microphone: 'on', camera: 'off', screen: 'none' });
  }
  if (scene.has('saver')) for (const peer of peers) peer.videoLimit.set(180);
  if (others > 3) erin?.media.set({ microphone: 'on', camera: 'off', screen: 'none' });
  return peers;
}

const emoji = [
  ['🦔', 'hedgehog'],
  ['🍍', 'pineapple'],
  ['🎈', 'balloon'],
  ['⛵', 'sailboat'],
] as const;

function safetyOf(first: boolean): sdk.Safety {
  if (first && scene.has('between')) return { state: 'failed' };
  if (first && scene.has('comparing')) return { state: 'comparing' };
  return { state: 'ready', emoji, identity: first && (scene.has('verified') || scene.has('changed')) ? 'b0b' : null };
}

/** People we verified before. */
if (scene.has('verified') || scene.has('changed')) {
  const identity = scene.has('verified') ? 'b0b' : 'another';
  localStorage.setItem('eyeline:verified', JSON.stringify([{ identity, name: 'Bob' }]));
}

function blocked(bob: FakePeer | undefined): void {
  const relays = [{ url: 'turns:a', transport: 'tls', port: 443 }] as const;
  const tried = [
    { kind: 'same-network', outcome: 'silent', relays: [] },
    { kind: 'relay', outcome: 'silent', relays },
  ] as const;
  bob?.connection.set({ ...looking, verdict: 'network-blocked', tried });
  bob?.media.set({ microphone: 'none', camera: 'none', screen: 'none' });
}

function talk(room: FakeRoom, [bob, carol]: readonly FakePeer[]): void {
  let clock = 0;
  const hear = (from: FakePeer | undefined, text: string, at: number, more = {}) => {
    clock += 1;
    if (from !== undefined) room.hear(from, chatLine(text, Date.now() + at, { clock, ...more }));
  };
  const say = (from: FakePeer | undefined, text: string) => hear(from, text, 0);
  setTimeout(() => say(bob, 'The boat comes in at four, can you see the pier from there?'), 300);
  setTimeout(() => say(carol ?? bob, 'Got the first half already.'), 400);
  setTimeout(() => say(bob, `https://example.org/${'averylongword'.repeat(12)}`), 500);
  const first = `${bob?.id}/The boat comes in at four, can you see the pier from there?`.slice(0, 64 + 3);
  const line = (text: string, at: number, more = {}) => hear(bob, text, at, more);
  if (scene.has('rich'))
    setTimeout(() => line('Yes! Run `eyeline serve --port 8443` and open the link.', 600, { reply: first }), 600);
  if (scene.has('rich')) setTimeout(() => line('Between us: I am late.', 700, { to: 'me' }), 700);
  if (scene.has('typing')) setInterval(() => bob && room.hear(bob, { kind: 'chat-typing' }), 1000);
  const many = () => {
    for (let n = 0; n < 10_000; n += 1) line(`Line ${n}, ${'and on '.repeat(n % 9)}`, n - 20_000, { id: `${n}` });
  };
  if (scene.has('many')) setTimeout(many, 700);
  if (scene.has('hostile')) setTimeout(() => say(bob, '<img src=x onerror=alert(1)> \u0000\u0007 \u202Edesrever'), 600);
}

const servers: readonly sdk.IceServer[] = [
  { urls: ['stun:meet.example:3478'] },
  { urls: ['turn:meet.example:3478?transport=udp', 'turns:meet.example:443?transport=tcp'] },
];

function roomOf(name: string, me: string): FakeRoom {
  const room = new FakeRoom(name, me);
  const peers = people();
  room.peers.set(peers);
  if (!scene.has('no-relay')) room.iceServers.set(servers);
  if (scene.has('open')) room.signallingEncrypted = false;
  if (scene.has('ending')) room.endsAt.set(Date.now() + 4 * 60_000);
  if (scene.has('watcher')) room.permissions.set(new Set());
  if (scene.has('reader')) room.permissions.set(new Set(['microphone']));
  if (scene.has('strangers')) room.strangers.set([{ id: 'mallory1', name: '', order: 9 }]);
  if (scene.has('host')) room.moderation.role.set('host');
  if (scene.has('cohost')) room.moderation.role.set('co-host');
  if (scene.has('knocks'))
    room.moderation.knocks.set([
      { id: 'k1', name: 'Grace' },
      { id: 'k2', name: '' },
      { id: 'k3', name: longName.slice(0, 64) },
    ]);
  if (scene.has('asked')) setTimeout(() => room.moderation.ask('p0'), 300);
  if (scene.has('screen') || scene.has('screens')) {
    setTimeout(() => peers[0]?.screen.set(shared('Times of the boats')), 300);
  }
  if (scene.has('screens')) setTimeout(() => peers[1]?.screen.set(shared('Harbour map')), 800);
  if (scene.has('coming-screen')) peers[0]?.screen.set(new MediaStream());
  if (scene.has('away')) {
    room.signalling.set('away');
    room.moderation.available.set(false);
  }
  if (scene.has('chat') || scene.has('talk')) talk(room, peers);
  if (scene.has('undelivered')) {
    setTimeout(() => room.peers.set(peers.slice(1)), 3000);
  }
  if (scene.has('sending') || scene.has('undelivered')) {
    for (const peer of peers) peer.delivery = () => new Promise(() => {});
  }
  if (scene.has('coming')) setTimeout(() => room.peers.set([...peers, new FakePeer('Zoe', picture('Zoe'))]), 1500);
  for (const code of ['replaced', 'seat-gone'])
    if (scene.has(code)) setTimeout(() => room.ended.set(refusal(code)), 300);
  Object.assign(window, { room });
  return room;
}

export function openLobby({ room }: Parameters<typeof sdk.openLobby>[0]): sdk.Lobby {
  const lobby = new FakeLobby(room);
  lobby.members.set(names.slice(0, others).map((name, index) => ({ id: `p${index}`, name, order: index })));
  lobby.answer = async (name) => roomOf(room, name);
  if (scene.has('watcher')) lobby.permissions.set(new Set());
  if (scene.has('reader')) lobby.permissions.set(new Set(['microphone']));
  if (scene.has('connecting')) lobby.members.set(null);
  if (scene.has('connecting')) lobby.signalling.set('connecting');
  if (scene.has('unreachable')) lobby.signalling.set('away');
  if (scene.has('full')) lobby.capacity.set(others);
  if (scene.has('full')) lobby.answer = () => Promise.reject(refusal('room-full'));
  if (scene.has('waiting')) {
    lobby.answer = () => {
      lobby.waiting.set(true);
      return new Promise(() => {});
    };
  }
  if (scene.has('joining')) lobby.answer = () => new Promise(() => {});
  return lobby;
}

export async function rejoin({ room }: Parameters<typeof sdk.rejoin>[0]): Promise<sdk.Room | null> {
  if (scene.has('returning')) return new Promise(() => {});
  return scene.has('noseat') ? null : roomOf(room, 'Alice');
}

const slowly = <T>(answer: T) => new Promise<T>((resolve) => setTimeout(() => resolve(answer), 400));

export const probeStun = (): Promise<sdk.StunAnswer> =>
  slowly(scene.has('blocked') ? { found: 'silent' } : { found: 'answer', address: '203.0.113.7' });

export const probeTurn = ({ urls: [url = ''] }: sdk.IceServer): Promise<sdk.TurnAnswer> =>
  slowly(url.startsWith('turns') || scene.has('well') ? { found: 'passes', roundTripMs: 31 } : { found: 'silent' });

export { Conversation } from '../../sdk/src/chat/conversation';
export { resumable } from '../../sdk/src/files/chunks';
export { folderOf } from '../../sdk/src/files/tree';

export { ownedRoomName } from '../../sdk/src/signalling/signal-encryption';
