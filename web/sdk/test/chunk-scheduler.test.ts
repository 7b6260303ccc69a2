import { beforeEach, describe, expect, it } from 'vitest';
import { ChunkRequests } from '../src/files/chunk-requests.ts';
import { ChunkScheduler, type HolderHint, type Replica } from '../src/files/chunk-scheduler.ts';
import { WINDOW_CHUNKS } from '../src/files/offer.ts';

let sharing: ChunkScheduler;
let bob: Replica;
let carol: Replica;

const join = (who: string): Replica => {
  const copy = sharing.join(who);
  sharing.begin(copy, 0);
  copy.ready = copy.serves = true;
  return copy;
};

/** What they are sent now. */
const seeds = (copy: Replica, now: number): number[] => {
  const all: number[] = [];
  for (let next = sharing.seed(copy, now); next !== null; next = sharing.seed(copy, now)) all.push(next);
  return all;
};

const words = (told: readonly HolderHint[]): string[] =>
  told.map(({ replica: to, index, holder }) => `${to.peerId}: ${index} at ${holder}`);

/** Of a file of so many chunks Bob and Carol have none. */
const begin = (chunks: number): void => {
  sharing = new ChunkScheduler(chunks);
  bob = join('bob');
  carol = join('carol');
};

beforeEach(() => begin(100));

describe('the sender of a file to several receivers', () => {
  it('sends one receiver no more than the window', () => {
    const alone = new ChunkScheduler(100);
    const copy = alone.join('bob');
    copy.ready = true;
    sharing = alone;
    expect(seeds(copy, 0)).toEqual(Array.from({ length: WINDOW_CHUNKS }, (_, index) => index));
    alone.have(copy, 2, 1);
    expect(seeds(copy, 1)).toEqual([16, 17]);
  });

  it('sends each chunk to one of them, with few in flight', () => {
    expect([sharing.seed(bob, 0), sharing.seed(carol, 0), sharing.seed(bob, 0)]).toEqual([0, 1, 2]);
    expect([seeds(bob, 0), seeds(carol, 0)]).toEqual([[], [3]]);
  });

  it('sends the last receiver as much as a single one', () => {
    carol.ready = false;
    expect(seeds(bob, 0).length).toBe(WINDOW_CHUNKS);
  });

  it('sends the others to a holder as soon as the chunk has arrived there', () => {
    sharing.seed(bob, 0);
    sharing.seed(carol, 0);
    expect(sharing.assign(0)).toEqual([]);
    sharing.got(bob, 0, 1);
    expect(words(sharing.assign(1))).toEqual(['carol: 0 at bob']);
    expect(sharing.assign(1)).toEqual([]);
    sharing.have(carol, 2, 2);
    expect(words(sharing.assign(2))).toEqual(['bob: 1 at carol']);
  });

  it('ignores a receiver who claims a chunk that was not in flight to them', () => {
    sharing.got(bob, 0, 0);
    sharing.have(bob, 5, 0);
    expect([bob.have, bob.got.size]).toEqual([0, 0]);
    expect(sharing.assign(0)).toEqual([]);
  });

  it('names no holder who has paused or left', () => {
    sharing.seed(bob, 0);
    sharing.got(bob, 0, 1);
    bob.serves = false;
    expect(sharing.assign(1)).toEqual([]);
    bob.serves = true;
    sharing.leave(bob);
    expect(sharing.assign(1)).toEqual([]);
    expect(sharing.seed(carol, 1)).toBe(0);
  });

  it('sends a chunk itself if a holder failed, and avoids that holder for a while', () => {
    for (const _ of [0, 1]) sharing.seed(bob, 0);
    sharing.have(bob, 2, 1);
    expect(words(sharing.assign(1))).toEqual(['carol: 0 at bob', 'carol: 1 at bob']);
    sharing.miss(carol, 0, 2);
    expect(sharing.assign(2)).toEqual([]);
    expect(sharing.seed(carol, 2)).toBe(0);
    sharing.begin(carol, 0);
    expect(sharing.assign(31)).toEqual([]);
    expect(words(sharing.assign(32))).toEqual(['carol: 0 at bob', 'carol: 1 at bob']);
  });

  it('sends a chunk that is in flight to a slow receiver to another one after a timeout', () => {
    begin(2);
    seeds(bob, 0);
    sharing.got(bob, 1, 0.1);
    expect(words(sharing.assign(0.1))).toEqual(['carol: 1 at bob']);
    expect(sharing.seed(carol, 0.1)).toBeNull();
    const due = sharing.nextWake(0.1) ?? 0;
    expect(due).toBeCloseTo(2.1);
    expect(sharing.seed(carol, due)).toBe(0);
  });

  it('waits longer if all connections are slow', () => {
    begin(2);
    seeds(bob, 0);
    sharing.got(bob, 1, 10);
    sharing.assign(10);
    expect(sharing.seed(carol, 10)).toBeNull();
    expect(sharing.nextWake(10)).toBe(90);
    expect(sharing.seed(carol, 80)).toBeNull();
  });

  it('gives a receiver who passes nothing on only what no other needs', () => {
    sharing.seed(bob, 0);
    sharing.got(bob, 0, 0);
    sharing.assign(0);
    sharing.miss(carol, 0, 0);
    expect(sharing.seed(bob, 0)).toBeNull();
    expect(sharing.seed(carol, 0)).toBe(0);
    sharing.leave(carol);
    expect(sharing.seed(bob, 0)).toBe(1);
  });

  it('gives them the rest although another needs it too, who is too far behind to get it soon', () => {
    sharing.seed(bob, 0);
    sharing.got(bob, 0, 0);
    sharing.assign(0);
    sharing.miss(carol, 0, 0);
    sharing.begin(bob, 16);
    expect(sharing.seed(bob, 0)).toBeNull();
    sharing.begin(bob, 17);
    expect(sharing.seed(bob, 0)).toBe(32);
  });

  it('waits for the fastest pace of any for a receiver to whom nothing was sent yet', () => {
    begin(2);
    expect([sharing.seed(bob, 0), sharing.seed(carol, 0)]).toEqual([0, 1]);
    sharing.got(bob, 0, 1);
    sharing.got(carol, 1, 10);
    bob.ready = carol.ready = false; // they wait for nothing
    join('dave');
    expect(words(sharing.assign(10))).toEqual(['dave: 0 at bob', 'dave: 1 at carol']);
    expect(sharing.nextWake(10)).toBe(10 + 8 * 1);
  });

  it('spreads requests over the holders', () => {
    const dave = join('dave');
    for (const copy of [bob, carol]) for (const index of [0, 1, 2, 3]) copy.got.add(index);
    const asked = words(sharing.assign(0)).map((line) => line.slice(-5));
    expect(asked.sort()).toEqual([' at bob', ' at bob', 'carol', 'carol'].map((word) => word.slice(-5)).sort());
    expect(dave.coming.size).toBe(4);
  });

  it('requests no more from one holder than they can be expected to deliver', () => {
    for (const who of ['dave', 'erin']) join(who);
    for (let index = 0; index < WINDOW_CHUNKS; index += 1) bob.got.add(index);
    expect(sharing.assign(0).length).toBe(12);
  });
});

describe('requests between two members', () => {
  const piece = (index: number) => ({ share: 'x', index });

  it('are accepted up to 64, and denied beyond that', () => {
    const passing = new ChunkRequests();
    const answers = Array.from({ length: 65 }, (_, index) => passing.ask(piece(index)));
    expect([answers.filter(Boolean).length, answers.at(-1)]).toEqual([64, false]);
    expect(passing.next()).toEqual(piece(0));
    expect(passing.ask(piece(65))).toBe(true);
  });

  it('are answered once', () => {
    const passing = new ChunkRequests();
    expect(passing.answered(piece(0))).toBe(false);
    passing.want(piece(0), 0);
    expect([passing.answered(piece(0)), passing.answered(piece(0))]).toEqual([true, false]);
  });

  it('wait while bytes arrive, and time out when none do', () => {
    const passing = new ChunkRequests();
    passing.want(piece(0), 0);
    passing.want(piece(1), 5);
    passing.progressed(9);
    expect(passing.nextWake()).toBe(19);
    expect(passing.wake(18)).toEqual([]);
    expect(passing.wake(19)).toEqual([piece(0), piece(1)]);
    expect([passing.nextWake(), passing.answered(piece(0))]).toEqual([null, false]);
  });

  it('are dropped in both directions with the connection', () => {
    const passing = new ChunkRequests();
    passing.want(piece(0), 0);
    passing.ask(piece(1));
    expect(passing.lose()).toEqual([piece(0)]);
    expect(passing.next()).toBeNull();
  });
});
