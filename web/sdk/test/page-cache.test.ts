import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { aliceJoinsBob, connections, sockets, stubBrowser } from './browser.ts';

let page: EventTarget;

beforeEach(() => {
  stubBrowser();
  vi.useFakeTimers();
  page = new EventTarget();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const fire = (name: string, persisted: boolean): boolean =>
  page.dispatchEvent(Object.assign(new Event(name), { persisted }));

test('a page that goes into the back/forward cache closes its socket, and returns to its seat when it is shown', async () => {
  const room = await aliceJoinsBob();
  const [socket] = sockets;
  if (socket === undefined) throw new Error('no socket was opened');
  const closed = vi.spyOn(socket, 'close');
  fire('pagehide', true);
  expect(closed).toHaveBeenCalledOnce();
  expect(room.signalling.current).toBe('away');
  const sent = vi.spyOn(Object.getPrototypeOf(socket), 'send');
  fire('pageshow', true);
  expect(sockets.length).toBe(2);
  sockets[1]?.onopen?.();
  expect(sent).toHaveBeenCalledWith(expect.stringContaining('"type":"resume"'));
  room.leave();
});

test('a page that unloads tells the others, and keeps its seat for the page that follows it', async () => {
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  const room = await aliceJoinsBob();
  connections[0]?.agrees();
  fire('pagehide', false);
  expect(connections[0]?.channels[0]?.sent.at(-1)).toEqual({ frame: 'away' });
  expect(JSON.parse(kept.get('eyeline:seat:tea') ?? '')).toMatchObject({ token: 'token', name: 'Alice', heard: 0 });
  room.leave();
  expect(kept.size).toBe(0);
});

test('a page that unloads for good keeps its socket until the browser closes it', async () => {
  const room = await aliceJoinsBob();
  const [socket] = sockets;
  if (socket === undefined) throw new Error('no socket was opened');
  const closed = vi.spyOn(socket, 'close');
  fire('pagehide', false);
  expect(closed).not.toHaveBeenCalled();
  room.leave();
});
