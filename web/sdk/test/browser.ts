/** A browser without a network: the test controls its sockets and connections. */

import { vi } from 'vitest';
import { join } from '../src/lobby.ts';
import type { Room } from '../src/room.ts';
import type { Member, Roster } from '../src/signalling/protocol.ts';

/** The test plays the server. */
export class Socket {
  static readonly OPEN = 1;
  readonly readyState = Socket.OPEN;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor() {
    sockets.push(this);
  }

  readonly sent: string[] = [];

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {}
}

/** The test plays the peer. */
export class Channel {
  readyState = 'connecting';
  /** It takes no more, as one does where 16 MiB wait. */
  full = false;
  bufferedAmount = 0;
  readonly sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  opens(): void {
    this.readyState = 'open';
    this.onopen?.();
  }

  /** The other side has closed its connection. */
  closes(): void {
    this.readyState = 'closed';
    this.onclose?.();
  }

  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** Text is kept as the frame that it is, bytes as they are. */
  send(data: string | Uint8Array): void {
    if (this.full) throw new DOMException('', 'OperationError');
    this.sent.push(typeof data === 'string' ? JSON.parse(data) : data);
  }
}

export class Track extends EventTarget {
  readonly kind: string;
  readyState = 'live';
  enabled = true;
  contentHint = '';
  muted = false;

  constructor(kind: string) {
    super();
    this.kind = kind;
  }

  /** Packets arrive, or no longer do. */
  mutes(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
  }

  /** The browser ends it. */
  ends(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

export class Stream extends EventTarget {
  readonly #tracks: Track[];

  constructor(tracks: readonly Track[] = []) {
    super();
    this.#tracks = [...tracks];
  }

  getTracks = (): readonly Track[] => [...this.#tracks];
  addTrack = (track: Track): void => void this.#tracks.push(track);
  removeTrack = (track: Track): void => void this.#tracks.splice(this.#tracks.indexOf(track), 1);
}

class Transceiver {
  readonly mid = null;
  direction = 'sendrecv';
  readonly receiver: { readonly track: Track; getSynchronizationSources: (() => object[]) | undefined };
  /** When the last packet was played, and how loud it was; 0 before the first one. */
  playedAt = 0;
  audioLevel = 0;
  readonly sender = {
    track: null as Track | null,
    getParameters: () => ({ encodings: [] }),
    replaceTrack: async (track: Track | null): Promise<void> => {
      this.sender.track = track;
    },
  };

  constructor(what: string | Track) {
    if (typeof what !== 'string') this.sender.track = what;
    this.receiver = {
      track: new Track(typeof what === 'string' ? what : what.kind),
      getSynchronizationSources: () =>
        this.playedAt === 0 ? [] : [{ timestamp: this.playedAt, audioLevel: this.audioLevel }],
    };
  }

  stop(): void {
    this.direction = 'stopped';
  }
}

/** The test makes them connect and fail. */
export class Connection {
  connectionState: RTCPeerConnectionState = 'new';
  /** How many descriptions of the other side's were taken. */
  taken = 0;
  iceConnectionState = 'new';
  readonly localDescription = null;
  remoteDescription: object | null = null;
  readonly channels: Channel[] = [];
  readonly transceivers: Transceiver[] = [];
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: ((event: { readonly candidate: object }) => void) | null = null;
  ondatachannel: ((event: { readonly channel: { close(): void } }) => void) | null = null;
  ontrack: ((event: { readonly transceiver: Transceiver; readonly track: Track }) => void) | null = null;

  constructor(configuration: RTCConfiguration = {}) {
    this.configuration = configuration;
    connections.push(this);
  }

  is(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** The other side has agreed to all that there is, and the channels open. */
  agrees(): void {
    for (const transceiver of this.transceivers) this.ontrack?.({ transceiver, track: transceiver.receiver.track });
    this.is('connected');
    this.channels[0]?.opens();
  }

  createDataChannel(): Channel {
    const channel = new Channel();
    this.channels.push(channel);
    return channel;
  }

  addTransceiver(what: string | Track): Transceiver {
    const made = new Transceiver(what);
    this.transceivers.push(made);
    return made;
  }

  addTrack(track: Track): void {
    this.addTransceiver(track);
  }

  /** What has arrived on the selected candidate pair. */
  bytesReceived = 0;
  restarts = 0;

  restartIce(): void {
    this.restarts += 1;
  }

  async getStats(): Promise<Map<string, unknown>> {
    if (this.connectionState === 'closed') throw new DOMException('', 'InvalidStateError');
    const pair = { id: 'P', type: 'candidate-pair', selected: true, bytesReceived: this.bytesReceived };
    return new Map([['P', pair]]);
  }

  getTransceivers = (): readonly Transceiver[] => this.transceivers;
  configuration: RTCConfiguration;

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  async setLocalDescription(): Promise<void> {}
  async setRemoteDescription(): Promise<void> {
    this.taken += 1;
    this.remoteDescription = {};
  }
  close(): void {
    this.connectionState = 'closed';
  }
}

export const sockets: Socket[] = [];
export const connections: Connection[] = [];

/** Puts it in the place of the real one, until `vi.unstubAllGlobals()`. */
export function stubBrowser(): void {
  sockets.length = 0;
  connections.length = 0;
  vi.stubGlobal('WebSocket', Socket);
  vi.stubGlobal('RTCPeerConnection', Connection);
  vi.stubGlobal('MediaStream', Stream);
  vi.stubGlobal('MediaStreamTrackEvent', Event);
}

export const alice: Member = { id: 'a', name: 'Alice', order: 2 };
export const bob: Member = { id: 'b', name: 'Bob', order: 1 };
export const carol: Member = { id: 'c', name: 'Carol', order: 3 };

export function roster(...members: readonly Member[]): Roster {
  return { type: 'roster', version: 3 - members.length, complete: true, members };
}

export function aliceJoinsBob(): Promise<Room> {
  return joinsWith(bob);
}

/** Alice joins, and that one is there. */
export async function joinsWith(other: Member): Promise<Room> {
  const joining = join({ url: 'https://eyeline.example/', room: 'tea', name: 'Alice' });
  sockets[0]?.onopen?.();
  const seat = { you: 'a', resume: 'token', heard: 0, gap: false, iceServers: [], roster: roster(other, alice) };
  sockets[0]?.says({ type: 'joined', ...seat });
  return await joining;
}
