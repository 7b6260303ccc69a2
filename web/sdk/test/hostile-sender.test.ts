import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { FileConnection } from '../src/files/channel.ts';
import type { FileFrame } from '../src/files/frames.ts';
import { hashOf, hex } from '../src/files/hash.ts';
import { CHUNK_BYTES, FILE_BYTES_MAX, readOffer, TRANSFERS_MAX, WINDOW_CHUNKS } from '../src/files/offer.ts';
import { PeerTransfers } from '../src/files/peer-transfers.ts';
import { Swarm } from '../src/files/swarm.ts';
import type { IncomingFile } from '../src/files/transfer.ts';

type Data = string | ArrayBuffer;

/** Bob's end of the channel for files; the test is the sender. */
class Channel {
  readyState = 'open';
  bufferedAmount = 0;
  onmessage: (event: { readonly data: Data }) => void = () => undefined;
  readonly sent: FileFrame[] = [];

  send(data: string): void {
    this.sent.push(JSON.parse(data) as FileFrame);
  }

  receives(frame: { readonly frame: string; readonly [field: string]: unknown }, bytes = 0): void {
    this.onmessage({ data: JSON.stringify(frame) });
    if (bytes > 0) this.onmessage({ data: new ArrayBuffer(bytes) });
  }

  /** The codes with which Bob stopped transfers. */
  get stops(): string[] {
    return this.sent.flatMap((frame) => (frame.frame === 'stop' ? [frame.code] : []));
  }
}

let channel: Channel;
let offered: IncomingFile[];
let dropped: number;
let swarm: Swarm;

/** Bob's transfers with somebody, over that channel. */
function transfersWith(peerId: string, files: Channel): PeerTransfers {
  const transfers = new PeerTransfers(peerId, swarm, true, () => {
    dropped += 1;
  });
  transfers.attach({ connection: { sctp: null }, files } as unknown as FileConnection);
  return transfers;
}

beforeEach(() => {
  [channel, offered, dropped, swarm] = [new Channel(), [], 0, new Swarm()];
  const transfers = transfersWith('mallory', channel);
  transfers.onFile((file) => offered.push(file));
});

const idOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const offer = (n: number, size: number) => ({ frame: 'offer', id: idOf(n), name: 'a', size, preview: '' }) as const;

describe('a sender', () => {
  test('of more chunks than the window is stopped', async () => {
    channel.receives(offer(0, 100 * CHUNK_BYTES));
    offered[0]?.accept(new WritableStream());
    const send = (index: number): void =>
      channel.receives({ frame: 'chunk', id: idOf(0), index, hash: '' }, CHUNK_BYTES);
    for (let index = 0; index <= WINDOW_CHUNKS; index += 1) send(index);
    expect(channel.stops).toEqual([]);
    send(WINDOW_CHUNKS + 1);
    expect(channel.stops).toEqual(['wrong-size']);
    await vi.waitFor(() => expect(offered[0]?.progress.current.state).toBe('stopped'));
  });

  test('has 64 open offers at most, and another one when one of these is over', () => {
    for (let n = 0; n < 64; n += 1) channel.receives(offer(n, 1));
    expect([TRANSFERS_MAX, offered.length, channel.stops]).toEqual([64, 64, []]);
    channel.receives(offer(64, 1));
    expect([offered.length, channel.stops]).toEqual([64, ['too-many']]);
    offered[7]?.decline();
    channel.receives(offer(65, 1));
    expect([offered.length, channel.stops]).toEqual([65, ['too-many', 'declined']]);
  });

  test('who offers a declined file again is refused without asking, even after other offers', () => {
    channel.receives(offer(0, 1));
    offered[0]?.decline();
    for (const n of [1, 0]) channel.receives(offer(n, 1));
    expect([offered.length, channel.stops]).toEqual([2, ['declined', 'declined']]);
  });

  test('who offers a declined file again after 128 others gets a new answer: no more are remembered', () => {
    for (let n = 0; n < 129; n += 1) {
      channel.receives(offer(n, 1));
      offered[n]?.decline();
    }
    for (const n of [1, 0]) channel.receives(offer(n, 1));
    expect(offered.slice(129).map((file) => file.offer.id)).toEqual([idOf(0)]);
  });

  test.each(['at', 'root', 'have', 'got', 'miss', 'verified', 'pause', 'stop', 'from', 'pass', 'chunk'])(
    'who speaks of a file that was not offered changes nothing, by a frame %s',
    (frame) => {
      const about = { index: 0, next: 0, hash: '', holder: 'carol', on: true, code: 'x' };
      expect(() => channel.receives({ frame, id: idOf(0), ...about })).not.toThrow();
      expect([offered, channel.sent]).toEqual([[], []]);
      channel.receives(offer(0, 1));
      expect(offered.length).toBe(1);
    },
  );

  test('whose chunk does not have its hash is asked for it again, and the chunk is not stored', async () => {
    channel.receives(offer(0, 3));
    const write = vi.fn();
    offered[0]?.accept(new WritableStream({ write }));
    channel.receives({ frame: 'chunk', id: idOf(0), index: 0, hash: 'x' }, 3);
    await vi.waitFor(() => expect(channel.sent).toContainEqual({ frame: 'miss', id: idOf(0), index: 0 }));
    expect(write).not.toHaveBeenCalled();
  });

  test('whose hash of the whole file does not match the bytes is stopped, and the file is discarded', async () => {
    channel.receives(offer(0, 3));
    const abort = vi.fn();
    offered[0]?.accept(new WritableStream({ abort }));
    const hash = hex(await hashOf(new Uint8Array(3)));
    channel.receives({ frame: 'chunk', id: idOf(0), index: 0, hash }, 3);
    await vi.waitFor(() => expect(channel.sent).toContainEqual({ frame: 'have', id: idOf(0), next: 1 }));
    channel.receives({ frame: 'root', id: idOf(0), hash });
    await vi.waitFor(() => expect(channel.stops).toEqual(['wrong-hash']));
    await vi.waitFor(() => expect(abort).toHaveBeenCalledWith('wrong-hash'));
  });

  test('has frames above the limit dropped, and more of them for the bytes of a file', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const ask = (): void => channel.receives({ frame: 'lack', id: idOf(0), index: 0 } as const);
    for (let n = 0; n < 1100; n += 1) ask();
    expect(dropped).toBe(100);
    channel.onmessage({ data: new ArrayBuffer(64 * 1024) }); // of no file, so nothing is done with it
    for (let n = 0; n < 5; n += 1) ask();
    expect(dropped).toBe(101);
    vi.useRealTimers();
  });

  test('has a frame that is too large dropped', () => {
    channel.receives({ ...offer(0, 1), name: 'a'.repeat(256 * 1024) });
    expect([dropped, offered.length, channel.sent]).toEqual([1, 0, []]);
  });
});

test('a member who does not pass on what they have for 10 s is given up, and the sender is told', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const carol = new Channel();
  transfersWith('carol', carol);
  channel.receives({ ...offer(0, 2 * CHUNK_BYTES), share: idOf(1) });
  offered[0]?.accept(new WritableStream());
  for (const index of [0, 1]) channel.receives({ frame: 'at', id: idOf(0), index, hash: 'x', holder: 'carol' });
  expect(carol.sent).toEqual([0, 1].map((index) => ({ frame: 'get', id: idOf(1), index })));
  vi.advanceTimersByTime(9000);
  carol.receives({ frame: 'pass', id: idOf(1), index: 0 }, 1000); // the first bytes of one
  const missed = (): number[] => channel.sent.flatMap((frame) => (frame.frame === 'miss' ? frame.index : []));
  vi.advanceTimersByTime(9999);
  expect(missed()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(missed()).toEqual([0, 1]);
  vi.useRealTimers();
});

test('a file has one tebibyte at most', () => {
  const read = (size: number): unknown => readOffer(offer(0, size));
  expect(FILE_BYTES_MAX).toBe(1024 ** 4);
  expect(read(1024 ** 4)).toMatchObject({ size: 1024 ** 4 });
  expect(read(1024 ** 4 + 1)).toBe('bad-size');
});
