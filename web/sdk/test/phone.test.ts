import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Room } from '../src/room.ts';
import type { Member } from '../src/signalling/protocol.ts';
import { Connection, connections, joinsWith, sockets, stubBrowser } from './browser.ts';

const phone: Member = { id: 'p', name: 'Phone', order: 1, may: ['microphone', 'camera'], sip: true };

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

test('a phone gets no messages', async () => {
  room = await joinsWith(phone);
  connection().agrees();
  await expect(room.send('hello')).rejects.toThrow('Not sent to Phone.');
});
