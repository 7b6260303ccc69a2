import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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
  onicecandidate: ((event: { readonly candidate: object }) => void) | null = null;
  connectionState = 'new';
  iceConnectionState = 'new';
  localDescription = { sdp: '' };
  remoteDescription: object | null = null;
  readonly getTransceivers = () => [];
  readonly addTransceiver = () => undefined;
  readonly restartIce = vi.fn();
  readonly setLocalDescription = async () => undefined;
  readonly setRemoteDescription = async () => {
    this.remoteDescription = {};
  };
  readonly close = () => undefined;
}

const HOST = 'a=candidate:1 1 udp 2122260223 192.0.2.1 4711 typ host\r\n';

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
