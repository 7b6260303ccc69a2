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
  /** Audio of that level arrives. */
  async function plays(level: number, ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 10) {
      for (const transceiver of connection.transceivers) {
        transceiver.packetsReceived += 1;
        transceiver.totalSamplesDuration += 0.01;
        if (transceiver.totalAudioEnergy !== undefined) transceiver.totalAudioEnergy += level ** 2 * 0.01;
      }
      await pass(10);
    }
  }

  beforeEach(async () => {
    connection.agrees();
    media('on');
    await plays(0, 1000);
  });

  test('is shown within 200 ms, and half a second longer than they are heard', async () => {
    await plays(0.5, 200);
    expect(peer.speaking.current).toBe(true);
    await plays(0, 400);
    expect(peer.speaking.current).toBe(true);
    await plays(0, 500);
    expect(peer.speaking.current).toBe(false);
  });

  test('is shown for a sound as short as a syllable, whenever it comes', async () => {
    for (let start = 0; start < 200; start += 20) {
      await plays(0, 1000 + start);
      expect(peer.speaking.current).toBe(false);
      await plays(0.2, 20);
      await plays(0, 200);
      expect(peer.speaking.current).toBe(true);
    }
  });

  test('is not shown any more once they mute their microphone', async () => {
    await plays(0.5, 200);
    expect(peer.speaking.current).toBe(true);
    media('muted');
    await plays(0.5, 200);
    expect(peer.speaking.current).toBe(false);
  });

  test('is not shown in a browser that does not tell how loud they are, and the call goes on there', async () => {
    for (const transceiver of connection.transceivers) transceiver.totalAudioEnergy = undefined;
    await plays(0.5, 3000);
    expect([peer.speaking.current, peer.connection.current.state, connection.restarts]).toEqual([false, 'direct', 0]);
  });

  test('costs one reading at a time, however slow the browser is', async () => {
    let begun = 0;
    for (const { receiver } of connection.transceivers) {
      vi.spyOn(receiver, 'getStats').mockImplementation(() => {
        begun += 1;
        return new Promise(() => undefined);
      });
    }
    await pass(3000);
    expect(begun).toBe(1);
  });

  test('is read five times a second from one receiver, and half as often once muted', async () => {
    const readings = connection.transceivers.map(({ receiver }) => vi.spyOn(receiver, 'getStats'));
    const counted = (): number => readings.reduce((sum, { mock }) => sum + mock.calls.splice(0).length, 0);
    connection.channels[0]?.says({ frame: 'media', media: { microphone: 'on', camera: 'on', screen: 'none' } });
    await plays(0, 2000);
    expect(counted()).toBe(10);
    media('muted');
    await plays(0, 2000);
    expect(counted()).toBe(5);
  });
});
