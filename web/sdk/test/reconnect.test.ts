import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Room } from '../src/room.ts';
import { aliceJoinsBob, type Connection, connections, sockets, stubBrowser } from './browser.ts';

let room: Room;
let n: number;

beforeEach(async () => {
  stubBrowser();
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockReturnValue();
  n = 0;
  room = await aliceJoinsBob();
  await vi.advanceTimersByTimeAsync(1); // our offer
});

afterEach(() => {
  room.leave();
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Bob's connection `link` says that, to our connection `to`. */
async function says(link: number, to: number | null, about: object): Promise<void> {
  n += 1;
  sockets[0]?.says({ type: 'signalled', from: 'b', n, data: JSON.stringify({ link, to, about }) });
  await vi.advanceTimersByTimeAsync(1);
}

const description = (kind: 'offer' | 'answer', number: number): object => ({
  description: { kind, number, ufrag: `u${number}`, sdp: `a=ice-ufrag:u${number}\r\n` },
});
const candidate = { candidate: { ufrag: 'u1', candidate: 'candidate:1', mid: '0' } };

/** The number of our connection, as it says in its newest signal. */
function number(): number {
  const said = sockets[0]?.sent.map((text) => JSON.parse(text) as { type: string; data: string }) ?? [];
  const signals = said.filter(({ type }) => type === 'signal').map(({ data }) => JSON.parse(data) as { link: number });
  return signals.at(-1)?.link ?? -1;
}

const states = (): readonly string[] => connections.map(({ connectionState }) => connectionState);
const newest = (): Connection => connections[connections.length - 1] as Connection;

test('one connection of theirs is answered by one of ours, however much it says', async () => {
  await says(1, number(), description('answer', 1));
  for (const about of [candidate, candidate, description('offer', 1), description('offer', 2)])
    await says(1, number(), about);
  expect([states(), newest().taken]).toEqual([['new'], 3]);
});

test('a connection that has begun is not given to the next one of theirs, though that answers it by number', async () => {
  await says(1, number(), description('answer', 1));
  await says(2, number(), description('offer', 1));
  expect(states()).toEqual(['closed', 'new']);
});

test('a connection that they have only sent candidates for is replaced when they begin again', async () => {
  await says(1, null, candidate);
  await says(2, null, description('offer', 1));
  expect([states(), newest().taken]).toEqual([['closed', 'new'], 1]);
});

test('a connection that comes up after all is kept, though it was to be replaced as soon as the limit allowed it', async () => {
  for (let time = 0; time < 6; time += 1) newest().channels[0]?.closes();
  expect(states().filter((state) => state === 'new')).toHaveLength(1);
  const kept = newest();
  kept.iceConnectionState = 'connected';
  kept.agrees();
  await vi.advanceTimersByTimeAsync(11_000);
  expect(kept.connectionState).toBe('connected');
});
