import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SpareConnection } from '../src/connection/spare-connection.ts';
import { TransferLoader } from '../src/files/transfer-loader.ts';
import { permissionsOf } from '../src/media/permissions.ts';
import { RemotePeer } from '../src/peer.ts';
import { Source } from '../src/value.ts';

/** A data channel: what comes over it is said by the test. */
class Channel {
  readonly readyState = 'open';
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  readonly said: unknown[] = [];

  send(text: string): void {
    this.said.push(JSON.parse(text));
  }

  hears(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const encoding: RTCRtpEncodingParameters = {};
const transceiver = (kind: string) => ({
  mid: kind,
  direction: 'sendrecv',
  receiver: { track: { kind } },
  sender: { track: null, getParameters: () => ({ encodings: [encoding] }), setParameters: async () => undefined },
});
let channel: Channel;
let bob: RemotePeer;

beforeEach(() => {
  vi.stubGlobal(
    'MediaStream',
    class {
      getTracks = () => [];
    },
  );
  channel = new Channel();
  const transceivers = [transceiver('audio'), transceiver('video')];
  const connection = { getTransceivers: () => transceivers, getReceivers: () => [], close: () => undefined };
  bob = new RemotePeer({
    member: { id: 'bob-0001', name: 'Bob', order: 1 },
    polite: true,
    offers: false,
    ownPermissions: new Source(permissionsOf({})),
    tracks: { stream: null, screen: null },
    media: { microphone: 'none', camera: 'none', screen: 'none' },
    connections: 1,
    maxHeight: null,
    transferLoader: new TransferLoader(),
    identity: async () => null,
    takeSpare: () =>
      ({
        connection,
        channel,
        files: new Channel(),
        errors: [],
        iceTransportPolicy: 'all',
      }) as unknown as SpareConnection,
    iceServers: () => [],
    reachable: () => true,
    signal: () => true,
    onMessage: () => undefined,
    onLeave: () => undefined,
    onIgnore: () => undefined,
    onMediaTimeout: () => undefined,
  });
});

afterEach(() => {
  bob.close();
  vi.unstubAllGlobals();
});

test('of two limits the lower one holds, and the other one again when that ends', () => {
  bob.limitVideo(180);
  channel.hears({ frame: 'video', maxHeight: 0 });
  expect(encoding.active).toBe(false);
  channel.hears({ frame: 'video', maxHeight: 360 });
  const limited = encoding.maxBitrate;
  bob.limitVideo(null);
  expect([encoding.active, (encoding.maxBitrate ?? 0) > (limited ?? 0)]).toEqual([true, true]);
});

test('a peer who limits video is known by it: at 0 they can’t see us', () => {
  const limits: (number | null)[] = [];
  bob.videoLimit.subscribe((limit) => limits.push(limit));
  bob.limitVideo(180); // ours
  channel.hears({ frame: 'video', maxHeight: 180 });
  channel.hears({ frame: 'video', maxHeight: 0 });
  channel.hears({ frame: 'video', maxHeight: 0 });
  channel.hears({ frame: 'video', maxHeight: -1 });
  channel.hears({ frame: 'video', maxHeight: null });
  expect(limits).toEqual([null, 180, 0, null]);
});

test('a limit holds for one connection: what ends it may be lost while there is none', () => {
  channel.hears({ frame: 'video', maxHeight: 0 });
  expect(encoding.active).toBe(false);
  channel.onopen?.(); // of the next connection
  expect([encoding.active, bob.videoLimit.current]).toEqual([true, null]);
});
