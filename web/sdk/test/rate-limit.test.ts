import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FloodDetector, FrameLimit } from '../src/connection/rate-limit.ts';
import type { Room } from '../src/room.ts';
import { alice, aliceJoinsBob, bob, type Channel, connections, roster, sockets, stubBrowser } from './browser.ts';

describe('the limit for frames', () => {
  const taken = (limit: FrameLimit, count: number, now: number, characters = 1): number =>
    Array.from({ length: count }, () => limit.take(characters, now)).filter(Boolean).length;

  test('takes 1000 at once, then 200 a second, and never saves up more than 1000', () => {
    const limit = new FrameLimit(1000);
    expect(taken(limit, 2000, 0)).toBe(1000);
    expect(taken(limit, 2000, 1000)).toBe(200);
    expect(taken(limit, 2000, 60_000)).toBe(1000);
  });

  test('takes 4 Mi characters at once, then 1 Mi a second', () => {
    const limit = new FrameLimit(128 * 1024);
    expect(taken(limit, 100, 0, 128 * 1024)).toBe(32);
    expect(taken(limit, 100, 1000, 128 * 1024)).toBe(8);
  });

  test('takes no frame that is too large, and it uses nothing up', () => {
    const limit = new FrameLimit(1000);
    expect(taken(limit, 5000, 0, 1001)).toBe(0);
    expect(taken(limit, 2000, 0)).toBe(1000);
  });

  test('takes more for what was earned, but never more than 1000 at once', () => {
    const limit = new FrameLimit(1000);
    taken(limit, 1000, 0);
    limit.earn(7);
    expect(taken(limit, 100, 0)).toBe(7);
    limit.earn(1_000_000);
    expect(taken(limit, 2000, 0)).toBe(1000);
  });

  test('is no larger when the clock goes back', () => {
    const limit = new FrameLimit(1000);
    taken(limit, 1000, 5000);
    expect(taken(limit, 10, 0)).toBe(0);
    expect(taken(limit, 1000, 6000)).toBe(200);
  });
});

test('somebody floods from the 200th dropped frame on, until 10 seconds after the last one', async () => {
  vi.useFakeTimers();
  const detector = new FloodDetector();
  const drop = (count: number): void => {
    for (let dropped = 0; dropped < count; dropped += 1) detector.dropped();
  };
  drop(199);
  expect(detector.flooding.current).toBe(false);
  drop(1);
  expect(detector.flooding.current).toBe(true);
  await vi.advanceTimersByTimeAsync(6000);
  drop(1);
  await vi.advanceTimersByTimeAsync(9990);
  expect(detector.flooding.current).toBe(true);
  await vi.advanceTimersByTimeAsync(20);
  expect(detector.flooding.current).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  drop(199);
  expect(detector.flooding.current).toBe(false);
  vi.useRealTimers();
});

describe('a peer who sends too much', () => {
  let room: Room;
  let channel: Channel | undefined;
  const heard: unknown[] = [];

  beforeEach(async () => {
    vi.useFakeTimers();
    stubBrowser();
    heard.length = 0;
    room = await aliceJoinsBob();
    connections[0]?.agrees();
    [channel] = connections[0]?.channels ?? [];
    room.onMessage((_, message) => heard.push(message));
  });

  afterEach(() => {
    room.leave();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const message = (n: number): void => channel?.says({ frame: 'message', n, data: n });
  const receipts = (): number =>
    (channel?.sent ?? []).filter((frame) => (frame as { frame: string }).frame === 'got').length;

  test('has what is above the limit dropped without a receipt, is shown as flooding, and is heard again later', async () => {
    for (let n = 1; n <= 1100; n += 1) message(n);
    expect([heard.length, receipts(), room.peers.current[0]?.flooding.current]).toEqual([1000, 1000, false]);
    for (let n = 1101; n <= 1200; n += 1) message(n);
    expect([heard.length, room.peers.current[0]?.flooding.current]).toEqual([1000, true]);
    await vi.advanceTimersByTimeAsync(10_100);
    message(1201);
    expect([heard.at(-1), room.peers.current[0]?.flooding.current]).toEqual([1201, false]);
  });

  test('has room for receipts of what we sent', async () => {
    for (let sent = 0; sent < 250; sent += 1) void room.send(sent).catch(() => undefined);
    const sent = (channel?.sent ?? []).filter((frame) => (frame as { frame: string }).frame === 'message');
    expect(sent).toHaveLength(250);
    for (const frame of sent) channel?.says({ frame: 'got', n: (frame as { n: number }).n });
    for (let n = 1; n <= 1000; n += 1) message(n);
    expect(heard).toHaveLength(1000);
    for (let n = 0; n < 300; n += 1) channel?.says({ frame: 'got', n: 1 }); // for nothing
    expect(room.peers.current[0]?.flooding.current).toBe(true);
  });

  test('is not what we become: our own messages above it are rejected', async () => {
    const codes = new Set<string>();
    for (let sent = 0; sent < 800; sent += 1) {
      void room.send(sent).catch((error: { code: string }) => codes.add(error.code));
      const [last] = (channel?.sent ?? []).slice(-1) as { n: number }[];
      channel?.says({ frame: 'got', n: last?.n });
    }
    await vi.advanceTimersByTimeAsync(1);
    const sent = (channel?.sent ?? []).filter((frame) => (frame as { frame: string }).frame === 'message');
    expect([sent.length, [...codes]]).toEqual([750, ['too-fast']]);
  });

  test('has other data channels closed, and floods by opening them', () => {
    let closed = 0;
    const open = (): void => connections[0]?.ondatachannel?.({ channel: { close: () => (closed += 1) } });
    for (let opened = 0; opened < 200; opened += 1) open();
    expect([closed, room.peers.current[0]?.flooding.current]).toEqual([200, true]);
  });

  test('can be ignored: the connection is closed, and none is made while they keep their seat', () => {
    room.peers.current[0]?.ignore();
    expect([room.peers.current, connections[0]?.connectionState]).toEqual([[], 'closed']);
    message(1);
    sockets[0]?.says(roster(bob, alice));
    expect([room.peers.current, heard]).toEqual([[], []]);
    sockets[0]?.says(roster({ ...bob, id: 'b2' }, alice));
    expect(room.peers.current.map(({ id }) => id)).toEqual(['b2']);
  });
});
