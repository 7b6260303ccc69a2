import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SignalMessage } from '../src/connection/messages.ts';
import { PeerConnection, type PeerConnectionOptions } from '../src/connection/peer-connection.ts';
import type { SpareConnection } from '../src/connection/spare-connection.ts';

interface Track {
  readonly kind: 'video';
  readonly readyState: 'live';
}

const CAMERA: Track = { kind: 'video', readyState: 'live' };
const STREAM = { getTracks: () => [CAMERA] } as unknown as MediaStream;

function linkOn(connection: object, options: Partial<PeerConnectionOptions>): PeerConnection {
  return new PeerConnection({
    spare: { connection, channel: {}, errors: [] } as unknown as SpareConnection,
    polite: true,
    offers: true,
    tracks: { stream: null, screen: null },
    accepts: () => true,
    connections: 1,
    maxHeight: null,
    to: null,
    signal: () => undefined,
    gatherWithin: 4000,
    reachable: () => true,
    onTrack: () => undefined,
    onState: () => undefined,
    onFailed: () => undefined,
    ...options,
  });
}

test('of tracks published in quick succession the last one is sent', async () => {
  const sender = {
    track: CAMERA as Track | null,
    getParameters: () => ({ encodings: [] }),
    async replaceTrack(track: Track | null): Promise<void> {
      await Promise.resolve(); // as a browser: the sender has it later
      sender.track = track;
    },
  };
  const transceiver = { sender, receiver: { track: { kind: 'video' } }, direction: 'sendrecv' };
  const connection = { getTransceivers: () => [transceiver], remoteDescription: {}, close: () => undefined };
  const link = linkOn(connection, { offers: false });
  link.publish({ stream: STREAM, screen: null });
  link.close();
  await new Promise((resolve) => setTimeout(resolve));
  expect(sender.track).toBe(CAMERA);
});

/** A connection whose camera sends 720 lines, and what it was last told to send. */
function sending() {
  const encoding: RTCRtpEncodingParameters = {};
  const track = { ...CAMERA, getSettings: () => ({ width: 1280, height: 720 }) };
  const sender = {
    track,
    getParameters: () => ({ encodings: [encoding] }),
    setParameters: () => Promise.resolve(),
    replaceTrack: () => Promise.resolve(),
  };
  const transceiver = { mid: '1', sender, receiver: { track: { kind: 'video' } }, direction: 'sendrecv' };
  const connection = {
    getTransceivers: () => [transceiver],
    remoteDescription: {},
    connectionState: 'new',
    onconnectionstatechange: () => undefined,
    close: () => undefined,
  };
  const stream = { getTracks: () => [track] } as unknown as MediaStream;
  return { connection, encoding, link: linkOn(connection, { offers: false, tracks: { stream, screen: null } }) };
}

test('a limited height makes the camera’s picture smaller, with less bitrate; none ends the limit', () => {
  const { encoding, link } = sending();
  const before = { ...encoding };
  link.limitVideo(180);
  expect(encoding).toMatchObject({ active: true, scaleResolutionDownBy: 4 });
  expect(encoding.maxBitrate).toBeLessThan(200_000);
  link.limitVideo(null);
  expect(encoding).toEqual(before);
  link.close();
});

test('a height of 0 stops the camera’s video', () => {
  const { encoding, link } = sending();
  link.limitVideo(0);
  expect(encoding.active).toBe(false);
  link.limitVideo(4320);
  expect(encoding).toMatchObject({ active: true, maxBitrate: 2_500_000, scaleResolutionDownBy: 2 });
  link.close();
});

test('a congested line gets a smaller picture, once the picture has its full size', async () => {
  vi.useFakeTimers();
  const { connection, encoding, link } = sending();
  let second = 0;
  /** A second later half of what was sent is lost. */
  const measure = (): void => {
    second += 1;
    const rows = [
      {
        id: 'O',
        type: 'outbound-rtp',
        kind: 'video',
        mid: '1',
        ssrc: 5,
        framesSent: 30 * second,
        packetsSent: 100 * second,
      },
      { id: 'R', type: 'remote-inbound-rtp', kind: 'video', ssrc: 5, packetsLost: 50 * second, roundTripTime: 0.05 },
    ];
    link.adapt(new Map(rows.map((row) => [row.id, row])));
    vi.advanceTimersByTime(1000);
  };
  connection.connectionState = 'connected';
  connection.onconnectionstatechange();
  measure();
  expect(encoding).toMatchObject({ scaleResolutionDownBy: 1, maxBitrate: 2_500_000 });
  measure();
  expect(encoding).toMatchObject({ scaleResolutionDownBy: 1 });
  measure();
  expect(encoding).toMatchObject({ scaleResolutionDownBy: 2, maxBitrate: 300_000 });
  link.close();
  vi.useRealTimers();
});

test('a transceiver is sendonly if nothing is accepted from the other side', () => {
  const lines: { direction: string; readonly receiver: object; readonly sender: object }[] = [];
  const connection = {
    getTransceivers: () => lines,
    addTransceiver: (kind: string) => {
      const sender = { track: null, getParameters: () => ({ encodings: [] }) };
      lines.push({ direction: 'sendrecv', receiver: { track: { kind } }, sender });
    },
    setLocalDescription: () => new Promise(() => undefined),
    remoteDescription: null,
    close: () => undefined,
  };
  const link = linkOn(connection, { accepts: (name) => name === 'microphone' });
  expect(lines.map(({ direction }) => direction)).toEqual(['sendrecv', 'sendonly', 'sendonly', 'sendonly']);
  link.close();
});

class Gathering {
  onicecandidate: ((event: { readonly candidate: object | null }) => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  onnegotiationneeded: (() => void) | null = null;
  connectionState = 'new';
  iceConnectionState = 'new';
  localDescription = { sdp: '' };
  remoteDescription: object | null = null;
  readonly getTransceivers = () => [];
  readonly addTransceiver = () => undefined;
  readonly restartIce = vi.fn();
  readonly setLocalDescription = async () => undefined;
  readonly setRemoteDescription = async (description: object) => {
    this.remoteDescription = description;
  };
  readonly addIceCandidate = vi.fn(async () => undefined);
  readonly close = () => undefined;
}

const HOST = 'a=candidate:1 1 udp 2122260223 192.0.2.1 4711 typ host\r\n';

const theirOffer = (number: number): SignalMessage => ({
  link: 7,
  to: null,
  about: { description: { kind: 'offer', number, ufrag: 'theirs', sdp: 'a=setup:actpass\r\n' } },
});
const theirAnswer = (number: number, setup: string): SignalMessage => ({
  link: 7,
  to: null,
  about: { description: { kind: 'answer', number, ufrag: 'theirs', sdp: `a=setup:${setup}\r\n` } },
});

describe('between the two sides', () => {
  const signal = vi.fn();
  let connection: Gathering;
  let link: PeerConnection;

  beforeEach(async () => {
    signal.mockClear();
    connection = new Gathering();
    connection.localDescription = { sdp: 'a=ice-ufrag:mine\r\n' };
    link = linkOn(connection, { signal });
    await link.idle();
  });

  afterEach(() => link.close());

  const gathers = (candidate: object | null): void => connection.onicecandidate?.({ candidate });

  test('our offer and each candidate are signalled, and after the end nothing more', () => {
    const sdp = 'a=ice-ufrag:mine\r\n';
    const offer = { description: { kind: 'offer', number: 1, ufrag: 'mine', sdp } };
    expect(signal.mock.calls).toEqual([[{ link: link.number, to: null, about: offer }]]);
    for (const usernameFragment of ['next', null]) gathers({ candidate: 'candidate:1', sdpMid: '0', usernameFragment });
    for (const end of [{ candidate: '' }, null]) gathers(end);
    const told = (ufrag: string) => ({ candidate: { ufrag, candidate: 'candidate:1', mid: '0' } });
    expect(signal.mock.calls.slice(1).map(([{ about }]) => about)).toEqual([told('next'), told('mine')]);
    link.close();
    gathers({ candidate: 'candidate:2' });
    expect(signal).toHaveBeenCalledTimes(3);
  });

  test('what is signalled names the connection of theirs that it answers', () => {
    link.receive(theirAnswer(1, 'active'));
    gathers({ candidate: 'candidate:1' });
    expect(signal.mock.lastCall).toMatchObject([{ link: link.number, to: 7 }]);
  });

  test('their candidates are given to the browser, and one that it refuses does no harm', async () => {
    const onFailed = vi.fn();
    const other = linkOn(connection, { onFailed });
    await other.idle();
    connection.addIceCandidate.mockRejectedValueOnce(new DOMException('', 'OperationError'));
    other.receive(theirAnswer(1, 'active'));
    for (const candidate of ['candidate:1', 'candidate:2'])
      other.receive({ link: 7, to: null, about: { candidate: { ufrag: 'theirs', candidate, mid: '0' } } });
    await vi.waitFor(() => expect(connection.addIceCandidate).toHaveBeenCalledTimes(2));
    await other.idle();
    expect(connection.addIceCandidate).toHaveBeenLastCalledWith({
      candidate: 'candidate:2',
      sdpMid: '0',
      usernameFragment: 'theirs',
    });
    expect(onFailed).not.toHaveBeenCalled();
    other.close();
  });

  test('they keep the DTLS role of their first answer', async () => {
    link.receive(theirAnswer(1, 'passive'));
    await vi.waitFor(() =>
      expect(connection.remoteDescription).toEqual({ type: 'answer', sdp: 'a=setup:passive\r\n' }),
    );
    connection.onnegotiationneeded?.();
    await vi.waitFor(() => expect(signal).toHaveBeenCalledTimes(2));
    connection.remoteDescription = null;
    link.receive(theirAnswer(2, 'active'));
    await vi.waitFor(() =>
      expect(connection.remoteDescription).toEqual({ type: 'answer', sdp: 'a=setup:passive\r\n' }),
    );
  });

  test.each([
    ['is larger than they take', new TypeError('too large'), 0],
    ['does not fit into the buffer', new DOMException('', 'OperationError'), 1],
  ])('a text that %s fails the connection only if nothing gets through', (_, error, times) => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const onFailed = vi.fn();
    const send = (): never => {
      throw error;
    };
    const channel = { readyState: 'open', bufferedAmount: 0, send };
    const spare = { connection, channel, errors: [] } as unknown as SpareConnection;
    const full = linkOn(connection, { onFailed, spare });
    full.send('hello');
    expect(onFailed).toHaveBeenCalledTimes(times);
    full.close();
    vi.restoreAllMocks();
  });
});

describe('a path that is lost', () => {
  let connection: Gathering;
  let link: PeerConnection;

  beforeEach(() => {
    vi.useFakeTimers();
    connection = new Gathering();
    connection.localDescription = { sdp: HOST };
  });

  afterEach(() => {
    link.close();
    vi.useRealTimers();
  });

  const ice = (state: string): void => {
    connection.iceConnectionState = state;
    connection.oniceconnectionstatechange?.();
  };

  test('is looked for again at once if ICE has failed, else after 2 s', async () => {
    link = linkOn(connection, {});
    await vi.advanceTimersByTimeAsync(0); // our offer
    link.receive(theirAnswer(1, 'active'));
    await vi.advanceTimersByTimeAsync(0);
    ice('failed');
    expect(connection.restartIce).toHaveBeenCalledTimes(1);
    ice('disconnected');
    await vi.advanceTimersByTimeAsync(1999);
    expect(connection.restartIce).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.restartIce).toHaveBeenCalledTimes(2);
  });

  test('is looked for again after 2 s, also if they have just renegotiated something', async () => {
    link = linkOn(connection, { offers: false });
    link.receive(theirOffer(1));
    await vi.advanceTimersByTimeAsync(0);
    ice('disconnected');
    link.receive(theirOffer(2));
    await vi.advanceTimersByTimeAsync(2000);
    expect(connection.restartIce).toHaveBeenCalledTimes(1);
  });
});

describe('a connection that does not come up', () => {
  const onBroken = vi.fn();
  let connection: Gathering;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(console, 'warn').mockReturnValue();
    onBroken.mockClear();
    connection = new Gathering();
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test('is replaced when the browser gathers no candidate in time', async () => {
    linkOn(connection, { onFailed: onBroken });
    await vi.advanceTimersByTimeAsync(3999);
    expect(onBroken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(onBroken).toHaveBeenCalledOnce();
  });

  test.each(['a candidate is in the description', 'a candidate was gathered', 'it is connected', 'it was closed'])(
    'is not replaced when %s',
    async (why) => {
      const link = linkOn(connection, { onFailed: onBroken });
      await vi.advanceTimersByTimeAsync(1000);
      if (why === 'a candidate is in the description') connection.localDescription = { sdp: HOST };
      if (why === 'a candidate was gathered') connection.onicecandidate?.({ candidate: { candidate: 'candidate:1' } });
      if (why === 'it is connected')
        Object.assign(connection, { connectionState: 'connected', iceConnectionState: 'connected' });
      if (why === 'it was closed') link.close();
      await vi.advanceTimersByTimeAsync(14_000);
      expect(onBroken).not.toHaveBeenCalled();
    },
  );

  test('is not replaced before there is a network', async () => {
    let there = false;
    linkOn(connection, { onFailed: onBroken, reachable: () => there });
    await vi.advanceTimersByTimeAsync(6000);
    there = true;
    await vi.advanceTimersByTimeAsync(1999);
    expect(onBroken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(onBroken).toHaveBeenCalledOnce();
  });

  test('restarts ICE as the answering side, after the other side had its time to do so', async () => {
    connection.localDescription = { sdp: HOST };
    const link = linkOn(connection, { onFailed: onBroken, offers: false });
    link.receive({ link: 1, to: null, about: { description: { kind: 'offer', number: 1, ufrag: 'u', sdp: '' } } });
    await vi.advanceTimersByTimeAsync(23_999);
    expect(connection.restartIce).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.restartIce).toHaveBeenCalledOnce();
    link.close();
  });
});

describe('an ICE restart', () => {
  const OLD = 'a=ice-ufrag:old\r\n';

  /** Our side has offered an ICE restart, and gets an answer with this ufrag. */
  async function answeredBy(ufrag: string): Promise<{ readonly failed: number; readonly taken: number }> {
    vi.spyOn(console, 'warn').mockReturnValue();
    const onFailed = vi.fn();
    const setRemoteDescription = vi.fn(async () => undefined);
    const connection = {
      getTransceivers: () => [],
      addTransceiver: () => undefined,
      setLocalDescription: async () => undefined,
      setRemoteDescription,
      localDescription: { sdp: 'a=ice-ufrag:mine\r\n' },
      remoteDescription: null,
      currentLocalDescription: { sdp: 'a=ice-ufrag:before\r\n' },
      pendingLocalDescription: { sdp: 'a=ice-ufrag:mine\r\n' },
      currentRemoteDescription: { sdp: OLD },
      close: () => undefined,
    };
    const link = linkOn(connection, { onFailed });
    await link.idle();
    const description = { kind: 'answer' as const, number: 1, ufrag, sdp: `a=ice-ufrag:${ufrag}\r\n` };
    link.receive({ link: 1, to: null, about: { description } });
    await link.idle();
    link.close();
    vi.restoreAllMocks();
    return { failed: onFailed.mock.calls.length, taken: setRemoteDescription.mock.calls.length };
  }

  test('that the other side does not know replaces the connection at once', async () => {
    expect(await answeredBy('old')).toEqual({ failed: 1, taken: 0 });
  });

  test('that the other side follows keeps the connection', async () => {
    expect(await answeredBy('new')).toEqual({ failed: 0, taken: 1 });
  });
});

describe('a connection whose ICE is connected', () => {
  /** Milliseconds after which it is replaced, if its transport is in that state; null if it is kept. */
  async function replacedAfter(state: RTCPeerConnectionState, event: 'ice' | 'transport'): Promise<number | null> {
    vi.useFakeTimers();
    vi.spyOn(console, 'warn').mockReturnValue();
    const start = performance.now();
    let after: number | null = null;
    const connection = new Gathering() as Gathering & {
      oniceconnectionstatechange?: () => void;
      onconnectionstatechange?: () => void;
    };
    connection.localDescription = { sdp: HOST };
    const link = linkOn(connection, { onFailed: () => (after ??= performance.now() - start) });
    Object.assign(connection, { connectionState: state, iceConnectionState: 'connected' });
    if (event === 'ice') connection.oniceconnectionstatechange?.();
    else connection.onconnectionstatechange?.();
    await vi.advanceTimersByTimeAsync(10_000);
    link.close();
    vi.useRealTimers();
    vi.restoreAllMocks();
    return after;
  }

  test.each(['ice', 'transport'] as const)('is replaced if its transport has failed, as told by %s', async (event) => {
    expect(await replacedAfter('failed', event)).toBe(2000);
    expect(await replacedAfter('connected', event)).toBe(null);
  });
});

test('candidates that wait while our own page is blocked are handled before the connection counts as stuck', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const onFailed = vi.fn();
  const connection = new Gathering();
  const link = linkOn(connection, { onFailed });
  await vi.advanceTimersByTimeAsync(0);
  now = 9000; // blocked since the timer was set
  await vi.advanceTimersByTimeAsync(4000);
  connection.onicecandidate?.({ candidate: { candidate: 'candidate:1' } });
  now += 500;
  await vi.advanceTimersByTimeAsync(500);
  expect(onFailed).not.toHaveBeenCalled();
  link.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});
