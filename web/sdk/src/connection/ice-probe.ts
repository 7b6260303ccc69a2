import type { IceServer } from '../signalling/protocol.ts';
import { type GatheringError, isAbout, isRefusal } from './ice-diagnosis.ts';

/** Milliseconds that a server has to answer. */
const ANSWER_WITHIN_MS = 6000;

/** Milliseconds that a message has to get through an allocated relay. */
const PASS_WITHIN_MS = 8000;

/** What a STUN server answered. */
export type StunAnswer =
  | {
      /** It answered. */
      readonly found: 'answer';
      /** Our public address; null if it is the device's own one, so without NAT. */
      readonly address: string | null;
    }
  | {
      /** It didn't answer. */
      readonly found: 'silent';
    };

/** What a TURN server did. */
export type TurnAnswer =
  | {
      /** It relays data. */
      readonly found: 'passes';
      /** Round trip through the relay in milliseconds. */
      readonly roundTripMs: number;
    }
  | {
      /** It is `silent`, `refused` the credentials, or allocated a relay that passes `no-data`. */
      readonly found: 'silent' | 'refused' | 'no-data';
    };

/** Sends a STUN request from this browser to the server at `url`. Takes up to 6 seconds. Rejects if `signal` aborts. */
export async function probeStun(url: string, signal?: AbortSignal): Promise<StunAnswer> {
  const end = new Gatherer([{ urls: [url] }], 'all', signal);
  try {
    end.connection.createDataChannel('probe');
    const answer = end.first(({ type }) => type === 'srflx');
    await end.connection.setLocalDescription();
    const found = await answer;
    if (found !== null) return { found: 'answer', address: found.address };
    // No second address: the server answered with the address of this device, or not at all.
    return end.complete && end.errors.length === 0 && end.candidates > 0
      ? { found: 'answer', address: null }
      : { found: 'silent' };
  } finally {
    end.close();
  }
}

/**
 * Sends a message through a TURN server from this browser to itself. `server` has one URL. Takes up to 14 seconds.
 * Rejects if `signal` aborts.
 */
export async function probeTurn(server: IceServer, signal?: AbortSignal): Promise<TurnAnswer> {
  const [alice, bob] = [new Gatherer([server], 'relay', signal), new Gatherer([server], 'relay', signal)];
  try {
    const channel = alice.connection.createDataChannel('probe', { negotiated: true, id: 0 });
    const echo = bob.connection.createDataChannel('probe', { negotiated: true, id: 0 });
    echo.onmessage = ({ data }: MessageEvent<string>) => echo.send(data);
    alice.tells(bob);
    bob.tells(alice);
    const given = alice.first(isRelay);
    await alice.connection.setLocalDescription();
    const [relay] = await Promise.all([given, agree(alice.connection, bob.connection)]);
    if (relay === null) {
      const url = server.urls[0] ?? '';
      const refused = alice.errors.some((error) => isRefusal(error) && isAbout(error, url));
      return { found: refused ? 'refused' : 'silent' };
    }
    const roundTripMs = await within(PASS_WITHIN_MS, roundTrip(channel), signal);
    return roundTripMs === null ? { found: 'no-data' } : { found: 'passes', roundTripMs };
  } finally {
    alice.close();
    bob.close();
  }
}

function isRelay({ type }: RTCIceCandidate): boolean {
  return type === 'relay';
}

/** A connection that only gathers candidates, or talks to another one on this page. */
class Gatherer {
  readonly connection: RTCPeerConnection;
  readonly errors: GatheringError[] = [];
  candidates = 0;
  readonly #signal: AbortSignal | undefined;

  constructor(servers: readonly IceServer[], policy: RTCIceTransportPolicy, signal: AbortSignal | undefined) {
    const iceServers = servers.map((server) => ({ ...server, urls: [...server.urls] }));
    this.connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: policy });
    this.#signal = signal;
    this.connection.addEventListener('icecandidateerror', ({ url, errorCode }) => {
      this.errors.push({ url, code: errorCode });
    });
  }

  get complete(): boolean {
    return this.connection.iceGatheringState === 'complete';
  }

  /** The first candidate of that kind; null if there is none, or none in time. */
  first(is: (candidate: RTCIceCandidate) => boolean): Promise<RTCIceCandidate | null> {
    const { connection } = this;
    const found = new Promise<RTCIceCandidate | null>((resolve) => {
      connection.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate !== null && candidate.candidate !== '') {
          this.candidates += 1;
          if (is(candidate)) resolve(candidate);
        }
      });
      connection.addEventListener('icegatheringstatechange', () => this.complete && resolve(null));
    });
    return within(ANSWER_WITHIN_MS, found, this.#signal);
  }

  tells(other: Gatherer): void {
    this.connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate !== null) void other.connection.addIceCandidate(candidate).catch(() => undefined);
    });
  }

  close(): void {
    this.connection.close();
  }
}

async function agree(alice: RTCPeerConnection, bob: RTCPeerConnection): Promise<void> {
  if (alice.localDescription !== null) await bob.setRemoteDescription(alice.localDescription);
  await bob.setLocalDescription();
  if (bob.localDescription !== null) await alice.setRemoteDescription(bob.localDescription);
}

async function roundTrip(channel: RTCDataChannel): Promise<number> {
  if (channel.readyState !== 'open') await heard(channel, 'open');
  const before = performance.now();
  channel.send('there and back');
  await heard(channel, 'message');
  return performance.now() - before;
}

function heard(target: EventTarget, name: string): Promise<void> {
  return new Promise((resolve) => {
    target.addEventListener(name, () => resolve(), { once: true });
  });
}

/** The promised value, or null if it takes longer. */
function within<T>(ms: number, promised: Promise<T>, signal: AbortSignal | undefined): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout>;
  let abort = (): void => undefined;
  const first = new Promise<T | null>((resolve, reject) => {
    timer = setTimeout(() => resolve(null), ms);
    abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    promised.then(resolve, reject);
  });
  return first.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  });
}
