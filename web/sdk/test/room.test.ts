import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { join } from '../src/lobby.ts';
import type { Member, Roster } from '../src/protocol.ts';
import type { Room } from '../src/room.ts';

/** The browser's sockets: what the broker says is said by the test. */
class Socket {
  static readonly OPEN = 1;
  readonly readyState = Socket.OPEN;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;

  constructor() {
    sockets.push(this);
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  send(): void {}
  close(): void {}
}

/** The browser's connections: they come up and fail when the test says so. */
class Connection {
  connectionState: RTCPeerConnectionState = 'new';
  /** How many descriptions of the other side's were taken. */
  taken = 0;
  readonly iceConnectionState = 'new';
  readonly localDescription = null;
  remoteDescription: object | null = null;
  onconnectionstatechange: (() => void) | null = null;

  constructor() {
    connections.push(this);
  }

  is(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  createDataChannel(): object {
    return { readyState: 'connecting' };
  }

  getStats = async (): Promise<Map<string, unknown>> => new Map();
  getTransceivers = (): readonly never[] => [];
  getReceivers = (): readonly never[] => [];
  addTransceiver(): void {}
  setConfiguration(): void {}
  async setLocalDescription(): Promise<void> {}
  async setRemoteDescription(): Promise<void> {
    this.taken += 1;
    this.remoteDescription = {};
  }
  close(): void {}
}

const sockets: Socket[] = [];
const connections: Connection[] = [];

beforeEach(() => {
  sockets.length = 0;
  connections.length = 0;
  vi.stubGlobal('WebSocket', Socket);
  vi.stubGlobal('RTCPeerConnection', Connection);
  vi.stubGlobal(
    'MediaStream',
    class {
      getTracks = (): readonly never[] => [];
    },
  );
});

let room: Room;

afterEach(() => {
  room.leave();
  vi.unstubAllGlobals();
});

const alice: Member = { id: 'a', name: 'Alice', order: 2 };
const bob: Member = { id: 'b', name: 'Bob', order: 1 };

function roster(...members: readonly Member[]): Roster {
  return { type: 'roster', version: 3 - members.length, complete: true, members };
}

async function aliceJoinsBob(): Promise<void> {
  const joining = join({ url: 'https://eyeline.example/', room: 'tea', name: 'Alice' });
  sockets[0]?.onopen?.();
  const seat = { you: 'a', resume: 'token', heard: 0, gap: false, iceServers: [], roster: roster(bob, alice) };
  sockets[0]?.says({ type: 'joined', ...seat });
  room = await joining;
}

const names = (): readonly string[] => room.peers.current.map((peer) => peer.name);

test('somebody whom we are connected to is kept when the broker no longer knows them', async () => {
  await aliceJoinsBob();
  connections[0]?.is('connected');
  sockets[0]?.says(roster(alice));
  expect(names()).toEqual(['Bob']);
});

test('and gone as soon as the connection is, too', async () => {
  await aliceJoinsBob();
  connections[0]?.is('connected');
  sockets[0]?.says(roster(alice));
  connections[0]?.is('failed');
  expect(names()).toEqual([]);
});

test('somebody whom we are not connected to goes with their seat', async () => {
  await aliceJoinsBob();
  expect(names()).toEqual(['Bob']);
  sockets[0]?.says(roster(alice));
  expect(names()).toEqual([]);
});

let n = 0;

/** Bob's link says something by the broker; `to` is the link of ours that it answers to. */
async function bobOffers(link: number, to: number | null = null): Promise<void> {
  const sdp = `a=ice-ufrag:u${link}\r\n`;
  const about = { description: { kind: 'offer', number: 1, ufrag: `u${link}`, sdp } };
  n += 1;
  sockets[0]?.says({ type: 'signalled', from: 'b', n, data: JSON.stringify({ link, to, about }) });
  await new Promise((done) => setTimeout(done));
}

const taken = (): readonly number[] => connections.map((connection) => connection.taken);

test('a new link of theirs is met with a new one of ours', async () => {
  await aliceJoinsBob();
  await bobOffers(1);
  expect(taken()).toEqual([1]);
  await bobOffers(2);
  expect(taken()).toEqual([1, 1]);
});

test('words from a link that they gave up, or for one that we gave up, are dropped', async () => {
  await aliceJoinsBob();
  await bobOffers(2);
  await bobOffers(1);
  await bobOffers(3, 7);
  expect(taken()).toEqual([1]);
});

test('whoever makes links without end gets five in ten seconds', async () => {
  await aliceJoinsBob();
  for (let link = 1; link <= 20; link += 1) await bobOffers(link);
  expect(connections.length).toBe(1 + 5);
});

test('a call that ends at a time says when, by our own clock, and anew each time that we come back', async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
  await aliceJoinsBob();
  expect(room.ends.current).toBe(null);
  const seat = { you: 'a', resume: 'token', heard: 0, gap: false, iceServers: [], roster: roster(bob, alice) };
  sockets[0]?.says({ type: 'joined', ...seat, endsInMs: 60_000 });
  expect(room.ends.current).toBe(1_060_000);
  vi.useRealTimers();
});

test('whose time is up is out for good', async () => {
  await aliceJoinsBob();
  sockets[0]?.says({ type: 'refused', code: 'time-up', message: 'The time of this call is up.' });
  expect(room.ended.current?.code).toBe('time-up');
  expect(names()).toEqual([]);
});
