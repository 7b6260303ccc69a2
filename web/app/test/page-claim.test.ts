import { afterEach, expect, test, vi } from 'vitest';
import { claimPage } from '../src/platform/page-claim';

/** Web Locks that other pages hold. */
const held = new Set<string>();

const locks = {
  request(name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<never>): Promise<never> {
    if (!held.has(name)) return hold();
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  },
};

afterEach(() => vi.unstubAllGlobals());

test('a page that is closed can be claimed, and one that is open cannot', async () => {
  vi.stubGlobal('navigator', { locks });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  held.add('eyeline:page:open');
  const claims = [claimPage('closed'), claimPage('open'), claimPage('closed')];
  vi.advanceTimersByTime(2000); // in which the lock of a page that is being reloaded is released
  vi.useRealTimers();
  expect(await Promise.all(claims)).toEqual([true, false, true]);
});

test('without Web Locks no page can be claimed', async () => {
  vi.stubGlobal('navigator', {});
  expect(await claimPage('another')).toBe(false);
});
