import type { CameraSent } from './camera-quality.ts';
import {
  candidatesIn,
  type IceAttempt,
  type PathKind,
  type TriedPair,
  type TriedPath,
  type VerdictCode,
} from './ice-diagnosis.ts';

/** State and statistics of the connection to a peer. Numbers are null until measured. */
export interface ConnectionStatus {
  /** `looking` for a first path, connected `direct` or `relayed`, or `lost`: the SDK reconnects by itself. */
  readonly state: 'looking' | 'direct' | 'relayed' | 'lost';
  /** The kind of path in use; null if none. */
  readonly path: PathKind | null;
  /** What became of the other kinds of path, best kind first. */
  readonly tried: readonly TriedPath[];
  /** Why there is no path; null if there is one, and for the first 12 seconds. */
  readonly verdict: VerdictCode | null;
  /** Round-trip time of the path, in milliseconds. */
  readonly roundTripMs: number | null;
  /** Our address on this path ("203.0.113.7:4711"); null if unknown, or hidden by the browser. */
  readonly localAddress: string | null;
  /** The peer's address on this path; null if unknown, or hidden by the browser. */
  readonly remoteAddress: string | null;
  /** Type of our ICE candidate in use; `prflx` is the address of a NAT that only the checks have revealed. */
  readonly localType: RTCIceCandidateType | null;
  /** Type of the peer's ICE candidate in use. */
  readonly remoteType: RTCIceCandidateType | null;
  /** Transport of our packets: to our relay (`udp`, `tcp`, `tls`) if we use one, else to the peer (`udp`, `tcp`). */
  readonly protocol: string | null;
  /** The camera's video as received; null if none arrives. */
  readonly video: {
    /** In pixels. */
    readonly width: number;
    /** In pixels. */
    readonly height: number;
    /** Frames received per second. */
    readonly framesPerSecond: number;
    /** Bitrate in kilobits (1000 bits) per second. */
    readonly kbitPerSecond: number;
  } | null;
  /** Share of the packets sent to us that were lost since the last measurement, 0 to 1. */
  readonly packetLoss: number | null;
  /** Share of our packets that the peer reports as lost since the last measurement, 0 to 1. */
  readonly packetLossSent: number | null;
}

export const NOT_CONNECTED: ConnectionStatus = {
  state: 'looking',
  path: null,
  tried: [],
  verdict: null,
  roundTripMs: null,
  localAddress: null,
  remoteAddress: null,
  localType: null,
  remoteType: null,
  protocol: null,
  video: null,
  packetLoss: null,
  packetLossSent: null,
};

/** Counters of the last measurement, to compute rates from. */
export interface Counters {
  readonly atMs: number;
  readonly bytes: number;
  readonly packets: number;
  readonly packetsLost: number;
  readonly packetsSent: number;
  readonly packetsSentLost: number;
}

interface StatsRow extends RTCStats {
  readonly [field: string]: unknown;
}

/** Both sides' session descriptions, with the candidates known so far. */
export interface SessionDescriptions {
  readonly mine: string | undefined;
  readonly theirs: string | undefined;
}

/**
 * The status from a `getStats()` report, and the counters for the next time. `camera` is the id of the track of the
 * peer's camera: another video track carries their screen.
 */
export function readStats(
  report: RTCStatsReport,
  before: Counters | null,
  said: SessionDescriptions,
  camera: string | undefined,
): { readonly status: Omit<ConnectionStatus, 'state' | 'tried' | 'verdict'>; readonly counters: Counters } {
  const rows = rowsOf(report);
  const pair = selectedPair([...rows.values()]);
  const local = rows.get(String(pair?.['localCandidateId']));
  const remote = rows.get(String(pair?.['remoteCandidateId']));
  const inbound = rowsOfType(rows, 'inbound-rtp');
  const video = inbound.find((row) => row['kind'] === 'video' && row['trackIdentifier'] === camera);
  const counters: Counters = {
    atMs: video?.timestamp ?? performance.now(),
    bytes: count(video?.['bytesReceived']),
    packets: sum(inbound, 'packetsReceived'),
    packetsLost: sum(inbound, 'packetsLost'),
    packetsSent: sum(rowsOfType(rows, 'outbound-rtp'), 'packetsSent'),
    packetsSentLost: sum(rowsOfType(rows, 'remote-inbound-rtp'), 'packetsLost'),
  };
  const localType = realType(local, said.mine);
  const remoteType = realType(remote, said.theirs);
  const roundTrip = pair?.['currentRoundTripTime'];
  return {
    status: {
      path: pathKind(localType, remoteType, hostOf(remote), hostOf(local)),
      roundTripMs: typeof roundTrip === 'number' ? Math.round(roundTrip * 1000) : null,
      localAddress: address(local),
      remoteAddress: address(remote),
      localType,
      remoteType,
      protocol: text(local?.['relayProtocol']) ?? text(local?.['protocol']),
      video: picture(video, counters, before),
      packetLoss: lost(counters, before),
      packetLossSent: lostSent(counters, before),
    },
    counters,
  };
}

/** Bytes received on the selected candidate pair; null if the browser doesn't say. */
export function bytesReceived(report: RTCStatsReport): number | null {
  const bytes = selectedPair([...rowsOf(report).values()])?.['bytesReceived'];
  return typeof bytes === 'number' ? bytes : null;
}

/** What was sent so far of the video with this `mid`; null if the browser doesn't say. */
export function cameraSent(report: RTCStatsReport, mid: string | null): CameraSent | null {
  const rows = [...rowsOf(report).values()];
  const sent = rows.find((row) => row.type === 'outbound-rtp' && row['kind'] === 'video' && row['mid'] === mid);
  if (mid === null || sent === undefined) return null;
  const reported = rows.find((row) => row.type === 'remote-inbound-rtp' && row['ssrc'] === sent['ssrc']);
  return {
    frames: count(sent['framesSent']),
    packets: count(sent['packetsSent']),
    packetsLost: count(reported?.['packetsLost']),
    roundTripMs: typeof reported?.['roundTripTime'] === 'number' ? reported['roundTripTime'] * 1000 : null,
    hasTarget: typeof sent['targetBitrate'] === 'number',
  };
}

/** The candidate pairs that were checked so far. */
export function triedPairs(report: RTCStatsReport): readonly TriedPair[] {
  const rows = rowsOf(report);
  return [...rows.values()].flatMap((row): readonly TriedPair[] => {
    if (row.type !== 'candidate-pair') return [];
    const local = candidateType(rows.get(String(row['localCandidateId'])));
    const remote = candidateType(rows.get(String(row['remoteCandidateId'])));
    if (local === null || remote === null) return [];
    return [{ local, remote, answered: row['state'] === 'succeeded' || count(row['responsesReceived']) > 0 }];
  });
}

/** All that is known about this connection's attempt. */
export function iceAttemptOf(
  report: RTCStatsReport,
  said: SessionDescriptions,
  known: Pick<IceAttempt, 'relays' | 'errors'>,
): IceAttempt {
  const types = (sdp: string | undefined) => [...new Set(candidatesIn(sdp).map(({ type }) => type))];
  return { ...known, mine: types(said.mine), theirs: types(said.theirs), pairs: triedPairs(report) };
}

function rowsOf(report: RTCStatsReport): Map<string, StatsRow> {
  const rows = new Map<string, StatsRow>();
  report.forEach((row: StatsRow) => {
    rows.set(row.id, row);
  });
  return rows;
}

function rowsOfType(rows: ReadonlyMap<string, StatsRow>, type: string): readonly StatsRow[] {
  return [...rows.values()].filter((row) => row.type === type);
}

/** Private and link-local addresses, and mDNS names, which mean something on one network only. */
const LOCAL_ADDRESS =
  /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|::1$)|\.local$/i;

function pathKind(
  local: RTCIceCandidateType | null,
  remote: RTCIceCandidateType | null,
  theirs: string | null,
  mine: string | null,
): PathKind | null {
  if (local === null || remote === null) return null;
  if (local === 'relay' || remote === 'relay') return 'relay';
  // Browsers hide an address only from peers on the same network.
  const near = theirs === null || theirs === mine || LOCAL_ADDRESS.test(theirs);
  return local === 'host' && remote === 'host' && near ? 'same-network' : 'direct';
}

/** The type of a candidate. A `prflx` candidate that was signalled later counts as what it was signalled as. */
function realType(candidate: StatsRow | undefined, sdp: string | undefined): RTCIceCandidateType | null {
  const type = candidateType(candidate);
  if (type !== 'prflx') return type;
  const address = hostOf(candidate);
  const hosts = candidatesIn(sdp).filter((way) => way.type === 'host');
  const hidden = hosts.some((way) => way.address.endsWith('.local'));
  const known = hosts.some((way) => way.address === address);
  return known || (hidden && (address === null || LOCAL_ADDRESS.test(address))) ? 'host' : type;
}

function selectedPair(rows: readonly StatsRow[]): StatsRow | undefined {
  const transport = rows.find((row) => row.type === 'transport');
  const selected = rows.find((row) => row.id === transport?.['selectedCandidatePairId']);
  // Firefox has no `transport` row, and marks the pair as `selected`.
  return selected ?? rows.find((row) => row.type === 'candidate-pair' && row['selected'] === true);
}

function picture(video: StatsRow | undefined, now: Counters, before: Counters | null): ConnectionStatus['video'] {
  const width = count(video?.['frameWidth']);
  const height = count(video?.['frameHeight']);
  const framesPerSecond = Math.round(count(video?.['framesPerSecond']));
  if (width === 0 || framesPerSecond === 0) return null;
  const elapsed = before === null ? 0 : now.atMs - before.atMs;
  const kbitPerSecond = before === null || elapsed <= 0 ? 0 : Math.round(((now.bytes - before.bytes) * 8) / elapsed);
  return { width, height, framesPerSecond, kbitPerSecond: Math.max(0, kbitPerSecond) };
}

function lost(now: Counters, before: Counters | null): number | null {
  if (before === null) return null;
  const missing = Math.max(0, now.packetsLost - before.packetsLost);
  const arrived = Math.max(0, now.packets - before.packets);
  return missing + arrived === 0 ? null : missing / (missing + arrived);
}

function lostSent(now: Counters, before: Counters | null): number | null {
  if (before === null || now.packetsSent <= before.packetsSent) return null;
  const missing = Math.max(0, now.packetsSentLost - before.packetsSentLost);
  return Math.min(1, missing / (now.packetsSent - before.packetsSent));
}

function address(candidate: StatsRow | undefined): string | null {
  const host = hostOf(candidate);
  if (host === null) return null;
  return `${host.includes(':') ? `[${host}]` : host}:${count(candidate?.['port'])}`;
}

function hostOf(candidate: StatsRow | undefined): string | null {
  const host = text(candidate?.['address']) ?? text(candidate?.['ip']);
  return host === '' ? null : host;
}

function candidateType(candidate: StatsRow | undefined): RTCIceCandidateType | null {
  const type = candidate?.['candidateType'];
  return type === 'host' || type === 'srflx' || type === 'prflx' || type === 'relay' ? type : null;
}

function sum(rows: readonly StatsRow[], field: string): number {
  return rows.reduce((total, row) => total + count(row[field]), 0);
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
