import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MediaTimeout } from '../src/connection/media-timeout.ts';
import { OwnStall } from '../src/connection/own-stall.ts';
import { aliceJoinsBob, type Connection, connections, sockets, stubBrowser } from './browser.ts';

describe('a timeout', () => {
  /** What is reported at these times, when the last packet has arrived at `last`. */
  const reports = (silence: MediaTimeout, last: number, times: readonly number[]) =>
    times.map((at) => silence.update(last + 1, at));

  test('is reported a second after the last packet, and every 8 seconds while it lasts', () => {
    const silence = new MediaTimeout();
    silence.update(1, 0);
    expect(reports(silence, 0, [500, 999, 1000])).toEqual([null, null, 'begins']);
    expect(silence.expired).toBe(true);
    const times = Array.from({ length: 16 }, (_, second) => 2000 + second * 1000);
    const lasting = times.filter((at) => silence.update(1, at) === 'lasts');
    expect(lasting).toEqual([9000, 17_000]);
  });

  test('is over with the next packet, and another one is reported', () => {
    const silence = new MediaTimeout();
    silence.update(1, 0);
    expect(silence.update(1, 1000)).toBe('begins');
    expect(silence.update(2, 1500)).toBe(null);
    expect(silence.expired).toBe(false);
    expect(reports(silence, 1, [2000, 2499, 2500])).toEqual([null, null, 'begins']);
  });

  test('does not begin before the first packet', () => {
    const silence = new MediaTimeout();
    expect([0, 1000, 2000].map((at) => silence.update(0, at))).toEqual([null, null, null]);
  });

  test('does not begin with an update that is late: our own page was blocked', () => {
    const silence = new MediaTimeout();
    silence.update(1, 0);
    expect(reports(silence, 0, [1500, 2400, 2500])).toEqual([null, null, 'begins']);
  });
});

test('an update is late if it comes later than it may, and the first one never is', () => {
  const stall = new OwnStall(100);
  expect([5000, 5100, 5201, 5250].map((at) => stall.update(at))).toEqual([false, false, true, false]);
});

describe('in a call', () => {
  let now = 0;

  beforeEach(() => {
    stubBrowser();
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
    now = 10_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    vi.spyOn(console, 'warn').mockReturnValue();
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  /** Time passes; `arrives` is what comes over the path meanwhile: media that is played, or bytes only. */
  async function pass(ms: number, connection: Connection, arrives: 'media' | 'bytes' | 'nothing'): Promise<void> {
    for (let gone = 0; gone < ms; gone += 50) {
      now += 50;
      sockets[0]?.says({ type: 'pong' }); // the broker is there
      if (arrives !== 'nothing') connection.bytesReceived += 1000;
      for (const transceiver of connection.transceivers) if (arrives === 'media') transceiver.playedAt = now;
      await vi.advanceTimersByTimeAsync(50);
    }
  }

  /** No timer runs, though time passes and bytes arrive. */
  function block(ms: number, connection: Connection): void {
    now += ms;
    connection.bytesReceived += 50_000;
  }

  async function connected(
    media = { microphone: 'on', camera: 'on' },
  ): Promise<{ readonly connection: Connection; readonly leave: () => void }> {
    const room = await aliceJoinsBob();
    const [connection] = connections;
    if (connection === undefined) throw new Error('no connection was made');
    await vi.advanceTimersByTimeAsync(1); // our offer
    const answer = { kind: 'answer', number: 1, ufrag: 'u', sdp: 'a=ice-ufrag:u\r\n' };
    const data = JSON.stringify({ link: 1, to: null, about: { description: answer } });
    sockets[0]?.says({ type: 'signalled', from: 'b', n: 1, data });
    await vi.advanceTimersByTimeAsync(1);
    connection.agrees();
    connection.iceConnectionState = 'connected';
    connection.channels[0]?.says({ frame: 'media', media: { ...media, screen: 'none' } });
    await pass(3000, connection, 'media');
    return { connection, leave: () => room.leave() };
  }

  const made = (): number => connections.filter((each) => each.transceivers.length > 0).length;

  test('a page that is blocked for 1.5 s twice restarts nothing and keeps its connection', async () => {
    const { connection, leave } = await connected();
    for (let time = 0; time < 2; time += 1) {
      block(1500, connection);
      await pass(400, connection, 'bytes'); // played late
      await pass(1600, connection, 'media');
    }
    await pass(5000, connection, 'media');
    expect([connection.restarts, made(), connection.connectionState]).toEqual([0, 1, 'connected']);
    leave();
  });

  test('a path on which bytes arrive is alive, though nothing is played', async () => {
    const { connection, leave } = await connected();
    await pass(12_000, connection, 'bytes');
    expect([connection.restarts, made()]).toEqual([0, 1]);
    leave();
  });

  test('a dead path is looked for again within 1.6 s, and the connection is replaced only 8 s later', async () => {
    const { connection, leave } = await connected();
    await pass(1600, connection, 'nothing');
    expect([connection.restarts, made()]).toEqual([1, 1]);
    expect(console.warn).toHaveBeenCalledWith(expect.stringContaining('restarting ICE'));
    await pass(7000, connection, 'nothing');
    expect([connection.restarts, made()]).toEqual([1, 1]);
    await pass(2000, connection, 'nothing');
    expect([connection.connectionState, made()]).toEqual(['closed', 2]);
    leave();
  });

  test.each([
    { microphone: 'muted', camera: 'off' },
    { microphone: 'none', camera: 'on' },
  ])('a path is also looked for again where only one of the two was sent: %j', async (media) => {
    const { connection, leave } = await connected(media);
    await pass(1600, connection, 'nothing');
    expect(connection.restarts).toBe(1);
    leave();
  });

  test('a path to somebody who says that their camera is on, and has none, is looked for again too', async () => {
    const { connection, leave } = await connected();
    connection.transceivers.splice(1);
    await pass(1000, connection, 'media');
    await pass(1600, connection, 'nothing');
    expect(connection.restarts).toBe(1);
    leave();
  });

  test('a path whose last bytes came after the last picture is looked for again half a second after those', async () => {
    const { connection, leave } = await connected();
    await pass(250, connection, 'media');
    await pass(750, connection, 'bytes'); // until the statistics are read
    await pass(450, connection, 'nothing');
    expect(connection.restarts).toBe(0);
    await pass(150, connection, 'nothing');
    expect(connection.restarts).toBe(1);
    leave();
  });
});
