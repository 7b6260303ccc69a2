import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ChannelFrame, Json } from '../src/connection/messages.ts';
import type { SpareConnection } from '../src/connection/spare-connection.ts';
import { TransferLoader } from '../src/files/transfer-loader.ts';
import { permissionsOf, permitted } from '../src/media/permissions.ts';
import { RemotePeer } from '../src/peer.ts';
import type { Permission } from '../src/signalling/protocol.ts';
import { Source } from '../src/value.ts';

interface Track {
  readonly kind: 'audio' | 'video';
}

const MICROPHONE: Track = { kind: 'audio' };
const CAMERA: Track = { kind: 'video' };
const SCREEN: Track = { kind: 'video' };
const LINES = [MICROPHONE, CAMERA, SCREEN].map((track) => ({
  mid: track.kind,
  direction: 'recvonly',
  receiver: { track: { ...track, readyState: 'live' } },
  sender: { track: null, getParameters: () => ({ encodings: [] }) },
}));

/** The browser's. */
class Stream {
  readonly #tracks: Track[];

  constructor(tracks: readonly Track[] = []) {
    this.#tracks = [...tracks];
  }

  getTracks = (): readonly Track[] => this.#tracks;
  addTrack = (track: Track): number => this.#tracks.push(track);
  removeTrack(): void {}
  dispatchEvent(): void {}
}

/** A data channel: what comes over it is said by the test. */
class Channel {
  readyState = 'open';
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  readonly sent: string[] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  hears(frame: ChannelFrame | object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  get said(): readonly unknown[] {
    return this.sent.map((text) => JSON.parse(text) as unknown);
  }
}

let peer: RemotePeer | null = null;
let channel: Channel;
let files: Channel;
let connection: { ontrack: ((event: { readonly transceiver: object; readonly track: Track }) => void) | null };
let heard: Json[] = [];

/** Bob with these permissions, and ours. */
function bob(may: readonly Permission[], mine: readonly Permission[] = ['chat']): RemotePeer {
  const one = new RemotePeer({
    member: { id: 'bob-0001', name: 'Bob', order: 1, may },
    polite: true,
    offers: false,
    ownPermissions: new Source(permissionsOf({ may: mine })),
    tracks: { stream: null, screen: null },
    media: { microphone: 'none', camera: 'none', screen: 'none' },
    connections: 1,
    maxHeight: null,
    transferLoader: new TransferLoader(),
    identity: async () => null,
    takeSpare: () =>
      ({ connection, channel, files, errors: [], iceTransportPolicy: 'all' }) as unknown as SpareConnection,
    iceServers: () => [],
    reachable: () => true,
    signal: () => true,
    onMessage: (data) => heard.push(data),
    onLeave: () => undefined,
    onIgnore: () => undefined,
    onMediaTimeout: () => undefined,
  });
  peer = one;
  return one;
}

beforeEach(() => {
  vi.stubGlobal('MediaStream', Stream);
  vi.stubGlobal('MediaStreamTrackEvent', class {});
  [channel, files, heard] = [new Channel(), new Channel(), []];
  const getReceivers = () => [];
  connection = { ontrack: null, getTransceivers: () => LINES, getReceivers, close: () => undefined } as never;
});

afterEach(() => {
  peer?.close();
  vi.unstubAllGlobals();
});

const ON = { frame: 'media', media: { microphone: 'on', camera: 'on', screen: 'on' } } as const;

test.for([
  [['microphone', 'camera'], [MICROPHONE, CAMERA], { microphone: 'on', camera: 'on', screen: 'none' }],
  [['microphone'], [MICROPHONE], { microphone: 'on', camera: 'none', screen: 'none' }],
  [['camera', 'chat'], [CAMERA], { microphone: 'none', camera: 'on', screen: 'none' }],
  [['screen'], [], { microphone: 'none', camera: 'none', screen: 'on' }],
  [[], [], { microphone: 'none', camera: 'none', screen: 'none' }],
] as const)('of tracks that somebody sends who may send %j the others are not shown', ([may, shown, media]) => {
  const one = bob(may);
  for (const [at, track] of [MICROPHONE, CAMERA, SCREEN].entries()) {
    connection.ontrack?.({ transceiver: LINES[at] ?? {}, track: Object.assign(track, { readyState: 'live' }) });
  }
  channel.hears(ON);
  expect(one.stream.getTracks()).toEqual(shown);
  expect(one.media.current).toEqual(media);
  expect(one.screen.current?.getTracks()).toEqual(media.screen === 'on' ? [SCREEN] : undefined);
});

test.each([
  [['camera'], true],
  [[], undefined],
] as const)('that a camera has failed is said of somebody who may use one: of %j it is %s', (may, failed) => {
  const one = bob(may);
  channel.hears({ frame: 'media', media: { microphone: 'none', camera: 'none', screen: 'none', cameraFailed: true } });
  expect(one.media.current.cameraFailed).toBe(failed);
});

const LINE = { kind: 'chat', id: '1', clock: 1, at: 1, revision: 0, text: 'Hello', reply: null, to: null };
const TYPING = { kind: 'chat-typing' };
const TOLD = { kind: 'chat-before', ask: 'a1', last: true, lines: [{ ...LINE, author: 'carol-01', name: 'Carol' }] };
const ASK = { kind: 'chat-ask', ask: 'a1', back: false, have: [['carol-01', '1.abc']] };

test('a message from a peer who may not write is dropped, and not acknowledged', () => {
  bob(['microphone']);
  for (const [index, data] of [LINE, TYPING, TOLD, 'anything'].entries())
    channel.hears({ frame: 'message', n: index + 1, data });
  expect(heard).toEqual([]);
  expect(channel.said).toEqual([]);
});

test('they may ask what they missed, with nothing else in the message', () => {
  bob([]);
  channel.hears({ frame: 'message', n: 1, data: { ...ASK, text: 'Hello' } });
  expect(heard).toEqual([ASK]);
  expect(channel.said).toEqual([{ frame: 'got', n: 1 }]);
});

test('a message from a peer who may write is delivered', () => {
  bob(['chat']);
  channel.hears({ frame: 'message', n: 1, data: LINE });
  expect(heard).toEqual([LINE]);
});

const OFFER = { frame: 'offer', id: '00000000-0000-4000-8000-000000000001', name: 'a.txt', size: 3, preview: '' };

test('a file from a peer who may send none is declined without asking', async () => {
  const offered: string[] = [];
  bob(['chat', 'camera', 'microphone', 'screen']).onFile(({ offer }) => offered.push(offer.name));
  files.hears(OFFER);
  await vi.waitFor(() => expect(files.said).toEqual([{ frame: 'stop', id: OFFER.id, code: 'not-permitted' }]));
  expect(offered).toEqual([]);
});

test('a file from a peer who may send files is offered', async () => {
  const offered: string[] = [];
  bob(['files']).onFile(({ offer }) => offered.push(offer.name));
  files.hears(OFFER);
  await vi.waitFor(() => expect([offered, files.said]).toEqual([['a.txt'], []]));
});

test('without permission to write a message is rejected, but a question is sent', async () => {
  const one = bob(['chat'], ['microphone']);
  await expect(one.send(LINE)).rejects.toMatchObject({ code: 'not-permitted' });
  expect(channel.said).toEqual([]);
  void one.send(ASK).catch(() => undefined);
  expect(channel.said).toMatchObject([{ frame: 'message', data: ASK }]);
});

test('only the tracks that we may send are sent', () => {
  const both = new Stream([MICROPHONE, CAMERA]) as unknown as MediaStream;
  const sent = (may: readonly Permission[]) => permitted(both, permissionsOf({ may }))?.getTracks();
  expect(sent(['microphone', 'chat'])).toEqual([MICROPHONE]);
  expect(sent([])).toEqual([]);
  expect(permitted(both, permissionsOf({}))).toBe(both);
  expect(permitted(null, permissionsOf({ may: [] }))).toBe(null);
});
