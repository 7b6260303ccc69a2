import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Room } from '../src/room.ts';
import { aliceJoinsBob, connections, joinsWith, sockets, stubBrowser } from './browser.ts';

let room: Room;

beforeEach(stubBrowser);

afterEach(() => {
  room.leave();
  vi.unstubAllGlobals();
});

/** How many signals went through the server, and how many over the data channel. */
const byServer = (): number => (sockets[0]?.sent ?? []).filter((text) => text.includes('"type":"signal"')).length;
const byChannel = (): number =>
  (connections[0]?.channels[0]?.sent ?? []).filter((frame) => Reflect.get(Object(frame), 'frame') === 'words').length;

const gathers = (): void => connections[0]?.onicecandidate?.({ candidate: { candidate: 'candidate:1', sdpMid: '0' } });

describe('a signal', () => {
  beforeEach(async () => {
    room = await aliceJoinsBob();
    await new Promise((done) => setTimeout(done)); // our offer
    expect(byServer()).toBe(1);
  });

  test('goes through the server, also while the peer is connected', () => {
    connections[0]?.agrees();
    gathers();
    expect([byServer(), byChannel()]).toEqual([2, 0]);
  });

  test('goes over the data channel while the server is away', () => {
    connections[0]?.agrees();
    sockets[0]?.onclose?.();
    gathers();
    expect([byServer(), byChannel()]).toEqual([1, 1]);
  });
});

test.each([
  ['b', 0],
  ['A', 1],
])('of two who arrived in the same moment the one with the later id gives way: to %s %i', async (id, taken) => {
  const bob = { id, name: 'Bob', order: 2 };
  room = await joinsWith(bob);
  await new Promise((done) => setTimeout(done)); // our offer, which is on its way when theirs arrives
  const description = { kind: 'offer', number: 1, ufrag: 'u', sdp: 'a=ice-ufrag:u\r\n' };
  const data = JSON.stringify({ link: 1, to: null, about: { description } });
  sockets[0]?.says({ type: 'signalled', from: id, n: 1, data });
  await new Promise((done) => setTimeout(done));
  expect(connections[0]?.taken).toBe(taken);
});

test('new STUN and TURN servers are shown, and used by the connections that there are', async () => {
  room = await aliceJoinsBob();
  const iceServers = [{ urls: ['turn:turn.example'], username: 'u', credential: 'c' }];
  sockets[0]?.says({ type: 'ice-servers', iceServers });
  expect(room.iceServers.current).toEqual(iceServers);
  expect(connections[0]?.configuration.iceServers).toEqual(iceServers);
});
