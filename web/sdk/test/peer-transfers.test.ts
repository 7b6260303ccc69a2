import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { FileConnection } from '../src/files/channel.ts';
import { hashOf, hex } from '../src/files/hash.ts';
import { CHUNK_BYTES, WINDOW_CHUNKS } from '../src/files/offer.ts';
import { PeerTransfers } from '../src/files/peer-transfers.ts';
import { Swarm } from '../src/files/swarm.ts';
import type { FileTransfer, IncomingFile, SendFileOptions } from '../src/files/transfer.ts';

const SHARE = '00000000-0000-4000-8000-00000000000f';
const CHUNKS = 40;

type Data = string | ArrayBuffer;

/** One end of a channel, without a network in between: what is sent arrives a moment later. */
class End {
  readyState = 'connecting';
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  onopen: () => void = () => undefined;
  onmessage: (event: { readonly data: Data }) => void = () => undefined;
  onbufferedamountlow: () => void = () => undefined;
  /** What was said, and the bytes that were sent. */
  readonly said: { readonly frame: string; readonly index?: number }[] = [];
  bytes = 0;
  /** Bytes of the largest message. */
  largest = 0;
  /** Changes what arrives at the other end. */
  twist: (data: Data) => Data = (data) => data;
  other: End | null = null;
  #last: Promise<void> = Promise.resolve();

  send(data: string | Uint8Array<ArrayBuffer>): void {
    const copy = typeof data === 'string' ? data : data.slice().buffer;
    const size = typeof copy === 'string' ? copy.length : copy.byteLength;
    if (typeof copy === 'string') this.said.push(JSON.parse(copy));
    else [this.bytes, this.largest] = [this.bytes + size, Math.max(this.largest, size)];
    this.bufferedAmount += size;
    this.#last = this.#last.then(() => this.#arrive(this.twist(copy), size));
  }

  count(frame: string): number {
    return this.said.filter((each) => each.frame === frame).length;
  }

  #arrive(data: Data, size: number): void {
    const before = this.bufferedAmount;
    this.bufferedAmount -= size;
    const low = this.bufferedAmountLowThreshold;
    if (this.other?.readyState === 'open') this.other.onmessage({ data });
    if (before > low && this.bufferedAmount <= low) this.onbufferedamountlow();
  }
}

/** Somebody's page: a lane to everybody else, and what was offered to them. */
class Page {
  readonly exchange = new Swarm();
  readonly lanes = new Map<string, PeerTransfers>();
  readonly ends = new Map<string, End>();
  readonly offered: IncomingFile[] = [];
  readonly written: Uint8Array<ArrayBuffer>[] = [];

  lane(to: string): PeerTransfers {
    const lane = this.lanes.get(to);
    if (lane === undefined) throw new Error(`nobody is ${to}`);
    return lane;
  }

  end(to: string): End {
    const end = this.ends.get(to);
    if (end === undefined) throw new Error(`nobody is ${to}`);
    return end;
  }

  /** Of what was offered first; `reads` back what it has written, or doesn't. */
  accept(reads = false): void {
    const write = (bytes: Uint8Array<ArrayBuffer>): void => {
      this.written.push(bytes.slice());
    };
    const readBack = async (start: number): Promise<Uint8Array<ArrayBuffer>> =>
      this.written[start / CHUNK_BYTES] ?? new Uint8Array(0);
    this.offered[0]?.accept(new WritableStream({ write }), undefined, reads ? readBack : undefined);
  }

  state(): string {
    const { state = 'none', code = '' } = this.offered[0]?.progress.current ?? {};
    return state === 'stopped' ? code : state;
  }
}

const names = ['alice', 'bob', 'carol', 'dave'] as const;
let pages: Record<(typeof names)[number], Page>;
let file: File;

/** A new channel between two, and the connection below it. */
function connect(one: string, other: string, maxMessageSize: number | null = 262144): { connectionState: string } {
  const connection = { sctp: { maxMessageSize }, connectionState: 'connected' };
  const ends = [new End(), new End()] as const;
  for (const [index, [from, to]] of [[one, other] as const, [other, one] as const].entries()) {
    const page = pages[from as 'alice'];
    const end = ends[index] ?? ends[0];
    end.other = ends[1 - index] ?? null;
    const lane = page.lanes.get(to) ?? new PeerTransfers(to, page.exchange, true, () => undefined);
    if (!page.lanes.has(to)) lane.onFile((offered) => page.offered.push(offered));
    page.lanes.set(to, lane);
    page.ends.set(to, end);
    lane.attach({
      connection,
      files: end,
      broke() {},
    } as unknown as FileConnection);
  }
  for (const end of ends) end.readyState = 'open';
  for (const end of ends) end.onopen();
  return connection;
}

function offer(to: readonly string[], options: SendFileOptions = { share: SHARE }): FileTransfer[] {
  return to.map((who) => pages.alice.lane(who).sendFile(file, options));
}

/** Waits until it holds. */
function until(holds: () => void): Promise<void> {
  return vi.waitFor(holds, { timeout: 30_000, interval: 1 });
}

/** The file has come to its end there. */
async function end(page: Page): Promise<void> {
  await until(() => expect(page.state()).toBe('verified'));
}

async function isWhole(page: Page): Promise<boolean> {
  const [theirs, ours] = await Promise.all([new Blob(page.written), file].map((blob) => blob.bytes()));
  return theirs !== undefined && ours !== undefined && hex(await hashOf(theirs)) === hex(await hashOf(ours));
}

const others = ['bob', 'carol', 'dave'] as const;

beforeEach(() => {
  pages = { alice: new Page(), bob: new Page(), carol: new Page(), dave: new Page() };
  const bytes = new Uint8Array(CHUNKS * CHUNK_BYTES - 5);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 2654435761) >>> 13;
  file = new File([bytes], 'tea.bin');
  for (const one of names) for (const other of names) if (one < other) connect(one, other);
});

describe('a file to several peers', { timeout: 60_000 }, () => {
  it('is uploaded about once, and arrives complete everywhere', async () => {
    const sent = offer(others);
    await until(() => expect(pages.dave.offered.length).toBe(1));
    for (const who of others) pages[who].accept();
    for (const who of others) await end(pages[who]);
    for (const who of others) expect(await isWhole(pages[who])).toBe(true);
    const chunks = others.reduce((sum, who) => sum + pages.alice.end(who).count('chunk'), 0);
    expect(chunks).toBeLessThan(1.5 * CHUNKS);
    await until(() => expect(sent.map(({ progress }) => progress.current.state)).toEqual(Array(3).fill('verified')));
  });

  it('is uploaded for each peer without a share', async () => {
    offer(others, {});
    await until(() => expect(pages.dave.offered.length).toBe(1));
    for (const who of others) pages[who].accept();
    for (const who of others) await end(pages[who]);
    for (const who of others) {
      expect(pages.alice.end(who).count('chunk')).toBe(CHUNKS);
      expect(pages[who].end('alice').count('got')).toBe(0);
    }
  });

  it.each([true, false])(
    'reaches a late receiver from those who can read it back, else from its sender (%s)',
    async (reads) => {
      offer(['bob', 'carol']);
      await until(() => expect(pages.carol.offered.length).toBe(1));
      pages.bob.accept(reads);
      await end(pages.bob);
      pages.carol.accept();
      await end(pages.carol);
      expect(await isWhole(pages.carol)).toBe(true);
      expect(pages.alice.end('carol').count('chunk') > 0).toBe(!reads);
    },
  );

  it('arrives complete even if a peer passes on changed chunks', async () => {
    for (const to of ['carol', 'dave']) {
      let passed = false;
      pages.bob.end(to).twist = (data) => {
        if (typeof data === 'string') passed = JSON.parse(data).frame === 'pass';
        else if (passed) new Uint8Array(data).fill(7, 0, 1);
        return data;
      };
    }
    offer(others);
    await until(() => expect(pages.dave.offered.length).toBe(1));
    for (const who of others) pages[who].accept();
    for (const who of others) await end(pages[who]);
    for (const who of others) expect(await isWhole(pages[who])).toBe(true);
    const missed = pages.carol.end('alice').count('miss') + pages.dave.end('alice').count('miss');
    expect(missed).toBeGreaterThan(0);
  });

  it('continues without peers who leave, and with those whose connection is replaced', async () => {
    offer(others);
    await until(() => expect(pages.dave.offered.length).toBe(1));
    for (const who of others) pages[who].accept();
    await until(() => expect(pages.carol.written.length).toBeGreaterThan(5));
    for (const who of ['alice', 'carol', 'dave'] as const) pages[who].lane('bob').close();
    connect('alice', 'carol');
    connect('carol', 'dave');
    for (const who of ['carol', 'dave'] as const) await end(pages[who]);
    for (const who of ['carol', 'dave'] as const) expect(await isWhole(pages[who])).toBe(true);
  });

  it('is requested elsewhere at once when the connection to the holder is replaced', async () => {
    offer(['bob', 'carol']);
    await until(() => expect(pages.carol.offered.length).toBe(1));
    pages.bob.accept(true);
    await end(pages.bob);
    const { said } = pages.bob.end('carol');
    pages.bob.end('carol').twist = (data) => (said.at(-1)?.frame === 'pass' ? '' : data);
    pages.carol.accept();
    await until(() => expect(pages.bob.end('carol').count('pass')).toBeGreaterThan(0));
    const missed = pages.carol.end('alice').count('miss');
    connect('bob', 'carol');
    expect(pages.carol.end('alice').count('miss')).toBeGreaterThan(missed);
    await end(pages.carol);
    expect(await isWhole(pages.carol)).toBe(true);
  });

  it('is passed on only to a peer who knows its share and asks for an existing chunk', async () => {
    offer(['bob']);
    await until(() => expect(pages.bob.offered.length).toBe(1));
    pages.bob.accept(true);
    await end(pages.bob);
    const asks = pages.dave.end('bob');
    const answers = pages.bob.end('dave');
    asks.send(JSON.stringify({ frame: 'get', id: SHARE, index: 3 }));
    await until(() => expect(answers.count('pass')).toBe(1));
    asks.send(JSON.stringify({ frame: 'get', id: SHARE, index: CHUNKS }));
    asks.send(JSON.stringify({ frame: 'get', id: SHARE.replace('f', '0'), index: 3 }));
    await until(() => expect(answers.count('lack')).toBe(2));
    expect(answers.bytes).toBe(CHUNK_BYTES);
  });

  it('is passed on before it is stored, but not while it is paused', async () => {
    offer(['bob']);
    await until(() => expect(pages.bob.offered.length).toBe(1));
    const [theirs] = pages.bob.offered;
    theirs?.accept(new WritableStream({ write: () => new Promise(() => undefined) }));
    await until(() => expect(pages.bob.end('alice').count('got')).toBe(WINDOW_CHUNKS));
    const asks = pages.dave.end('bob');
    const answers = pages.bob.end('dave');
    asks.send(JSON.stringify({ frame: 'get', id: SHARE, index: 5 }));
    await until(() => expect(answers.count('pass')).toBe(1));
    theirs?.pause();
    asks.send(JSON.stringify({ frame: 'get', id: SHARE, index: 5 }));
    await until(() => expect(answers.count('lack')).toBe(1));
    theirs?.resume();
    asks.send(JSON.stringify({ frame: 'get', id: SHARE, index: 5 }));
    await until(() => expect(answers.count('pass')).toBe(2));
  });

  it('costs a holder at most 64 requests of one member', async () => {
    offer(['bob']);
    await until(() => expect(pages.bob.offered.length).toBe(1));
    pages.bob.accept(true);
    await end(pages.bob);
    for (let count = 0; count < 1000; count += 1)
      pages.dave.end('bob').send(JSON.stringify({ frame: 'get', id: SHARE, index: count % CHUNKS }));
    const answers = pages.bob.end('dave');
    await until(() => expect(answers.count('pass') + answers.count('lack')).toBe(1000));
    expect(answers.count('lack')).toBeGreaterThan(900);
  });

  it('ignores chunks that were not requested', async () => {
    offer(['bob']);
    await until(() => expect(pages.bob.offered.length).toBe(1));
    pages.bob.accept();
    const dave = pages.dave.end('bob');
    for (let index = 0; index < CHUNKS; index += 1) {
      dave.send(JSON.stringify({ frame: 'pass', id: SHARE, index }));
      dave.send(new Uint8Array(CHUNK_BYTES));
    }
    await end(pages.bob);
    expect(await isWhole(pages.bob)).toBe(true);
    expect(pages.bob.end('alice').count('miss')).toBe(0);
  });
});

/** What reads of the file give from now on: `change` gets the bytes that are there. */
function reads(change: (bytes: Uint8Array<ArrayBuffer>, start: number) => Uint8Array<ArrayBuffer>): void {
  const whole = file;
  file = Object.assign(new File([file], file.name), {
    slice: (start: number, end: number) => ({
      arrayBuffer: async () => {
        const bytes = new Uint8Array(await whole.slice(start, end).arrayBuffer());
        return change(bytes, start).slice().buffer;
      },
    }),
  });
}

describe('a file that changes while it is sent', { timeout: 60_000 }, () => {
  it.each([0, 1000])(
    'is not sent with a chunk cut short to %i bytes: both sides see that it is unreadable',
    async (left) => {
      reads((bytes, start) => (start > 10 * CHUNK_BYTES ? bytes.subarray(0, left) : bytes));
      const [sent] = offer(['bob'], {});
      await until(() => expect(pages.bob.offered.length).toBe(1));
      pages.bob.accept();
      await until(() => expect(pages.bob.state()).toBe('unreadable'));
      expect(sent?.progress.current).toMatchObject({ state: 'stopped', code: 'unreadable' });
    },
  );

  it.each([0, CHUNKS - 1])('is noticed at the end if chunk %i is no longer what was sent', async (index) => {
    let times = 0;
    reads((bytes, start) => {
      if (start <= index * CHUNK_BYTES && index * CHUNK_BYTES < start + bytes.length) times += 1;
      if (times === 2) bytes.fill(7, index * CHUNK_BYTES - start, index * CHUNK_BYTES - start + 1);
      return bytes;
    });
    const [sent] = offer(['bob'], {});
    await until(() => expect(pages.bob.offered.length).toBe(1));
    pages.bob.accept();
    await until(() => expect(pages.bob.state()).toBe('changed'));
    expect(sent?.progress.current).toMatchObject({ state: 'stopped', code: 'changed' });
  });
});

describe('the bytes of a file', { timeout: 60_000 }, () => {
  /** Bytes of the largest message, when Bob has the file. */
  const largest = async (): Promise<number> => {
    await until(() => expect(pages.bob.offered.length).toBe(1));
    pages.bob.accept();
    await end(pages.bob);
    return pages.alice.end('bob').largest;
  };

  it.each([
    [8192, 8192],
    [262_144, 65_536],
  ])('to a peer who takes %i of them in a message come in messages of %i: 64 KiB at most', async (most, sent) => {
    connect('alice', 'bob', most);
    offer(['bob'], {});
    expect(await largest()).toBe(sent);
  });

  it.each([null, 0])('on a connection that reports %o as the maximum come in messages that all take', async (most) => {
    connect('alice', 'bob', 65_536);
    connect('alice', 'bob', most);
    offer(['bob'], {});
    expect(await largest()).toBe(16_384);
  });

  it('that is offered again under its id come as if it had been offered once', async () => {
    const again = { id: SHARE.replace('f', '1'), share: SHARE };
    for (const options of [again, again]) offer(['bob'], options);
    expect(await largest()).toBe(65_536);
  });
});

it('a file that its receiver cancels stops on both sides, and what was written is discarded', async () => {
  const [sent] = offer(['bob'], {});
  await until(() => expect(pages.bob.offered.length).toBe(1));
  const abort = vi.fn();
  pages.bob.offered[0]?.accept(new WritableStream({ write: () => pages.bob.offered[0]?.cancel(), abort }));
  await until(() => expect(sent?.progress.current).toMatchObject({ state: 'stopped', code: 'cancelled' }));
  expect(pages.bob.state()).toBe('cancelled');
  await until(() => expect(abort).toHaveBeenCalledWith('cancelled'));
});

it('a file of which a part is there already, and that can not be read, is unreadable and not changed', async () => {
  reads(() => {
    throw new DOMException('', 'NotReadableError');
  });
  const [sent] = offer(['bob'], {});
  await until(() => expect(pages.bob.offered.length).toBe(1));
  const kept = { bytes: CHUNK_BYTES, hashes: [await hashOf(new Uint8Array(1))] };
  pages.bob.offered[0]?.accept(new WritableStream(), kept);
  await until(() => expect(sent?.progress.current).toMatchObject({ state: 'stopped', code: 'unreadable' }));
});

it('a file to a disk that is full stops on both sides', { timeout: 60_000 }, async () => {
  const [sent] = offer(['bob'], {});
  await until(() => expect(pages.bob.offered.length).toBe(1));
  let chunks = 0;
  const write = (): void => {
    chunks += 1;
    if (chunks === 10) throw new DOMException('the disk is full', 'QuotaExceededError');
  };
  pages.bob.offered[0]?.accept(new WritableStream({ write }));
  await until(() => expect(sent?.progress.current).toMatchObject({ state: 'stopped', code: 'disk' }));
  expect([pages.bob.state(), chunks]).toEqual(['disk', 10]);
});

it.each(['declined', 'no-room'] as const)('a file that is refused with %s shows that to its sender', async (code) => {
  const [sent] = offer(['bob'], {});
  await until(() => expect(pages.bob.offered.length).toBe(1));
  pages.bob.offered[0]?.decline(code);
  await until(() => expect(sent?.progress.current).toMatchObject({ state: 'stopped', code }));
});

describe('an announced chunk', () => {
  const announce = async (): Promise<End> => {
    offer(['bob'], {});
    await until(() => expect(pages.bob.offered.length).toBe(1));
    pages.alice.end('bob').twist = () => '';
    pages.bob.accept();
    const { id } = pages.bob.offered[0]?.offer ?? { id: '' };
    const to = pages.bob.end('alice');
    to.onmessage({ data: JSON.stringify({ frame: 'chunk', id, index: 0, hash: '' }) });
    to.onmessage({ data: new ArrayBuffer(1000) });
    return to;
  };

  it('that the next one follows before it is complete ends the transfer', async () => {
    const to = await announce();
    const { id } = pages.bob.offered[0]?.offer ?? { id: '' };
    expect(pages.bob.state()).toBe('running');
    to.onmessage({ data: JSON.stringify({ frame: 'chunk', id, index: 1, hash: '' }) });
    expect(pages.bob.state()).toBe('wrong-size');
  });

  it('that does not grow for 30 s on a working connection ends the transfer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const connection = connect('alice', 'bob');
    const to = await announce();
    vi.advanceTimersByTime(29_000);
    to.onmessage({ data: new ArrayBuffer(1000) });
    connection.connectionState = 'disconnected';
    vi.advanceTimersByTime(300_000);
    connection.connectionState = 'connected';
    vi.advanceTimersByTime(29_000);
    expect(pages.bob.state()).toBe('running');
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    expect(pages.bob.state()).toBe('stalled');
  });
});
