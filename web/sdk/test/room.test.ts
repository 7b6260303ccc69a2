import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rootOf } from '../src/files/hash.ts';
import type { Room } from '../src/room.ts';
import { alice, aliceJoinsBob, bob, carol, connections, roster, sockets, stubBrowser } from './browser.ts';

beforeEach(stubBrowser);

let room: Room;

afterEach(() => {
  vi.useRealTimers();
  room.leave();
  vi.unstubAllGlobals();
});

const names = (): readonly string[] => room.peers.current.map((peer) => peer.name);

test('a connected peer stays when the server no longer lists them', async () => {
  room = await aliceJoinsBob();
  connections[0]?.is('connected');
  sockets[0]?.says(roster(alice));
  expect(names()).toEqual(['Bob']);
});

test('a connected peer is dropped when a host or the end of their pass has removed them', async () => {
  room = await aliceJoinsBob();
  connections[0]?.is('connected');
  sockets[0]?.says({ ...roster(alice), removed: ['b'] });
  expect(names()).toEqual([]);
  expect(connections[0]?.connectionState).toBe('closed');
});

test('a peer who is no longer listed goes with their connection', async () => {
  room = await aliceJoinsBob();
  connections[0]?.is('connected');
  sockets[0]?.says(roster(alice));
  connections[0]?.is('failed');
  expect(names()).toEqual([]);
});

test('a peer without a connection goes with their seat', async () => {
  room = await aliceJoinsBob();
  expect(names()).toEqual(['Bob']);
  sockets[0]?.says(roster(alice));
  expect(names()).toEqual([]);
});

let n = 0;

/** Bob's connection sends a signal; `to` is our connection that it answers. */
async function bobOffers(link: number, to: number | null = null): Promise<void> {
  const sdp = `a=ice-ufrag:u${link}\r\n`;
  const about = { description: { kind: 'offer', number: 1, ufrag: `u${link}`, sdp } };
  n += 1;
  sockets[0]?.says({ type: 'signalled', from: 'b', n, data: JSON.stringify({ link, to, about }) });
  await new Promise((done) => setTimeout(done));
}

const taken = (): readonly number[] => connections.map((connection) => connection.taken);

test('a new connection of theirs is answered by a new one of ours', async () => {
  room = await aliceJoinsBob();
  await bobOffers(1);
  expect(taken()).toEqual([1]);
  await bobOffers(2);
  expect(taken()).toEqual([1, 1]);
});

test('signals from or for a replaced connection are dropped', async () => {
  room = await aliceJoinsBob();
  await bobOffers(2);
  await bobOffers(1);
  await bobOffers(3, 7);
  expect(taken()).toEqual([1]);
});

test('a peer who reconnects endlessly gets five connections in ten seconds', async () => {
  room = await aliceJoinsBob();
  for (let link = 1; link <= 20; link += 1) await bobOffers(link);
  expect(connections.length).toBe(1 + 5);
});

test('a call with a set end has it by our own clock, updated each time that we come back', async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
  room = await aliceJoinsBob();
  expect(room.endsAt.current).toBe(null);
  const seat = { you: 'a', resume: 'token', heard: 0, gap: false, iceServers: [], roster: roster(bob, alice) };
  sockets[0]?.says({ type: 'joined', ...seat, endsInMs: 60_000 });
  expect(room.endsAt.current).toBe(1_060_000);
});

test('the others are told that a camera has failed, until something is published without saying so', async () => {
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  const [channel] = connections[0]?.channels ?? [];
  room.publish(null, { cameraFailed: true });
  const nothing = { microphone: 'none', camera: 'none', screen: 'none' };
  expect(channel?.sent.at(-1)).toEqual({ frame: 'media', media: { ...nothing, cameraFailed: true } });
  room.publish(null);
  expect(channel?.sent.at(-1)).toEqual({ frame: 'media', media: nothing });
});

test('a full channel fails its connection, and keeps nobody from leaving', async () => {
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  const [channel] = connections[0]?.channels ?? [];
  if (channel !== undefined) channel.full = true;
  room.publish(null);
  expect(connections.map((connection) => connection.connectionState)).toEqual(['closed', 'new']);
  connections[1]?.agrees();
  const [next] = connections[1]?.channels ?? [];
  if (next !== undefined) next.full = true;
  room.leave();
  expect(room.ended.current?.code).toBe('left');
  expect(warned).toHaveBeenCalledTimes(2);
  warned.mockRestore();
});

test('a channel in which 16 MiB wait fails its connection, also in a browser without that limit', async () => {
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  const [channel] = connections[0]?.channels ?? [];
  if (channel !== undefined) channel.bufferedAmount = 16 * 1024 * 1024;
  room.publish(null);
  expect(connections.length).toBe(1);
  if (channel !== undefined) channel.bufferedAmount += 1;
  room.publish(null);
  expect(connections.map((connection) => connection.connectionState)).toEqual(['closed', 'new']);
  warned.mockRestore();
});

const noSeat = (code: string): void => {
  sockets[0]?.says({ type: 'refused', code: 'seat-gone', message: 'Your seat is gone.' });
  sockets[0]?.says({ type: 'refused', code, message: 'This room is locked.' });
};

/** Alice is in the call with Bob, connected or not, and the broker was away for longer than it keeps a seat. */
const awayTooLong = async (connected: boolean): Promise<void> => {
  vi.useFakeTimers();
  room = await aliceJoinsBob();
  if (connected) connections[0]?.agrees();
  sockets[0]?.onclose?.();
  await vi.advanceTimersByTimeAsync(60_000);
  sockets.splice(0, sockets.length - 1); // the newest
  sockets[0]?.onopen?.();
};

test('when our seat is gone and the room locked, the call ends once no peer is connected', async () => {
  await awayTooLong(true);
  noSeat('locked');
  expect([room.ended.current, names()]).toEqual([null, ['Bob']]);
  connections[0]?.is('disconnected');
  await vi.advanceTimersByTimeAsync(9_999);
  expect(room.ended.current).toBe(null);
  await vi.advanceTimersByTimeAsync(1);
  expect(room.ended.current?.code).toBe('locked');
});

test('the call also ends when the last connected peer leaves or is lost', async () => {
  await awayTooLong(true);
  connections[0]?.is('disconnected');
  noSeat('locked');
  expect(room.ended.current).toBe(null);
  connections[0]?.is('connected');
  sockets[0]?.says(roster(bob, carol));
  expect(names()).toEqual(['Bob']); // whom nobody could introduce to us
  connections[0]?.channels[0]?.says({ frame: 'leave' });
  expect(room.ended.current?.code).toBe('locked');
});

test('the call ends at once if no peer is connected', async () => {
  await awayTooLong(false);
  noSeat('room-full');
  expect(room.ended.current?.code).toBe('room-full');
});

test('having to knock again after the seat is gone shows as waiting', async () => {
  await awayTooLong(true);
  sockets[0]?.says({ type: 'refused', code: 'seat-gone', message: 'Your seat is gone.' });
  sockets[0]?.says({ type: 'waiting' });
  expect(room.waiting.current).toBe(true);
  const seat = { you: 'a', resume: 'token', heard: 0, gap: false, iceServers: [], roster: roster(bob, alice) };
  sockets[0]?.says({ type: 'joined', ...seat });
  expect(room.waiting.current).toBe(false);
});

test('moderation is available only with a seat, and an order without one throws and is not sent later', async () => {
  await awayTooLong(true);
  const { moderation } = room;
  const removes = () => moderation.remove('b');
  const refused = expect.objectContaining({ code: 'unreachable' });
  expect(moderation.available.current).toBe(false);
  expect(removes).toThrow(refused); // the socket is open, but the seat isn't ours yet
  sockets[0]?.says({ type: 'refused', code: 'seat-gone', message: 'Your seat is gone.' });
  sockets[0]?.says({ type: 'waiting' });
  expect([room.signalling.current, moderation.available.current]).toEqual(['connected', false]);
  const seat = { you: 'a', resume: 'token', heard: 0, gap: false, iceServers: [], roster: roster(bob, alice) };
  sockets[0]?.says({ type: 'joined', ...seat });
  expect(moderation.available.current).toBe(true);
  expect(sockets[0]?.sent.some((text) => text.includes('"remove"'))).toBe(false);
  removes();
  expect(sockets[0]?.sent.at(-1)).toBe('{"type":"remove","peer":"b"}');
  sockets[0]?.onclose?.();
  expect(moderation.available.current).toBe(false);
  expect(removes).toThrow(refused);
});

test('a participant who loses their seat and gets another one is new to the others, and connects to them again', async () => {
  await awayTooLong(true);
  sockets[0]?.says({ type: 'refused', code: 'seat-gone', message: 'Your seat is gone.' });
  const members = roster(bob, { id: 'a-2', name: 'Alice', order: 9 });
  const seat = { you: 'a-2', resume: 'token', heard: 0, gap: false, iceServers: [], roster: members };
  sockets[0]?.says({ type: 'joined', ...seat });
  expect([names(), room.me.id, connections[0]?.connectionState]).toEqual([['Bob'], 'a-2', 'closed']);
  expect(connections.at(-1)?.connectionState).toBe('new');
});

test('a peer whose page unloads is lost until they are back, though the connection is up', async () => {
  vi.useFakeTimers();
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  await vi.advanceTimersByTimeAsync(1500);
  const line = room.peers.current[0]?.connection;
  expect(line?.current.state).toBe('direct');
  connections[0]?.channels[0]?.says({ frame: 'away' });
  await vi.advanceTimersByTimeAsync(3000);
  expect(line?.current.state).toBe('lost');
  await Promise.all([bobOffers(1), vi.advanceTimersByTimeAsync(1)]);
  await Promise.all([bobOffers(2), vi.advanceTimersByTimeAsync(1)]);
  connections[1]?.agrees();
  await vi.advanceTimersByTimeAsync(1500);
  expect(line?.current.state).toBe('direct');
});

test('a call whose time is up has ended for good', async () => {
  room = await aliceJoinsBob();
  sockets[0]?.says({ type: 'refused', code: 'time-up', message: 'The time of this call is up.' });
  expect(room.ended.current?.code).toBe('time-up');
  expect(names()).toEqual([]);
});

test('a connection that the other side closes is replaced at once', async () => {
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  connections[0]?.channels[0]?.closes();
  expect(connections.map((connection) => connection.connectionState)).toEqual(['closed', 'new']);
  connections[0]?.channels[0]?.closes(); // late news of the old one
  expect(connections.length).toBe(2);
  warned.mockRestore();
});

test('a channel for files that the other side closes takes its connection along', async () => {
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  connections[0]?.channels[1]?.closes();
  expect(connections.map((connection) => connection.connectionState)).toEqual(['closed', 'new']);
  warned.mockRestore();
});

test('a connection that a page closes as it unloads is not replaced', async () => {
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  connections[0]?.channels[0]?.says({ frame: 'away' });
  for (const channel of connections[0]?.channels ?? []) channel.closes();
  expect(connections.length).toBe(1);
});

test('our own connection that something has closed is replaced within a second, without an uncaught error', async () => {
  vi.useFakeTimers();
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  connections[0]?.close();
  await vi.advanceTimersByTimeAsync(1000);
  expect(connections.map((connection) => connection.connectionState)).toEqual(['closed', 'new']);
  warned.mockRestore();
});

test('gathering is retried with exponential backoff until a connection is up', async () => {
  vi.useFakeTimers();
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  room = await aliceJoinsBob();
  const wait = async (ms: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms);
    sockets[0]?.says(roster(bob, alice)); // the broker is there
  };
  await wait(3999);
  expect(warned).toHaveBeenCalledTimes(0);
  await wait(1);
  expect(warned).toHaveBeenCalledTimes(1);
  await wait(7999);
  expect(warned).toHaveBeenCalledTimes(1);
  await wait(1);
  expect(warned).toHaveBeenCalledTimes(2);
  const last = connections[2];
  last?.is('connected');
  last?.is('failed');
  room.peers.current[0]?.reconnect();
  await wait(3999);
  expect(warned).toHaveBeenCalledTimes(2);
  await wait(1);
  expect(warned).toHaveBeenCalledTimes(3);
  vi.useRealTimers();
  warned.mockRestore();
});

test('a channel for files in which the same bytes wait for 15 s fails its connection', async () => {
  vi.useFakeTimers();
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  connections[0]?.channels[1]?.opens();
  const [, files] = connections[0]?.channels ?? [];
  if (files !== undefined) files.bufferedAmount = 1000;
  await vi.advanceTimersByTimeAsync(14_000);
  expect(connections[0]?.connectionState).toBe('connected');
  await vi.advanceTimersByTimeAsync(3000);
  expect(connections[0]?.connectionState).toBe('closed');
  warned.mockRestore();
});

test('a channel for files that keeps sending is kept, though as many bytes wait in it each time', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  const [, files] = connections[0]?.channels ?? [];
  files?.opens();
  if (files !== undefined) files.bufferedAmount = 1000;
  const { offer } = room.peers.current[0]?.sendFile(new File([new Uint8Array(36 * 256 * 1024)], 'tea')) ?? {};
  const sent = (): number => (files?.sent ?? []).filter((message) => message instanceof Uint8Array).length;
  await vi.waitFor(() => expect(files?.sent).toHaveLength(1)); // the offer
  files?.says({ frame: 'from', id: offer?.id, next: 0, hash: await rootOf([]) });
  for (let next = 1; next <= 20; next += 1) {
    await vi.waitFor(() => expect(sent()).toBe(16 * (15 + next))); // of 16 KiB, a window ahead
    vi.advanceTimersByTime(1000);
    files?.says({ frame: 'have', id: offer?.id, next });
  }
  expect(connections[0]?.connectionState).toBe('connected');
});

const codeOf = async (sending: Promise<void> | undefined): Promise<string> =>
  sending?.then(
    () => 'sent',
    (error: { code: string }) => error.code,
  ) ?? 'nobody';

test('what JSON can not carry is rejected at once, and holds no place among the messages that wait', async () => {
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const peer = room.peers.current[0];
  for (const wrong of [undefined, () => 1, Symbol('x'), 1n, circle] as unknown as string[]) {
    expect([await codeOf(room.send(wrong)), await codeOf(peer?.send(wrong))]).toEqual(['not-json', 'not-json']);
  }
  const waiting = Array.from({ length: 256 }, (_, n) => codeOf(peer?.send(n)));
  expect(await codeOf(peer?.send('one more'))).toBe('too-fast');
  room.leave();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['gone']));
});

test('after leaving nothing can be sent', async () => {
  room = await aliceJoinsBob();
  const [peer] = room.peers.current;
  room.leave();
  expect([await codeOf(room.send('late')), await codeOf(peer?.send('late'))]).toEqual(['left', 'gone']);
});

test('a listener of messages that throws keeps them from nobody else', async () => {
  vi.stubGlobal('queueMicrotask', () => undefined);
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  const heard: unknown[] = [];
  room.onMessage(() => {
    throw new Error('a fault of the page');
  });
  room.onMessage((_, message) => heard.push(message));
  connections[0]?.channels[0]?.says({ frame: 'message', n: 1, data: 'hi' });
  expect(heard).toEqual(['hi']);
});

test('a message is delivered once and in order, and acknowledged each time', async () => {
  room = await aliceJoinsBob();
  connections[0]?.agrees();
  const heard: unknown[] = [];
  room.onMessage((_, message) => heard.push(message));
  const [channel] = connections[0]?.channels ?? [];
  for (const n of [1, 2, 2, 1, 3]) channel?.says({ frame: 'message', n, data: `message ${n}` });
  expect(heard).toEqual(['message 1', 'message 2', 'message 3']);
  const got = (channel?.sent ?? []).filter((frame) => (frame as { frame: string }).frame === 'got');
  expect(got.map((frame) => (frame as { n: number }).n)).toEqual([1, 2, 2, 1, 3]);
});

test('peers are listed in the order in which they arrived, whatever the order of the roster', async () => {
  room = await aliceJoinsBob();
  const dave = { id: 'd', name: 'Dave', order: 4 };
  sockets[0]?.says({ ...roster(dave, carol, alice, bob), version: 5 });
  expect(names()).toEqual(['Bob', 'Carol', 'Dave']);
});

test.each([
  ['is up and agreed on', { up: true, agreed: true }, ['connected']],
  ['is up while an answer is lacking', { up: true, agreed: false }, ['closed', 'new']],
  ['is not up', { up: false, agreed: true }, ['closed', 'new']],
])(
  'after coming back with a gap in the signals, a connection that %s is kept or replaced',
  async (_, { up, agreed }, after) => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    room = await aliceJoinsBob();
    await new Promise((done) => setTimeout(done)); // our offer
    const description = { kind: 'answer', number: 1, ufrag: 'u', sdp: 'a=ice-ufrag:u\r\n' };
    const data = JSON.stringify({ link: 1, to: null, about: { description } });
    if (agreed) sockets[0]?.says({ type: 'signalled', from: 'b', n: 1, data });
    await new Promise((done) => setTimeout(done));
    if (up) connections[0]?.agrees();
    const states = (): readonly string[] => connections.map(({ connectionState }) => connectionState);
    const seat = { you: 'a', resume: 'token', heard: 0, iceServers: [], roster: roster(bob, alice) };
    sockets[0]?.says({ type: 'joined', ...seat, gap: false });
    expect(states()).toEqual([up ? 'connected' : 'new']);
    sockets[0]?.says({ type: 'joined', ...seat, gap: true });
    expect(states()).toEqual(after);
    warned.mockRestore();
  },
);
