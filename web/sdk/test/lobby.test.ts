import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { join, openLobby, rejoin } from '../src/lobby.ts';
import type { Room } from '../src/room.ts';
import { alice, aliceJoinsBob, bob, Connection, connections, roster, Socket, sockets, stubBrowser } from './browser.ts';

const reported: unknown[] = [];

beforeEach(() => {
  stubBrowser();
  reported.length = 0;
  vi.stubGlobal('queueMicrotask', (report: () => void) => reported.push(report));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const TEA = { url: 'https://eyeline.example/', room: 'tea' };
const SEAT = { type: 'joined', you: 'a', resume: 'token', heard: 0, gap: false, iceServers: [] };
const WELCOME = { type: 'welcome', capacity: 6, iceServers: [], roster: roster(bob) };

const giveSeat = (): void => sockets.at(-1)?.says({ ...SEAT, roster: roster(bob, alice) });

/** What was sent over all sockets, by type. */
const sent = (): readonly string[] =>
  sockets.flatMap((socket) => socket.sent.map((text) => (JSON.parse(text) as { type: string }).type));

const codeOf = async (joining: Promise<Room | null>): Promise<string> =>
  joining.then(
    () => 'joined',
    (error: { code: string }) => error.code,
  );

describe('options that can not work', () => {
  test.for([
    ['room-name', { room: 'Tea Time' }],
    ['secret', { secret: 'short' }],
    ['url', { url: '/calls/' }],
    ['url', { url: 'file:///home/' }],
    ['url', { url: 'xhttps://eyeline.example/' }],
    ['url', { url: undefined as unknown as string }],
  ] as const)('are rejected as %s, and nothing is thrown at once: %j', async ([code, wrong]) => {
    expect(await codeOf(join({ ...TEA, name: 'Alice', ...wrong }))).toBe(code);
    const lobby = openLobby({ ...TEA, ...wrong });
    expect([lobby.refused.current?.code, await codeOf(lobby.join({ name: 'Alice' }))]).toEqual([code, code]);
    lobby.prepare(new MediaStream());
    lobby.hideAddress(true);
    lobby.leave();
    expect(sockets).toEqual([]);
  });

  test('a name that is no text is rejected', async () => {
    expect(await codeOf(join({ ...TEA, name: undefined as unknown as string }))).toBe('name');
  });

  test('a page that comes back is told as well', async () => {
    vi.stubGlobal('sessionStorage', {
      getItem: () => JSON.stringify({ token: 'token', name: 'Alice', heard: 0 }),
      setItem: () => undefined,
      removeItem: () => undefined,
    });
    expect(await codeOf(rejoin({ ...TEA, url: '/calls/' }))).toBe('url');
  });
});

describe('a browser without WebRTC', () => {
  beforeEach(() => vi.stubGlobal('RTCPeerConnection', undefined));

  test('is told so at once, and the server is not asked', async () => {
    const lobby = openLobby(TEA);
    expect(lobby.refused.current?.code).toBe('no-webrtc');
    expect(await codeOf(join({ ...TEA, name: 'Alice' }))).toBe('no-webrtc');
    expect(sockets).toEqual([]);
  });
});

describe('a browser that can not make a connection', () => {
  beforeEach(() => {
    vi.stubGlobal(
      'RTCPeerConnection',
      class {
        constructor() {
          throw new SyntaxError('a server of this kind is unknown here');
        }
      },
    );
  });

  test('gives its seat back, and joining is rejected with the reason', async () => {
    const joining = join({ ...TEA, name: 'Alice' });
    sockets[0]?.onopen?.();
    giveSeat();
    await expect(joining).rejects.toMatchObject({ code: 'setup-failed', message: expect.stringContaining('unknown') });
    expect(sent()).toEqual(['hello', 'join', 'leave']);
    expect(reported).toHaveLength(1);
  });

  test('does not keep its camera from starting, or the lobby from opening', () => {
    const lobby = openLobby(TEA);
    sockets[0]?.onopen?.();
    sockets[0]?.says(WELCOME);
    lobby.prepare(new MediaStream());
    expect(lobby.members.current).toEqual([bob]);
    expect(reported).toEqual([]);
    lobby.leave();
  });
});

test('a list of servers that the browser rejects leaves the ones before it, is reported, and the call goes on', async () => {
  const room = await aliceJoinsBob();
  vi.spyOn(Connection.prototype, 'setConfiguration').mockImplementation(() => {
    throw new SyntaxError('a server of this kind is unknown here');
  });
  sockets[0]?.says({ type: 'ice-servers', iceServers: [{ urls: ['turn:x'] }] });
  connections[0]?.is('connected');
  expect(room.peers.current.map((peer) => peer.name)).toEqual(['Bob']);
  expect(reported).toHaveLength(1);
  vi.restoreAllMocks();
  room.leave();
});

describe('joining that was aborted', () => {
  test('before it began asks for no seat', async () => {
    const lobby = openLobby(TEA);
    sockets[0]?.onopen?.();
    expect(await codeOf(lobby.join({ name: 'Ghost', signal: AbortSignal.abort() }))).toBe('aborted');
    expect(await codeOf(join({ ...TEA, name: 'Ghost', signal: AbortSignal.abort() }))).toBe('aborted');
    expect(sent()).toEqual(['hello']);
    lobby.leave();
  });

  test('while the server answered leaves no ghost in the room, and the lobby can join later', async () => {
    const lobby = openLobby(TEA);
    sockets[0]?.onopen?.();
    const abort = new AbortController();
    const joining = codeOf(lobby.join({ name: 'Alice', signal: abort.signal }));
    abort.abort();
    giveSeat();
    expect(await joining).toBe('aborted');
    expect(sent()).toEqual(['hello', 'join', 'leave']);
    lobby.leave();
  });
});

test('a seat that nobody asked for is given back', async () => {
  const lobby = openLobby(TEA);
  sockets[0]?.onopen?.();
  giveSeat();
  expect([sent(), reported]).toEqual([['hello', 'leave'], []]);
  lobby.leave();
});

describe('a page whose policy forbids the connection', () => {
  test('a WebSocket that throws is tried again, and nothing is thrown', async () => {
    vi.useFakeTimers();
    let tries = 0;
    class Forbidden extends Socket {
      constructor() {
        super();
        tries += 1;
        if (tries < 3) throw new DOMException('', 'SecurityError');
      }
    }
    vi.stubGlobal('WebSocket', Forbidden);
    const joining = join({ ...TEA, name: 'Alice' });
    await vi.advanceTimersByTimeAsync(2000);
    expect(tries).toBe(3);
    sockets.at(-1)?.onopen?.();
    giveSeat();
    (await joining).leave();
  });

  test.for(['wss://eyeline.example/ws', 'wss://eyeline.example', 'wss'])(
    'is told so at once, as the browser blocked %s',
    async (blockedURI) => {
      const page = new EventTarget();
      vi.stubGlobal('document', page);
      const joining = codeOf(join({ ...TEA, name: 'Alice' }));
      const violation = (more: object) =>
        Object.assign(new Event('securitypolicyviolation'), {
          effectiveDirective: 'connect-src',
          disposition: 'enforce',
          blockedURI,
          ...more,
        });
      page.dispatchEvent(violation({ blockedURI: 'wss://other.example/ws' }));
      page.dispatchEvent(violation({ disposition: 'report' }));
      page.dispatchEvent(violation({ effectiveDirective: 'img-src' }));
      const ended = vi.fn();
      void joining.then(ended);
      await new Promise((done) => setTimeout(done));
      expect([sent(), ended.mock.calls]).toEqual([[], []]);
      page.dispatchEvent(violation({}));
      expect(await joining).toBe('csp-blocked');
    },
  );
});

describe('a page whose sockets the server refuses', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('location', new URL('https://shop.example/'));
  });

  const healthz = (status: unknown) => async (url: URL) => {
    asked.push(url.href);
    return { json: async () => status };
  };
  let asked: string[] = [];
  beforeEach(() => {
    asked = [];
  });

  const refuse = async (): Promise<void> => {
    sockets.at(-1)?.onclose?.();
    await vi.advanceTimersByTimeAsync(1000);
  };

  test.each([
    ['foreign-origin', 'https://shop.example', 'allow https://shop.example in its allowed_origins'],
    ['foreign-origin', 'https://eyeline.example', 'a proxy must pass Host with its port'],
    ['unknown-host', 'https://shop.example', "doesn't know the name eyeline.example"],
  ])('is told within seconds that it is %s', async (refuses, origin, words) => {
    vi.stubGlobal('location', new URL(`${origin}/`));
    vi.stubGlobal('fetch', healthz({ status: 'ok', refuses }));
    const joining = join({ ...TEA, name: 'Alice' }).catch((error: unknown) => error);
    await refuse();
    await refuse();
    expect(await joining).toMatchObject({ code: refuses, message: expect.stringContaining(words) });
    expect(asked).toEqual([`https://eyeline.example/healthz?origin=${encodeURIComponent(origin)}`]);
  });

  test.each([{ status: 'ok' }, { status: 'ok', refuses: 'something new' }, [], null, 'ok'])(
    'goes on trying while the server answers %j',
    async (status) => {
      vi.stubGlobal('fetch', healthz(status));
      const joining = codeOf(join({ ...TEA, name: 'Alice' }));
      await refuse();
      await refuse();
      await vi.advanceTimersByTimeAsync(15_000);
      expect(await joining).toBe('unreachable');
    },
  );

  test('waits for a server that answers nothing', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    const joining = codeOf(join({ ...TEA, name: 'Alice' }));
    await refuse();
    await refuse();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await joining).toBe('unreachable');
  });
});

describe('the lobby knows before joining', () => {
  test.each([
    [{}, 'open', 'knock', 6],
    [{ role: 'member' }, 'open', 'knock', 6],
    [{ role: 'host' }, 'open', 'open', 7],
    [{ role: 'co-host' }, 'open', 'open', 7],
  ])('as %j what joining does, and how many seats there are', (welcome, before, after, capacity) => {
    const lobby = openLobby(TEA);
    sockets.at(-1)?.onopen?.();
    sockets.at(-1)?.says({ ...WELCOME, ...welcome });
    expect([lobby.entry.current, lobby.capacity.current]).toEqual([before, capacity]);
    sockets.at(-1)?.says({ ...roster(bob), version: 9, rules: { entry: 'knock' } });
    expect(lobby.entry.current).toBe(after);
    lobby.leave();
  });
});
