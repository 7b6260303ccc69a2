import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Peer } from '../src/peer.ts';
import type { Room } from '../src/room.ts';
import { aliceJoinsBob, type Connection, connections, stubBrowser } from './browser.ts';

let room: Room;
let peer: Peer;
let connection: Connection;

beforeEach(async () => {
  stubBrowser();
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockReturnValue();
  room = await aliceJoinsBob();
  [peer, connection] = [room.peers.current[0], connections[0]] as [Peer, Connection];
});

afterEach(() => {
  room.leave();
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const verdict = () => peer.connection.current.verdict;

test('a search for a path has a verdict after 12 s, and a new search starts without one', async () => {
  await pass(11_900);
  expect(verdict()).toBeNull();
  await pass(1100);
  expect(verdict()).toBe('no-candidates');
  peer.reconnect();
  expect(verdict()).toBeNull();
  await pass(11_900);
  expect(verdict()).toBeNull();
  await pass(1100);
  expect(verdict()).toBe('no-candidates');
});

describe('somebody who speaks', () => {
  const media = (microphone: string): void =>
    connection.channels[0]?.says({ frame: 'media', media: { microphone, camera: 'none', screen: 'none' } });
  const plays = (audioLevel: number): void => {
    for (const transceiver of connection.transceivers) Object.assign(transceiver, { audioLevel, playedAt: Date.now() });
  };

  beforeEach(() => connection.agrees());

  test('is shown within 150 ms, and half a second longer than they are heard', async () => {
    media('on');
    plays(0.5);
    await pass(150);
    expect(peer.speaking.current).toBe(true);
    plays(0);
    await pass(300);
    expect(peer.speaking.current).toBe(true);
    await pass(500);
    expect(peer.speaking.current).toBe(false);
  });

  test('is not shown any more once they mute their microphone', async () => {
    media('on');
    plays(0.5);
    await pass(150);
    media('muted');
    await pass(150);
    expect(peer.speaking.current).toBe(false);
  });

  test('is not shown in a browser that does not tell how loud they are, and the call goes on there', async () => {
    for (const { receiver } of connection.transceivers) receiver.getSynchronizationSources = undefined;
    media('on');
    await pass(3000);
    expect([peer.speaking.current, peer.connection.current.state, connection.restarts]).toEqual([false, 'direct', 0]);
  });
});
