import { afterEach, expect, test, vi } from 'vitest';
import { newestLinkNumber, nextLinkNumber, numberLinksAfter } from '../src/link-number.ts';
import type { ResumeToken } from '../src/protocol.ts';
import { loadTicket, saveTicket } from '../src/room.ts';

const YEAR_MS = 365 * 24 * 3_600_000;
const TICKET = { token: 'token' as ResumeToken, name: 'Alice', heard: 3 };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a link has a larger number than the one before, also when both are made in one millisecond', () => {
  vi.useFakeTimers();
  expect(nextLinkNumber()).toBeLessThan(nextLinkNumber());
});

test('a page that is loaded anew after the clock was put back goes on from the number before', async () => {
  const kept = new Map<string, string>();
  const setItem = (key: string, value: string): void => void kept.set(key, value);
  vi.stubGlobal('sessionStorage', { setItem, getItem: (key: string) => kept.get(key) ?? null });
  const before = nextLinkNumber();
  saveTicket('tea', TICKET);
  vi.resetModules();
  vi.useFakeTimers({ now: before - YEAR_MS });
  const [numbers, room] = [await import('../src/link-number.ts'), await import('../src/room.ts')];
  expect(numbers.newestLinkNumber()).toBe(0);
  expect(room.loadTicket('tea')).toEqual(TICKET);
  expect(numbers.nextLinkNumber()).toBe(before + 1);
});

test('a number in the storage that is none is left alone', () => {
  const before = newestLinkNumber();
  numberLinksAfter(Number.POSITIVE_INFINITY);
  expect(newestLinkNumber()).toBe(before);
  vi.stubGlobal('sessionStorage', { getItem: () => JSON.stringify({ ...TICKET, link: 'none' }) });
  expect(loadTicket('tea')).toEqual(TICKET);
  expect(newestLinkNumber()).toBe(before);
});
