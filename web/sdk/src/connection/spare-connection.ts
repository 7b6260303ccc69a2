import type { IceServer } from '../signalling/protocol.ts';
import { report } from '../value.ts';
import type { GatheringError } from './ice-diagnosis.ts';
import { firstTrack } from './transceivers.ts';

/** Errors kept per connection; later ones are dropped. */
const ERRORS_MAX = 50;

/**
 * An RTCPeerConnection made ahead of time, with its tracks added and its ICE candidates already gathered. It saves that
 * time when somebody joins.
 */
export interface SpareConnection {
  readonly connection: RTCPeerConnection;
  /** Null for a phone, as is `files`: phones have no data channels. */
  readonly channel: RTCDataChannel | null;
  /** `icecandidateerror` events while gathering; the first {@link ERRORS_MAX}. */
  readonly errors: readonly GatheringError[];
  readonly files: RTCDataChannel | null;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
}

/**
 * Makes a {@link SpareConnection} that sends the tracks of `stream` until it is told otherwise. `toPhone`: to a phone,
 * which may know neither BUNDLE nor data channels.
 */
export function createSpare(
  iceServers: readonly IceServer[],
  stream: MediaStream | null,
  iceTransportPolicy: RTCIceTransportPolicy,
  toPhone = false,
): SpareConnection {
  const connection = new RTCPeerConnection(configuration(iceServers, iceTransportPolicy, toPhone));
  for (const kind of ['audio', 'video'] as const) {
    const track = firstTrack(stream, kind);
    if (track !== null) connection.addTrack(track);
  }
  const errors: GatheringError[] = [];
  connection.onicecandidateerror = ({ url, errorCode }) => {
    if (errors.length < ERRORS_MAX) errors.push({ url, code: errorCode });
  };
  if (toPhone) return { connection, channel: null, files: null, errors, iceTransportPolicy };
  const channel = connection.createDataChannel('eyeline', { negotiated: true, id: 0 });
  // Only some browsers know this priority, and TypeScript doesn't: files come after messages and media.
  const lowPriority: RTCDataChannelInit & { priority: string } = { negotiated: true, id: 1, priority: 'very-low' };
  const files = connection.createDataChannel('files', lowPriority);
  return { connection, channel, files, errors, iceTransportPolicy };
}

/** As {@link createSpare}; null if that fails. It fails again, with its reason, when the connection is needed. */
export function createSpareAhead(...options: Parameters<typeof createSpare>): SpareConnection | null {
  try {
    return createSpare(...options);
  } catch {
    return null;
  }
}

/** Updates the ICE servers and their credentials; they count from the next gathering or ICE restart on. */
export function configure(
  { connection, channel, iceTransportPolicy }: Pick<SpareConnection, 'connection' | 'channel' | 'iceTransportPolicy'>,
  iceServers: readonly IceServer[],
): void {
  if (connection.signalingState === 'closed') return;
  try {
    connection.setConfiguration(configuration(iceServers, iceTransportPolicy, channel === null));
  } catch (error) {
    report(error); // this browser rejects one of the servers: the connection keeps those it has
  }
}

function configuration(
  iceServers: readonly IceServer[],
  iceTransportPolicy: RTCIceTransportPolicy,
  toPhone: boolean,
): RTCConfiguration {
  return {
    iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })),
    iceTransportPolicy,
    bundlePolicy: toPhone ? 'balanced' : 'max-bundle',
    iceCandidatePoolSize: 1,
  };
}
