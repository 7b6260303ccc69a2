import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseMessage } from '../src/chat/messages.ts';
import type { Room } from '../src/room.ts';
import type { Member } from '../src/signalling/protocol.ts';
import { alice, Connection, connections, joinsWith, roster, sockets, stubBrowser } from './browser.ts';

const phone: Member = { id: 'p', name: 'Phone', order: 3, may: ['microphone', 'camera'], sip: true };

let room: Room;

beforeEach(stubBrowser);

afterEach(() => {
  room.leave();
  vi.unstubAllGlobals();
});

/** The connection to the phone. */
const connection = (): Connection => connections.at(-1) ?? new Connection();

test('a connection to a phone has no data channels, and may do without BUNDLE', async () => {
  room = await joinsWith(phone);
  expect(connection().channels).toEqual([]);
  expect(connection().configuration.bundlePolicy).toBe('balanced');
  sockets[0]?.says({ type: 'ice-servers', iceServers: [] });
  expect(connection().configuration.bundlePolicy).toBe('balanced');
});

test('what a phone sends is seen by what arrives', async () => {
  room = await joinsWith(phone);
  const [peer] = room.peers.current;
  const media: string[] = [];
  peer?.media.subscribe(({ microphone, camera }) => media.push(`${microphone} ${camera}`));
  const tracks = connection().transceivers.map(({ receiver }) => receiver.track);
  for (const track of tracks) track.muted = true;
  connection().agrees();
  for (const track of tracks.slice(0, 2)) track.mutes(false);
  tracks[1]?.mutes(true);
  expect([media[0], media.at(-2), media.at(-1)]).toEqual(['none none', 'on on', 'on none']);
});

const line = { kind: 'chat', id: '1', clock: 1, at: 1, revision: 0, text: 'hello', reply: null, to: null };

test('a phone gets lines of the chat as text by signalling, and nothing else', async () => {
  room = await joinsWith(phone);
  connection().agrees();
  await room.send(line);
  const signals = (sockets[0]?.sent ?? []).map((text) => JSON.parse(text)).filter(({ type }) => type === 'signal');
  const about = signals.map(({ to, data }) => [to, JSON.parse(data).about]);
  expect(about).toContainEqual(['p', { text: 'hello' }]);
  await expect(room.send({ ...line, revision: 1 })).rejects.toThrow('Not sent to Phone.');
  await expect(room.send('hello')).rejects.toThrow('Not sent to Phone.');
});

test('what somebody writes on a phone is a line of the chat', async () => {
  room = await joinsWith(phone);
  const arrived: unknown[] = [];
  room.onMessage((from, message) => arrived.push([from.id, parseMessage(message, from)]));
  const data = JSON.stringify({ link: 1, to: null, about: { text: 'hello' } });
  sockets[0]?.says({ type: 'signalled', from: 'p', n: 1, data });
  expect(arrived).toEqual([['p', { kind: 'chat', line: expect.objectContaining({ text: 'hello', author: 'p' }) }]]);
});

test('text by signalling from a browser is ignored', async () => {
  room = await joinsWith({ ...phone, sip: false });
  const arrived: unknown[] = [];
  room.onMessage((_, message) => arrived.push(message));
  const data = JSON.stringify({ link: 1, to: null, about: { text: 'hello' } });
  sockets[0]?.says({ type: 'signalled', from: 'p', n: 1, data });
  expect(arrived).toEqual([]);
});

test('a phone talks to the member who was there before it, and to nobody who joins later', async () => {
  room = await joinsWith({ ...phone, order: 1 });
  expect(room.peers.current).toEqual([]);
  expect(room.phones.current.map(({ name }) => name)).toEqual(['Phone']);
});

test('a phone takes no files', async () => {
  room = await joinsWith(phone);
  expect(() => room.peers.current[0]?.sendFile(new File(['x'], 'x.txt'))).toThrow('A phone takes no files.');
});

test('a phone that the room has called gets an offer at once; one that has called makes its own', async () => {
  for (const called of [true, false]) {
    room = await joinsWith({ ...phone, called });
    const here = { ...phone, id: 'p2', order: 4, called };
    sockets.at(-1)?.says({ ...roster(phone, alice, here), version: 9 });
    expect(connection().transceivers.length > 0).toBe(called);
    if (called) {
      room.leave();
      vi.unstubAllGlobals();
      stubBrowser();
    }
  }
});

test('a call to a phone is followed to its end, and can be ended', async () => {
  room = await joinsWith(phone);
  const sent = (): unknown[] => (sockets[0]?.sent ?? []).map((text) => JSON.parse(text));
  const { phoneCalls } = room;
  expect(phoneCalls.current.current).toBeNull();
  phoneCalls.hangUp();
  phoneCalls.call('bob');
  expect(sent().at(-1)).toEqual({ type: 'call-phone', user: 'bob' });
  sockets[0]?.says({ type: 'phone-call', user: 'bob', state: 'ringing' });
  expect(phoneCalls.current.current?.state).toBe('ringing');
  phoneCalls.hangUp();
  expect(sent().at(-1)).toEqual({ type: 'hang-up-phone', user: 'bob' });
  sockets[0]?.says({ type: 'phone-call', user: 'bob', state: 'ended', why: 'cancelled' });
  const before = sent().length;
  phoneCalls.hangUp();
  expect(sent()).toHaveLength(before);
});

test('a phone that could not join is reported', async () => {
  room = await joinsWith(phone);
  const refused: unknown[] = [];
  const stop = room.phoneCalls.onRefused((one) => refused.push([one.name, one.why]));
  sockets[0]?.says({ type: 'phone-refused', name: 'Bob', why: 'sealed' });
  stop();
  sockets[0]?.says({ type: 'phone-refused', name: 'Bob', why: 'sealed' });
  expect(refused).toEqual([['Bob', 'sealed']]);
});
