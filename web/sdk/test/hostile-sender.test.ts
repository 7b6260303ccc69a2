import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { FileConnection } from '../src/files/channel.ts';
import type { FileFrame } from '../src/files/frames.ts';
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

  receives(frame: FileFrame | { readonly frame: string }, bytes = 0): void {
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

beforeEach(() => {
  [channel, offered, dropped] = [new Channel(), [], 0];
  const transfers = new PeerTransfers('mallory', new Swarm(), true, () => {
    dropped += 1;
  });
  transfers.attach({ connection: { sctp: null }, files: channel } as unknown as FileConnection);
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

test('a file has one tebibyte at most', () => {
  const read = (size: number): unknown => readOffer(offer(0, size));
  expect(FILE_BYTES_MAX).toBe(1024 ** 4);
  expect(read(1024 ** 4)).toMatchObject({ size: 1024 ** 4 });
  expect(read(1024 ** 4 + 1)).toBe('bad-size');
});
