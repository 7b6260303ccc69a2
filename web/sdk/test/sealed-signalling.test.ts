import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SealedSignalling } from '../src/signalling/sealed-signalling.ts';
import type { SignallingEvent } from '../src/signalling/session.ts';
import { Seal } from '../src/signalling/signal-encryption.ts';

/** Encryption takes long on a busy machine. */
const PATIENT = { timeout: 15_000 };

/** The browser's socket: the broker, which may lie, is the test. */
class Socket {
  static readonly OPEN = 1;
  readonly readyState = Socket.OPEN;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  readonly sent: string[] = [];

  constructor() {
    sockets.push(this);
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {}
}

let sockets: Socket[] = [];

beforeEach(() => {
  sockets = [];
  vi.stubGlobal('WebSocket', Socket);
});

afterEach(() => vi.unstubAllGlobals());

const SECRET = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Alice has asked for a seat. */
async function asking(): Promise<{ broker: SealedSignalling; socket: Socket; heard: SignallingEvent[] }> {
  const heard: SignallingEvent[] = [];
  const door = { url: new URL('http://localhost/'), room: 'tea', pass: null, owner: null };
  const broker = new SealedSignalling(door, SECRET, null, (event) => heard.push(event));
  const [socket] = sockets;
  if (socket === undefined) throw new Error('no socket');
  socket.onopen?.();
  broker.join('Alice');
  await vi.waitFor(() => expect(socket.sent.some((text) => text.includes('"join"'))).toBe(true), PATIENT);
  return { broker, socket, heard };
}

test.each(['leaves him out of the roster', 'shows another name for him'])(
  'a signal of Bob is not delivered twice, whether or not a server %s meanwhile',
  async (lie) => {
    const { socket, heard } = await asking();
    const card = JSON.parse(socket.sent.find((text) => text.includes('"join"')) ?? '{}').name as string;
    const bob = await Seal.of(SECRET, 'tea');
    const mine = await bob.openCard(card);
    const his = await bob.sealCard({ nonce: bob.nonce, name: 'Bob' });
    const alice = { id: 'alice-alice', name: card, order: 1 };
    const members = [alice, { id: 'bob-bob-bob', name: his, order: 2 }];
    const joined = {
      type: 'joined',
      you: alice.id,
      iceServers: [],
      resume: 'x',
      seatSeconds: 30,
      heard: 0,
      gap: false,
    };
    socket.says({ ...joined, roster: { version: 1, members, complete: true } });
    const ends = [
      { id: 'bob-bob-bob', nonce: bob.nonce },
      { id: alice.id, nonce: mine?.nonce ?? '' },
    ] as const;
    const said = await bob.sealSignal('hello', ends[0], ends[1], 1);
    const count = (): number => heard.filter((event) => event.type === 'signalled').length;
    socket.says({ type: 'signalled', from: 'bob-bob-bob', n: 1, data: said });
    await vi.waitFor(() => expect(count()).toBe(1), PATIENT);
    const without = lie.startsWith('leaves') ? [alice] : [alice, { id: 'bob-bob-bob', name: 'Mallory', order: 2 }];
    socket.says({ type: 'roster', version: 2, members: without, complete: true });
    socket.says({ type: 'roster', version: 3, members, complete: true });
    socket.says({ type: 'signalled', from: 'bob-bob-bob', n: 2, data: said });
    socket.says({
      type: 'signalled',
      from: 'bob-bob-bob',
      n: 3,
      data: await bob.sealSignal('bye', ends[0], ends[1], 2),
    });
    await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ signalled: { data: 'bye' } }), PATIENT);
    expect(count()).toBe(2);
  },
);

test.each(['cancels joining', 'leaves'])(
  'nothing is emitted to a page that %s while an event is being decrypted',
  async (how) => {
    const { broker, socket, heard } = await asking();
    const seat = {
      type: 'joined',
      you: 'alice-alice',
      iceServers: [],
      resume: 'x',
      seatSeconds: 30,
      heard: 0,
      gap: false,
    };
    const opening = vi.spyOn(Seal.prototype, 'openCard');
    const mallory = { id: 'mallory-mal', name: 'Mallory', order: 2 };
    socket.says({ ...seat, roster: { version: 1, members: [mallory], complete: true } });
    if (how === 'leaves') broker.leave();
    else broker.cancelJoin();
    await vi.waitFor(() => expect(opening).toHaveBeenCalled(), PATIENT);
    await opening.mock.results[0]?.value;
    await new Promise((done) => setTimeout(done)); // what follows from that has been done
    broker.leave();
    opening.mockRestore();
    expect(socket.sent.at(-1)).toBe('{"type":"leave"}');
    expect(heard.map(({ type }) => type)).not.toContain('joined');
    if (how !== 'leaves') expect(heard.at(-1)).toEqual({ type: 'state', state: 'away' });
  },
);

test('a signal is encrypted for a known member, and is not sent to strangers', async () => {
  const { broker, socket, heard } = await asking();
  const bob = await Seal.of(SECRET, 'tea');
  const his = await bob.sealCard({ nonce: bob.nonce, name: 'Bob' });
  const card = JSON.parse(socket.sent.find((text) => text.includes('"join"')) ?? '{}').name as string;
  const alice = { id: 'alice-alice', name: card, order: 1 };
  const mallory = { id: 'mallory-mal', name: 'Mallory', order: 3 };
  const members = [alice, { id: 'bob-bob-bob', name: his, order: 2 }, mallory];
  const seat = { you: alice.id, iceServers: [], resume: 'x', seatSeconds: 30, heard: 0, gap: false };
  socket.says({ type: 'joined', ...seat, roster: { version: 1, members, complete: true } });
  await vi.waitFor(() => expect(heard.at(-1)?.type).toBe('joined'), PATIENT);
  expect(heard.at(-1)).toMatchObject({
    joined: { roster: { members: [{ name: 'Alice' }, { name: 'Bob' }, { name: '' }] } },
  });
  expect([broker.signal(mallory.id, 'hello'), broker.signal('bob-bob-bob', 'hello')]).toEqual([true, true]);
  expect(broker.signal('bob-bob-bob', 'bye')).toBe(true);
  const signals = (): { to: string; data: string }[] =>
    socket.sent.map((text) => JSON.parse(text)).filter(({ type }) => type === 'signal');
  await vi.waitFor(() => expect(signals().length).toBe(2), PATIENT);
  expect(new Set(signals().map(({ to }) => to))).toEqual(new Set(['bob-bob-bob']));
  const mine = { id: alice.id, nonce: (await bob.openCard(card))?.nonce ?? '' };
  const end = { id: 'bob-bob-bob', nonce: bob.nonce };
  const opened = [];
  for (const { data } of signals()) opened.push(await bob.openSignal(data, mine, end, opened.length));
  expect(opened).toEqual([
    { text: 'hello', count: 1 },
    { text: 'bye', count: 2 },
  ]);
  broker.leave();
});

test('nothing is sent to a member who has left', async () => {
  const { broker, socket, heard } = await asking();
  const bob = await Seal.of(SECRET, 'tea');
  const card = JSON.parse(socket.sent.find((text) => text.includes('"join"')) ?? '{}').name as string;
  const alice = { id: 'alice-alice', name: card, order: 1 };
  const members = [alice, { id: 'bob-bob-bob', name: await bob.sealCard({ nonce: bob.nonce, name: 'Bob' }), order: 2 }];
  const seat = { you: alice.id, iceServers: [], resume: 'x', seatSeconds: 30, heard: 0, gap: false };
  socket.says({ type: 'joined', ...seat, roster: { version: 1, members, complete: true } });
  socket.says({ type: 'roster', version: 2, members: [alice], complete: true });
  await vi.waitFor(() => expect(heard.at(-1)?.type).toBe('roster'), PATIENT);
  broker.signal('bob-bob-bob', 'hello');
  socket.says({ type: 'roster', version: 3, members, complete: true });
  await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ roster: { version: 3 } }), PATIENT);
  broker.signal('bob-bob-bob', 'welcome back');
  const signals = (): { data: string }[] =>
    socket.sent.map((text) => JSON.parse(text)).filter(({ type }) => type === 'signal');
  await vi.waitFor(() => expect(signals().length).toBeGreaterThan(0), PATIENT);
  const mine = { id: alice.id, nonce: (await bob.openCard(card))?.nonce ?? '' };
  const opened = await bob.openSignal(signals()[0]?.data ?? '', mine, { id: 'bob-bob-bob', nonce: bob.nonce }, 0);
  expect(opened).toEqual({ text: 'welcome back', count: 1 });
  broker.leave();
});

test('a signal that would be too long after encryption is not sent', async () => {
  const { broker } = await asking();
  const longest = Math.floor(((61_440 - 256) * 3) / 4) - 36;
  expect([broker.signal('b', 'x'.repeat(longest)), broker.signal('b', 'x'.repeat(longest + 1))]).toEqual([true, false]);
  broker.leave();
});

test('a host sees the names of people who knock, and an empty name for somebody without the secret', async () => {
  const { broker, socket, heard } = await asking();
  const carol = await Seal.of(SECRET, 'tea');
  const card = await carol.sealCard({ nonce: carol.nonce, name: 'Carol' });
  const waiting = [
    { id: 'k1', name: card },
    { id: 'k2', name: 'Mallory' },
  ];
  socket.says({ type: 'knocks', waiting });
  await vi.waitFor(() => expect(heard.at(-1)?.type).toBe('knocks'), PATIENT);
  expect(heard.at(-1)).toMatchObject({
    waiting: [
      { id: 'k1', name: 'Carol' },
      { id: 'k2', name: '' },
    ],
  });
  broker.leave();
});
