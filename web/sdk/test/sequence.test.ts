import { afterEach, expect, test, vi } from 'vitest';
import { ReliableMessages } from '../src/connection/reliable-messages.ts';
import { continueSequenceAfter, newestSequence, nextSequence } from '../src/connection/sequence.ts';
import type { ResumeToken } from '../src/signalling/protocol.ts';
import { loadTicket, saveTicket } from '../src/signalling/seat-storage.ts';

const YEAR_MS = 365 * 24 * 3_600_000;
const TICKET = { token: 'token' as ResumeToken, name: 'Alice', heard: 3 };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a number is larger than the one before, even in the same millisecond', () => {
  vi.useFakeTimers();
  expect(nextSequence()).toBeLessThan(nextSequence());
});

test('a page that is reloaded after the clock was set back does not count as older', async () => {
  const kept = new Map<string, string>();
  const setItem = (key: string, value: string): void => void kept.set(key, value);
  vi.stubGlobal('sessionStorage', { setItem, getItem: (key: string) => kept.get(key) ?? null });
  const receiver = new ReliableMessages(() => undefined);
  const before = nextSequence();
  expect(receiver.accept(before)).toBe(true);
  saveTicket('tea', TICKET);
  vi.resetModules();
  vi.useFakeTimers({ now: before - YEAR_MS });
  const [numbers, room, post] = await Promise.all([
    import('../src/connection/sequence.ts'),
    import('../src/signalling/seat-storage.ts'),
    import('../src/connection/reliable-messages.ts'),
  ]);
  expect(numbers.newestSequence()).toBe(0);
  expect(room.loadTicket('tea')).toEqual(TICKET);
  const said: string[] = [];
  void new post.ReliableMessages((text) => said.push(text)).send('still here');
  const { n } = JSON.parse(said[0] ?? '') as { readonly n: number };
  expect(n).toBe(before + 1);
  expect(receiver.accept(n)).toBe(true);
  expect(numbers.nextSequence()).toBe(before + 2);
});

test('an invalid number in the storage is ignored', () => {
  const before = newestSequence();
  continueSequenceAfter(Number.POSITIVE_INFINITY);
  continueSequenceAfter(Number.MAX_SAFE_INTEGER);
  expect(newestSequence()).toBe(before);
  vi.stubGlobal('sessionStorage', { getItem: () => JSON.stringify({ ...TICKET, number: 'none' }) });
  expect(loadTicket('tea')).toEqual(TICKET);
  expect(newestSequence()).toBe(before);
});
