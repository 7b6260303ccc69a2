import { describe, expect, it } from 'vitest';
import { ChunkScheduler } from '../src/files/chunk-scheduler.ts';
import { parseFileFrame } from '../src/files/frames.ts';
import { safeName } from '../src/files/names.ts';
import { CHUNK_BYTES, chunkCount, type FileOffer, readOffer, WINDOW_CHUNKS } from '../src/files/offer.ts';
import { FileReceiver, type ReceiverEffect } from '../src/files/receiver.ts';
import { FileSender } from '../src/files/sender.ts';

const id = '00000000-0000-4000-8000-000000000000';
const share = '00000000-0000-4000-8000-00000000000f';

/** The start of a JPEG with a frame header of that kind and size, without a picture. */
const jpeg = (width: number, height: number, kind = 0xc0, before: readonly number[] = JFIF): string => {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const bytes = [0xff, 0xd8, ...before, 0xff, kind, 0, 11, 8, ...size, 1, 1, 0x11, 0];
  while (bytes.length % 3 !== 0) bytes.push(0);
  return btoa(String.fromCharCode(...bytes));
};
const JFIF = [0xff, 0xe0, 0, 4, 0, 0];

describe('a preview', () => {
  const previewIn = (preview: unknown): string => {
    const offer = readOffer({ id, name: 'a', size: 1, preview });
    return typeof offer === 'string' ? offer : offer.preview;
  };

  it.each([
    ['of a photo', jpeg(160, 120)],
    ['of the largest size', jpeg(512, 512)],
    ['of one pixel, progressive', jpeg(1, 1, 0xc2)],
    ['with a table', jpeg(160, 120, 0xc0, [...JFIF, 0xff, 0xdb, 0, 3, 7])],
    ['with an empty comment', jpeg(160, 120, 0xc0, [...JFIF, 0xff, 0xfe, 0, 2])],
  ])('that is a small JPEG is shown: one %s', (_, small) => {
    expect(previewIn(small)).toBe(small);
  });

  it.each([
    ['is too wide', jpeg(513, 10)],
    ['is too high', jpeg(10, 513)],
    ['is too large for a progressive one', jpeg(16_384, 16_384, 0xc2)],
    ['has no height yet', jpeg(10, 0)],
    ['has bytes between two segments', jpeg(10, 10, 0xc0, [...JFIF, 1])],
    ['has a segment without a length', jpeg(10, 10, 0xc0, [0xff, 0xe0, 0, 1])],
    ['has a scan before the frame header', jpeg(10, 10, 0xc0, [0xff, 0xda, 0, 2])],
    [
      'has a larger one in application data',
      jpeg(513, 513, 0xc0, [0xff, 0xe1, 0, 11, 0xff, 0xc0, 0, 11, 8, 0, 9, 0, 9]),
    ],
    ['ends before its size', btoa('\xff\xd8\xff\xe0\x00\x04\x00\x00\xff')],
    ['is a PNG', btoa('\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01')],
    ['has other characters', `${jpeg(10, 10)}"`],
    ['has base64 of the wrong length', jpeg(10, 10).slice(0, -1)],
    ['is too long', jpeg(10, 10) + 'A'.repeat(16_384)],
    ['has another type', 7],
  ])('that %s is left out', (_, preview) => {
    expect(previewIn(preview)).toBe('');
  });
});

describe('an offer', () => {
  it.each([
    ['../../etc/passwd', '_.._etc_passwd'],
    ['..', 'file'],
    ['', 'file'],
    ['C:\\Windows\\x.dll', 'C__Windows_x.dll'],
    ['con.txt', '_con.txt'],
    ['LPT1', '_LPT1'],
    ['photo\u202Egpj.exe', 'photogpj.exe'],
    ['a\u0000b\nc', 'abc'],
    ['dot. . ', 'dot'],
    ['\uD800x', '\uFFFDx'],
    ['plain name.txt', 'plain name.txt'],
  ])('of %j is saved as %j', (name, safe) => {
    expect(safeName(name)).toBe(safe);
  });

  it('with a long name keeps its extension and fits every file system', () => {
    const safe = safeName(`${'🙂'.repeat(100)}.jpeg`);
    expect(new TextEncoder().encode(safe).length).toBeLessThanOrEqual(200);
    expect(safe.endsWith('🙂.jpeg')).toBe(true);
  });

  it.each([
    [{ size: -1 }, 'bad-size'],
    [{ size: 2 ** 60 }, 'bad-size'],
    [{ size: 0.5 }, 'bad-size'],
    [{ size: '1' }, 'bad-size'],
    [{ name: 'a'.repeat(10_000) }, 'bad-name'],
    [{ name: 7 }, 'bad-name'],
    [{ id: '../x' }, 'bad-id'],
    [{ share: '../x' }, 'bad-id'],
    [{ share: null }, 'bad-id'],
  ])('that says %j is refused with %s', (lie, code) => {
    expect(readOffer({ id, name: 'a', size: 1, ...lie })).toBe(code);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"frame":"chunk","id":"x","index":-1,"hash":""}',
    '{"frame":"from","id":1,"next":0,"hash":""}',
    '{"frame":"got","id":"x","index":0.5}',
    '{"frame":"at","id":"x","index":0,"hash":"","holder":7}',
    '{"frame":"get","id":"x"}',
  ])('is not read from %j', (text) => {
    expect(parseFileFrame(text)).toBeNull();
  });
});

describe('a receiver', () => {
  const receiver = (size: number, more: Partial<FileOffer> = {}): FileReceiver =>
    new FileReceiver({ id, name: 'a', size, preview: '', ...more });
  const accepted = (size: number, more: Partial<FileOffer> = {}): FileReceiver => {
    const one = receiver(size, more);
    one.accept();
    return one;
  };
  const writes = (effects: readonly ReceiverEffect[]): number[] =>
    effects.flatMap((effect) => (effect.do === 'write' ? effect.index : []));

  it('receives nothing before it has accepted', () => {
    expect(receiver(10).chunk(0, 10, true)).toEqual([]);
  });

  it('stops at more or fewer bytes than announced', () => {
    for (const bytes of [9, 11]) {
      const one = accepted(10);
      expect(one.chunk(0, bytes, true)[0]).toEqual({ do: 'abort' });
      expect(one.code).toBe('wrong-size');
    }
  });

  it('asks again for a wrong chunk, and gives up after three', () => {
    const one = accepted(10);
    const again = [{ do: 'send', frame: { frame: 'miss', id, index: 0 } }];
    expect(one.chunk(0, 10, false)).toEqual(again);
    expect(one.chunk(0, 10, false)).toEqual(again);
    one.chunk(0, 10, false);
    expect([one.state, one.code]).toEqual(['stopped', 'wrong-hash']);
  });

  it('does not verify a file that is incomplete or not the one that was sent', () => {
    const one = accepted(10);
    expect(one.root(true)).toEqual([]);
    one.chunk(0, 10, true);
    one.stored();
    one.root(false);
    expect(one.state).toBe('stopped');
  });

  it('closes the file once, however often its sender says that it is complete', () => {
    const one = accepted(10);
    one.chunk(0, 10, true);
    one.stored();
    expect(one.root(true)).toEqual([{ do: 'close' }]);
    expect([one.root(true), one.offered()]).toEqual([[], []]);
    one.closed();
    expect(one.state).toBe('verified');
  });

  it('asks nobody for a chunk beyond the end of the file', () => {
    const one = accepted(CHUNK_BYTES + 1, { share });
    expect(one.at(2, 'x', 'bob')).toEqual([]);
    expect(one.at(1, 'x', 'bob')).toEqual([{ do: 'get', index: 1, holder: 'bob' }]);
  });

  it('writes chunks in sequence, one at a time, in whatever order they arrive', () => {
    const one = accepted(3 * CHUNK_BYTES);
    expect(writes(one.chunk(2, CHUNK_BYTES, true))).toEqual([]);
    expect(writes(one.chunk(0, CHUNK_BYTES, true))).toEqual([0]);
    expect(writes(one.chunk(1, CHUNK_BYTES, true))).toEqual([]);
    expect(writes(one.stored())).toEqual([1]);
    expect(writes(one.stored())).toEqual([2]);
    expect(writes(one.stored())).toEqual([]);
    expect(one.have).toBe(3);
  });

  it('keeps no more than the window, however much arrives', () => {
    const one = accepted(100 * CHUNK_BYTES, { share });
    for (let index = 99; index > 0; index -= 1) {
      one.chunk(index, CHUNK_BYTES, true);
      one.at(index, 'x', 'bob');
    }
    expect([one.kept.size, one.wanted.size]).toEqual([WINDOW_CHUNKS - 1, 0]);
    const other = accepted(100 * CHUNK_BYTES, { share });
    for (let index = 0; index < 100; index += 1) other.at(index, 'x', 'bob');
    expect(other.wanted.size).toBe(WINDOW_CHUNKS);
  });

  it('tells a sender who repeats a chunk that it has it', () => {
    const one = accepted(2 * CHUNK_BYTES, { share });
    one.chunk(1, CHUNK_BYTES, true);
    expect(one.chunk(1, CHUNK_BYTES, true)).toEqual([{ do: 'send', frame: { frame: 'got', id, index: 1 } }]);
    one.chunk(0, CHUNK_BYTES, true);
    one.stored();
    expect(one.chunk(0, CHUNK_BYTES, true)).toEqual([{ do: 'send', frame: { frame: 'have', id, next: 1 } }]);
  });

  it('takes a chunk only from the holder it asked, and tells the sender if that failed', () => {
    const one = accepted(10, { share });
    const missed = [{ do: 'send', frame: { frame: 'miss', id, index: 0 } }];
    expect(one.passed(0, 'bob', 10, true)).toEqual([]);
    expect(one.at(0, 'x', 'bob')).toEqual([{ do: 'get', index: 0, holder: 'bob' }]);
    expect(one.passed(0, 'carol', 10, true)).toEqual([]);
    expect(one.passed(0, 'bob', 10, false)).toEqual(missed);
    expect(one.passed(0, 'bob', 10, true)).toEqual([]);
    one.at(0, 'x', 'bob');
    expect(one.passed(0, 'bob', 9, true)).toEqual(missed);
    one.at(0, 'x', 'bob');
    expect(one.lacked(0, 'bob')).toEqual(missed);
    one.at(0, 'x', 'carol');
    expect(writes(one.passed(0, 'carol', 10, true))).toEqual([0]);
  });

  it('is not stopped by wrong bytes from other receivers', () => {
    const one = accepted(10, { share });
    for (let times = 0; times < 100; times += 1) {
      one.at(0, 'x', 'bob');
      one.passed(0, 'bob', 10, false);
    }
    expect(one.state).toBe('running');
  });

  it('passes nothing on while it is paused, or after it was cancelled', () => {
    const one = accepted(10, { share });
    expect(one.serves).toBe(true);
    one.pause(true);
    expect(one.serves).toBe(false);
    one.pause(false);
    one.paused(true);
    expect(one.serves).toBe(false);
    one.paused(false);
    expect(one.serves).toBe(true);
    one.stop('cancelled');
    expect(one.serves).toBe(false);
  });
});

describe('a frame sent while no channel is open', () => {
  it('is sent again on the next one: the stop of a sender', () => {
    const one = sender(10);
    one.stop('cancelled');
    expect(one.opened()).toEqual([{ do: 'send', frame: { frame: 'stop', id, code: 'cancelled' } }]);
  });

  it('is sent again when the offer is repeated: declined, and verified', () => {
    const declined = new FileReceiver({ id, name: 'a', size: 0, preview: '' });
    declined.stop('declined');
    expect(declined.offered()).toEqual([{ do: 'send', frame: { frame: 'stop', id, code: 'declined' } }]);
    const whole = new FileReceiver({ id, name: 'a', size: 0, preview: '' });
    whole.accept();
    whole.root(true);
    whole.closed();
    expect(whole.offered()).toEqual([{ do: 'send', frame: { frame: 'verified', id } }]);
  });
});

function sender(size: number, sharing = new ChunkScheduler(chunkCount(size))): FileSender {
  return new FileSender({ id, name: 'a', size, preview: '' }, sharing, 'bob');
}

describe('a sender', () => {
  it('does not resume with another file', () => {
    const one = sender(10 * CHUNK_BYTES);
    expect(one.receive({ frame: 'from', id, next: 3, hash: 'x' }, 0)).toEqual([{ do: 'compare', next: 3, hash: 'x' }]);
    one.compared(3, false);
    expect([one.state, one.code]).toEqual(['stopped', 'changed']);
  });

  it('sends nothing while either side pauses', () => {
    const sharing = new ChunkScheduler(1);
    const one = sender(CHUNK_BYTES, sharing);
    one.pause(true);
    one.receive({ frame: 'pause', id, on: true }, 0);
    one.receive({ frame: 'from', id, next: 0, hash: '' }, 0);
    one.compared(0, true);
    expect(sharing.seed(one.copy, 0)).toBeNull();
    one.pause(false);
    expect(sharing.seed(one.copy, 0)).toBeNull();
    one.receive({ frame: 'pause', id, on: false }, 0);
    expect(sharing.seed(one.copy, 0)).toBe(0);
  });

  it('sends nothing on a new connection before it knows where to continue', () => {
    const sharing = new ChunkScheduler(2);
    const one = sender(2 * CHUNK_BYTES, sharing);
    one.receive({ frame: 'from', id, next: 0, hash: '' }, 0);
    one.compared(0, true);
    expect(sharing.seed(one.copy, 0)).toBe(0);
    one.opened();
    expect(sharing.seed(one.copy, 0)).toBeNull();
    one.receive({ frame: 'from', id, next: 1, hash: '' }, 0);
    one.compared(1, true);
    expect(sharing.seed(one.copy, 0)).toBe(1);
  });
});
