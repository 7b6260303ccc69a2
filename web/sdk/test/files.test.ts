import { describe, expect, it } from 'vitest';
import type { FileFrame } from '../src/files/frames.ts';
import { parseFileFrame } from '../src/files/frames.ts';
import { safeName } from '../src/files/names.ts';
import { CHUNK_BYTES, chunkBytes, type FileOffer, readOffer } from '../src/files/offer.ts';
import { FileReceiver, type ReceiverEffect } from '../src/files/receiver.ts';
import { FileSender, type SenderEffect } from '../src/files/sender.ts';

const id = '00000000-0000-4000-8000-000000000000';

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

  it('with a long name keeps its ending and fits every file system', () => {
    const safe = safeName(`${'🙂'.repeat(100)}.jpeg`);
    expect(new TextEncoder().encode(safe).length).toBeLessThanOrEqual(200);
    expect(safe.endsWith('🙂.jpeg')).toBe(true);
  });

  it('that lies is refused with a code', () => {
    expect(readOffer(id, 'a', -1)).toBe('bad-size');
    expect(readOffer(id, 'a', 2 ** 60)).toBe('bad-size');
    expect(readOffer(id, 'a', 0.5)).toBe('bad-size');
    expect(readOffer(id, 'a', '1')).toBe('bad-size');
    expect(readOffer(id, 'a'.repeat(10_000), 1)).toBe('bad-name');
    expect(readOffer(id, 7, 1)).toBe('bad-name');
    expect(readOffer('../x', 'a', 1)).toBe('bad-id');
  });

  it.each([
    '',
    'null',
    '[]',
    '{"frame":"chunk","id":"x","index":-1,"hash":""}',
    '{"frame":"from","id":1,"next":0,"hash":""}',
  ])('is not read from %j', (text) => {
    expect(parseFileFrame(text)).toBeNull();
  });
});

describe('a receiver', () => {
  const receiver = (size: number): FileReceiver => new FileReceiver({ id, name: 'a', size, preview: '' });

  it('takes nothing before it has accepted', () => {
    expect(receiver(10).chunk(0, 10, true)).toEqual([]);
  });

  it('stops at more or fewer bytes than announced', () => {
    for (const bytes of [9, 11]) {
      const one = receiver(10);
      one.accept();
      expect(one.chunk(0, bytes, true)[0]).toEqual({ do: 'abort' });
      expect(one.code).toBe('wrong-size');
    }
  });

  it('asks again for a chunk that came wrong, and gives up after three times', () => {
    const one = receiver(10);
    one.accept();
    const again = [{ do: 'ask' }];
    expect(one.chunk(0, 10, false)).toEqual(again);
    expect(one.chunk(0, 10, false)).toEqual(again);
    one.chunk(0, 10, false);
    expect([one.state, one.code]).toEqual(['stopped', 'wrong-hash']);
  });

  it('does not verify a file that is not whole, or not the one that was sent', () => {
    const one = receiver(10);
    one.accept();
    expect(one.root(true)).toEqual([]);
    one.chunk(0, 10, true);
    one.stored();
    one.root(false);
    expect(one.state).toBe('stopped');
  });
});

describe('what is said while no channel is open', () => {
  it('is said again on the next one: a stop of the sender', () => {
    const one = new FileSender({ id, name: 'a', size: 10, preview: '' });
    one.stop('cancelled');
    expect(one.opened()).toEqual([{ do: 'say', frame: { frame: 'stop', id, code: 'cancelled' } }]);
  });

  it('is said again when the offer comes again: a no, and a verified', () => {
    const declined = new FileReceiver({ id, name: 'a', size: 0, preview: '' });
    declined.stop('declined');
    expect(declined.offered()).toEqual([{ do: 'say', frame: { frame: 'stop', id, code: 'declined' } }]);
    const whole = new FileReceiver({ id, name: 'a', size: 0, preview: '' });
    whole.accept();
    whole.root(true);
    whole.closed();
    expect(whole.offered()).toEqual([{ do: 'say', frame: { frame: 'verified', id } }]);
  });
});

describe('a sender', () => {
  it('does not go on with a file that is not the one it began with', () => {
    const one = new FileSender({ id, name: 'a', size: 10 * CHUNK_BYTES, preview: '' });
    expect(one.hear({ frame: 'from', id, next: 3, hash: 'x' })).toEqual([{ do: 'compare', next: 3, hash: 'x' }]);
    one.compared(3, false);
    expect([one.state, one.code]).toEqual(['stopped', 'changed']);
  });

  it('sends nothing while either side pauses', () => {
    const one = new FileSender({ id, name: 'a', size: CHUNK_BYTES, preview: '' });
    one.pause(true);
    one.hear({ frame: 'pause', id, on: true });
    one.hear({ frame: 'from', id, next: 0, hash: '' });
    expect(one.compared(0, true)).toEqual([]);
    expect(one.pause(false)).toEqual([{ do: 'say', frame: { frame: 'pause', id, on: false } }]);
    expect(one.hear({ frame: 'pause', id, on: false })).toEqual([{ do: 'send', index: 0 }]);
  });
});

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Both machines with a link between them that is cut, loses what is under way, and spoils chunks, at random. */
class Pair {
  readonly offer: FileOffer = { id, name: 'a', size: 40 * CHUNK_BYTES + 7, preview: '' };
  sender = new FileSender(this.offer);
  receiver = new FileReceiver(this.offer);
  readonly written: number[] = [];
  #down: FileFrame[] = [];
  #up: FileFrame[] = [];

  cut(): void {
    this.#down = [];
    this.#up = [];
    this.#send(this.sender.opened());
  }

  /** One message arrives on one of the two ways. */
  step(down: boolean, spoiled: boolean): void {
    const frame = down ? this.#down.shift() : this.#up.shift();
    if (frame === undefined) return;
    if (!down) this.#send(this.sender.hear(frame));
    else if (frame.frame === 'offer') this.#offered();
    else if (frame.frame === 'pause') this.receiver.paused(frame.on);
    else if (frame.frame === 'root') this.#receive(this.receiver.root(true), -1);
    else if (frame.frame === 'chunk') {
      const { index } = frame;
      this.#receive(this.receiver.chunk(index, chunkBytes(this.offer.size, index), !spoiled), index);
    }
  }

  /** One side or the other pauses or goes on. */
  pause(on: boolean, here: boolean): void {
    if (here) this.#send(this.sender.pause(on));
    else this.#receive(this.receiver.pause(on), -1);
  }

  /** The receiver's page is loaded anew, and finds what it has stored. */
  reloadReceiver(): void {
    if (this.sender.state === 'verified') return; // there is nothing left to go on with
    this.receiver = new FileReceiver(this.offer);
    this.cut();
  }

  /** The sender's page is loaded anew, and the same file is chosen. */
  reloadSender(): void {
    this.sender = new FileSender(this.offer);
    this.cut();
  }

  #offered(): void {
    const { receiver } = this;
    this.#receive(receiver.state === 'asked' ? receiver.accept(this.written.length) : receiver.offered(), -1);
  }

  #send(effects: readonly SenderEffect[]): void {
    for (const effect of effects) {
      if (effect.do === 'say') this.#down.push(effect.frame);
      else if (effect.do === 'compare') this.#send(this.sender.compared(effect.next, true));
      else if (effect.do === 'root') this.#down.push({ frame: 'root', id, hash: '' });
      else this.#down.push({ frame: 'chunk', id, index: effect.index, hash: '' });
    }
  }

  #receive(effects: readonly ReceiverEffect[], index: number): void {
    for (const effect of effects) {
      if (effect.do === 'say') this.#up.push(effect.frame);
      if (effect.do === 'ask') this.#up.push({ frame: 'from', id, next: this.receiver.have, hash: '' });
      if (effect.do === 'close') this.#receive(this.receiver.closed(), index);
      if (effect.do !== 'write') continue;
      this.written.push(index);
      this.#receive(this.receiver.stored(), index);
    }
  }
}

describe('a transfer', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))('arrives whole whatever the link does (seed %i)', (seed) => {
    const random = chance(seed);
    const pair = new Pair();
    pair.cut();
    for (let step = 0; step < 2000; step += 1) {
      const wild = step < 500;
      if (wild && random() < 0.02) pair.cut();
      if (wild && random() < 0.004) pair.reloadReceiver();
      if (wild && random() < 0.004) pair.reloadSender();
      if (wild && random() < 0.02) pair.pause(random() < 0.5, random() < 0.5);
      pair.step(random() < 0.5, wild && random() < 0.01);
    }
    pair.pause(false, true);
    pair.pause(false, false);
    pair.cut();
    for (let step = 0; step < 2000; step += 1) pair.step(step % 2 === 0, false);
    expect([pair.sender.state, pair.receiver.state]).toEqual(['verified', 'verified']);
    expect(pair.written).toEqual(Array.from({ length: 41 }, (_, index) => index));
  });
});
