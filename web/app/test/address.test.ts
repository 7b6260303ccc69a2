import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { address } from '../src/platform/address';

const base = 'https://eyeline.example/call/';

/** The history of one tab: entries, of which one is shown. Moves come later, as in browsers. */
class FakeHistory {
  entries: { url: string; state: unknown }[];
  at: number;
  /** Addresses of other sites that were loaded. */
  #moves: number[] = [];

  constructor(...paths: string[]) {
    this.entries = paths.map((path) => ({ url: base + path, state: null }));
    this.at = paths.length - 1;
  }

  get state(): unknown {
    return this.entries[this.at]?.state ?? null;
  }

  get url(): URL {
    return new URL(this.entries[this.at]?.url ?? base);
  }

  pushState(state: unknown, _: string, url: URL = this.url): void {
    this.entries.splice(this.at + 1, Number.POSITIVE_INFINITY, { url: url.href, state });
    this.at += 1;
  }

  replaceState(state: unknown, _: string, url: URL = this.url): void {
    this.entries[this.at] = { url: url.href, state };
  }

  go(by: number): void {
    this.#moves.push(by);
  }

  /** Makes the moves that are due. */
  async settle(): Promise<void> {
    await Promise.resolve();
    for (let by = this.#moves.shift(); by !== undefined; by = this.#moves.shift()) {
      if (this.entries[this.at + by] === undefined) continue;
      this.at += by;
      window.dispatchEvent(new Event('popstate'));
      await Promise.resolve();
    }
  }

  async press(by: number): Promise<void> {
    this.go(by);
    await this.settle();
  }
}

let tab: FakeHistory;
let page: EventTarget;

/** Loads the page of the entry that is shown. */
function load() {
  page = new EventTarget();
  vi.stubGlobal('window', Object.assign(page, { scrollTo: () => undefined }));
  return address();
}

function start(...paths: string[]) {
  tab = new FakeHistory(...paths);
  vi.stubGlobal('history', tab);
  return load();
}

beforeEach(() => {
  vi.stubGlobal('document', { baseURI: base });
  vi.stubGlobal('location', {
    get pathname() {
      return tab.url.pathname;
    },
    get hash() {
      return tab.url.hash;
    },
  });
});

afterEach(() => vi.unstubAllGlobals());

/** Opens a layer, and says whether it is open. */
function open(where: ReturnType<typeof address>) {
  const layer = { open: true, close: () => {} };
  const gone = where.layer(() => {
    layer.open = false;
  });
  layer.close = () => {
    layer.open = false;
    gone();
  };
  return layer;
}

test('Back closes the topmost layer, then the one below, then leaves the page', async () => {
  const where = start('', 'r/tea#key');
  const call = open(where);
  const chat = open(where);
  await tab.settle();
  await tab.press(-1);
  expect([call.open, chat.open, where.path.value]).toEqual([true, false, 'r/tea#key']);
  await tab.press(-1);
  expect([call.open, where.path.value]).toEqual([false, 'r/tea#key']);
  await tab.press(-1);
  expect(where.path.value).toBe('');
});

test('a layer that opens another one when it is closed keeps the page, however often Back is pressed', async () => {
  const where = start('', 'r/tea#key');
  let closed = 0;
  const again = () => {
    closed += 1;
    where.layer(again);
  };
  where.layer(again);
  await tab.settle();
  await tab.press(-1);
  await tab.press(-1);
  expect([closed, where.path.value]).toEqual([2, 'r/tea#key']);
});

test('a layer that is closed by its button takes its entry away', async () => {
  const where = start('', 'r/tea');
  const chat = open(where);
  await tab.settle();
  chat.close();
  await tab.settle();
  await tab.press(-1);
  expect(where.path.value).toBe('');
});

test('one layer in place of another leaves the history alone', async () => {
  const where = start('r/tea');
  const chat = open(where);
  await tab.settle();
  chat.close();
  const files = open(where);
  await tab.settle();
  expect([tab.at, tab.entries.length]).toEqual([1, 2]);
  await tab.press(-1);
  expect([files.open, tab.at]).toEqual([false, 0]);
});

test('what opens while the history still goes back gets its entry', async () => {
  const where = start('r/tea');
  const chat = open(where);
  await tab.settle();
  chat.close();
  await Promise.resolve();
  const files = open(where);
  await tab.settle();
  expect(tab.at).toBe(1);
  await tab.press(-1);
  expect([files.open, tab.at]).toEqual([false, 0]);
});

test('Forward to a layer that was closed does nothing', async () => {
  const where = start('r/tea');
  const call = open(where);
  const chat = open(where);
  await tab.settle();
  await tab.press(-1);
  await tab.press(1);
  expect([call.open, chat.open, tab.at]).toEqual([true, false, 1]);
  await tab.press(-1);
  expect(call.open).toBe(false);
});

test('after a reload with two layers, one that is opened again takes the entry of one of them', async () => {
  const before = start('', 'r/tea');
  open(before);
  open(before);
  await tab.settle();
  const where = load();
  const call = open(where);
  await tab.settle();
  expect(tab.at).toBe(2);
  await tab.press(-1);
  expect([call.open, where.path.value]).toEqual([false, 'r/tea']);
  await tab.press(-1);
  expect(where.path.value).toBe('');
});

test('after a reload that opens none of the layers again, Back leaves the page at once', async () => {
  const before = start('', 'r/tea');
  open(before);
  open(before);
  await tab.settle();
  const where = load();
  await tab.press(-1);
  expect(where.path.value).toBe('');
});

test('a tab that has nothing before the page stays there, and still opens other pages', async () => {
  const before = start('r/tea');
  open(before);
  await tab.settle();
  const where = load();
  await tab.press(-1);
  where.go('test');
  expect([where.path.value, tab.entries.map(({ url }) => url)]).toEqual(['test', [`${base}r/tea`, `${base}test`]]);
});

test('another page opens after the entries of the layers are gone', async () => {
  const where = start('r/tea');
  const call = open(where);
  await tab.settle();
  call.close();
  await Promise.resolve();
  where.go('r/two');
  await tab.settle();
  expect(where.path.value).toBe('r/two');
  expect(tab.entries.map(({ url }) => url)).toEqual([`${base}r/tea`, `${base}r/two`]);
});

test('renaming the address keeps the layers, and Back still closes them', async () => {
  const where = start('', 'r/tea#key&host=secret');
  const call = open(where);
  await tab.settle();
  const chat = open(where);
  where.rename('r/tea#key');
  await tab.settle();
  await tab.press(-1);
  expect([call.open, chat.open, where.path.value]).toEqual([true, false, 'r/tea#key&host=secret']);
});
