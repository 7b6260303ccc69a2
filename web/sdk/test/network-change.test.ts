import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onNetworkChange } from '../src/connection/network-change.ts';

class Network extends EventTarget {
  type = 'wifi';

  becomes(type: string): void {
    this.type = type;
    this.dispatchEvent(new Event('change'));
  }
}

let network: Network;
let page: EventTarget;
let changes: number;
let ended: AbortController;

beforeEach(() => {
  network = new Network();
  page = new EventTarget();
  changes = 0;
  ended = new AbortController();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('navigator', { connection: network });
});

afterEach(() => vi.unstubAllGlobals());

const follow = (): void => onNetworkChange(() => (changes += 1), ended.signal);

test('switching networks is a change, and a new bandwidth estimate is not', () => {
  follow();
  network.becomes('wifi');
  expect(changes).toBe(0);
  network.becomes('cellular');
  network.becomes('cellular');
  expect(changes).toBe(1);
  network.becomes('wifi');
  expect(changes).toBe(2);
});

test.each([
  ['that lacks the Network Information API', {}],
  ['with another thing of that name', { connection: {} }],
])('in a browser %s, coming back online is a change', (_, navigator) => {
  vi.stubGlobal('navigator', navigator);
  follow();
  page.dispatchEvent(new Event('online'));
  expect(changes).toBe(1);
});

test('nothing is reported after the signal aborts', () => {
  follow();
  ended.abort();
  network.becomes('cellular');
  page.dispatchEvent(new Event('online'));
  expect(changes).toBe(0);
});

test('outside a page nothing is reported, and nothing fails', () => {
  vi.stubGlobal('navigator', undefined);
  vi.stubGlobal('addEventListener', undefined);
  follow();
  expect(changes).toBe(0);
});
