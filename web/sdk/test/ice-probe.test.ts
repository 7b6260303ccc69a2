import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { probeStun, probeTurn } from '../src/connection/ice-probe.ts';

const STUN = 'stun:stun.example:3478';
const TURN = { urls: ['turn:turn.example:3478'], username: 'u', credential: 'c' };

class Channel extends EventTarget {
  readyState = 'connecting';
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  other: Channel | null = null;

  opens(): void {
    this.readyState = 'open';
    this.dispatchEvent(new Event('open'));
  }

  send(data: string): void {
    setTimeout(() => {
      this.other?.onmessage?.({ data });
      this.other?.dispatchEvent(new Event('message'));
    }, 20);
  }
}

/** The test plays the browser's ICE agent. */
class Connection extends EventTarget {
  readonly configuration: RTCConfiguration;
  iceGatheringState = 'new';
  localDescription: object | null = null;
  remoteDescription: object | null = null;
  readonly added: unknown[] = [];
  closed = false;
  readonly channel = new Channel();

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
    connections.push(this);
  }

  createDataChannel(): Channel {
    return this.channel;
  }

  async setLocalDescription(): Promise<void> {
    this.localDescription = { by: connections.indexOf(this) };
  }

  async setRemoteDescription(description: object): Promise<void> {
    this.remoteDescription = description;
  }

  async addIceCandidate(candidate: unknown): Promise<void> {
    this.added.push(candidate);
  }

  close(): void {
    this.closed = true;
  }

  finds(type: string, address = '192.0.2.1'): void {
    const candidate = { candidate: `candidate ${type}`, type, address };
    this.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate }));
  }

  /** Some browsers end with an empty candidate, and all with null. */
  ends(): void {
    this.iceGatheringState = 'complete';
    for (const candidate of [{ candidate: '', type: null }, null]) {
      this.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate }));
    }
    this.dispatchEvent(new Event('icegatheringstatechange'));
  }

  fails(errorCode: number, url: string): void {
    this.dispatchEvent(Object.assign(new Event('icecandidateerror'), { url, errorCode }));
  }
}

let connections: Connection[] = [];

beforeEach(() => {
  connections = [];
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', Connection);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const allClosed = (): boolean => connections.length > 0 && connections.every(({ closed }) => closed);

describe('a STUN server', () => {
  test('has answered with our public address', async () => {
    const answer = probeStun(STUN);
    expect(connections[0]?.configuration).toEqual({ iceServers: [{ urls: [STUN] }], iceTransportPolicy: 'all' });
    connections[0]?.finds('host');
    connections[0]?.finds('srflx', '203.0.113.7');
    expect(await answer).toEqual({ found: 'answer', address: '203.0.113.7' });
    expect(allClosed()).toBe(true);
  });

  test('has answered if gathering ends without an error and without a second address: there is no NAT', async () => {
    const answer = probeStun(STUN);
    connections[0]?.finds('host');
    connections[0]?.ends();
    expect(await answer).toEqual({ found: 'answer', address: null });
  });

  test.each(['an error', 'no candidate at all'])('is silent if gathering ends with %s', async (what) => {
    const answer = probeStun(STUN);
    if (what === 'an error') {
      connections[0]?.finds('host');
      connections[0]?.fails(701, STUN);
    }
    connections[0]?.ends();
    expect(await answer).toEqual({ found: 'silent' });
  });

  test('is silent if it has not answered after 6 seconds', async () => {
    const told = vi.fn();
    void probeStun(STUN).then(told);
    connections[0]?.finds('host');
    await vi.advanceTimersByTimeAsync(5999);
    expect(told).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toHaveBeenCalledWith({ found: 'silent' });
    expect(allClosed()).toBe(true);
  });

  test.each(['before', 'while'])('is left alone if the signal aborts %s it is being asked', async (when) => {
    const abort = new AbortController();
    if (when === 'before') abort.abort('enough');
    const answer = probeStun(STUN, abort.signal);
    const failed = expect(answer).rejects.toBe('enough');
    await vi.advanceTimersByTimeAsync(0);
    abort.abort('enough');
    await failed;
    expect([allClosed(), vi.getTimerCount()]).toEqual([true, 0]);
  });
});

describe('a TURN server', () => {
  /** It allocates a relay for both ends, and their channels are about to open. */
  async function allocates(): Promise<readonly Channel[]> {
    await vi.advanceTimersByTimeAsync(0);
    for (const connection of connections) connection.finds('relay');
    await vi.advanceTimersByTimeAsync(0);
    return connections.map(({ channel }) => channel);
  }

  function joinChannels([alice, bob]: readonly Channel[]): void {
    if (alice === undefined || bob === undefined) throw new Error('two connections were expected');
    [alice.other, bob.other] = [bob, alice];
  }

  test('passes data there and back, and the round trip is measured', async () => {
    const answer = probeTurn(TURN);
    const channels = await allocates();
    joinChannels(channels);
    for (const channel of channels) channel.opens();
    await vi.advanceTimersByTimeAsync(40);
    expect(await answer).toEqual({ found: 'passes', roundTripMs: 40 });
    expect(allClosed()).toBe(true);
  });

  test('is used by both ends, which tell each other their descriptions and candidates', async () => {
    const answer = probeTurn(TURN);
    await allocates();
    const [alice, bob] = connections;
    for (const each of [alice, bob]) {
      expect(each?.configuration).toEqual({ iceServers: [TURN], iceTransportPolicy: 'relay' });
      expect(each?.added).toEqual([expect.objectContaining({ type: 'relay' })]);
    }
    expect([alice?.remoteDescription, bob?.remoteDescription]).toEqual([{ by: 1 }, { by: 0 }]);
    await vi.advanceTimersByTimeAsync(8000);
    await answer;
  });

  test('passes no data if nothing has come through the relay after 8 seconds', async () => {
    const told = vi.fn();
    void probeTurn(TURN).then(told);
    for (const channel of await allocates()) channel.opens();
    await vi.advanceTimersByTimeAsync(7999);
    expect(told).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toHaveBeenCalledWith({ found: 'no-data' });
    expect(allClosed()).toBe(true);
  });

  test.each([
    ['has refused the credentials', 401, 'turn:turn.example:3478', 'refused'],
    ['is silent', 701, 'turn:turn.example:3478', 'silent'],
    ['is silent if another server has refused', 401, 'turn:other.example:3478', 'silent'],
  ])('%s', async (_, code, url, found) => {
    const answer = probeTurn(TURN);
    await vi.advanceTimersByTimeAsync(0);
    connections[0]?.fails(code, url);
    for (const connection of connections) connection.ends();
    expect(await answer).toEqual({ found });
    expect(allClosed()).toBe(true);
  });

  test('has refused the credentials, although it was silent at another address before', async () => {
    const answer = probeTurn(TURN);
    await vi.advanceTimersByTimeAsync(0);
    for (const code of [701, 401]) connections[0]?.fails(code, 'turn:turn.example:3478');
    for (const connection of connections) connection.ends();
    expect(await answer).toEqual({ found: 'refused' });
  });
});
