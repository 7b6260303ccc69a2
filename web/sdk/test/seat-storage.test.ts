import { afterEach, expect, test, vi } from 'vitest';
import { loadTicket, saveTicket } from '../src/signalling/seat-storage.ts';

const TICKET = { token: 't', name: 'Alice', heard: 7 };

afterEach(() => void vi.unstubAllGlobals());

/** The tab has kept that. */
function keeps(text: string): void {
  vi.stubGlobal('sessionStorage', { getItem: () => text });
}

test.each([null, 'text', [], ...['token', 'name', 'heard'].map((field) => ({ ...TICKET, [field]: undefined }))])(
  'a seat kept as %j is none',
  (value) => {
    keeps(JSON.stringify(value));
    expect(loadTicket('tea')).toBeNull();
  },
);

test('a seat is kept by its room, and without storage there is none', () => {
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  saveTicket('tea', TICKET);
  expect([loadTicket('tea'), loadTicket('coffee')]).toEqual([TICKET, null]);
  saveTicket('tea', null);
  expect(loadTicket('tea')).toBeNull();
  vi.stubGlobal('sessionStorage', undefined);
  saveTicket('tea', TICKET);
  expect(loadTicket('tea')).toBeNull();
});
