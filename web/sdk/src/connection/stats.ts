import {
  candidatesIn,
  type IceAttempt,
  type PathKind,
  type TriedPair,
  type TriedPath,
  type VerdictCode,
} from './ice-diagnosis.ts';

/** The path to a peer. Numbers are null until measured. */
export interface ConnectionStatus {
  readonly state: 'looking' | 'direct' | 'relayed' | 'lost';
  /** Which kind of path is in use; null while there is none. */
  readonly path: PathKind | null;
  /** What else was tried, best kind first. */
  readonly tried: readonly TriedPath[];
  /** Why nothing connects; null while something does, or while it is too early to tell. */
  readonly verdict: VerdictCode | null;
  readonly roundTripMs: number | null;
  /** Effective addresses as the browser tells them ("203.0.113.7:4711"); null if unknown or hidden. */
  readonly localAddress: string | null;
  readonly remoteAddress: string | null;
  /** `prflx` is a NAT that nobody had told of. */
  readonly localType: RTCIceCandidateType | null;
  readonly remoteType: RTCIceCandidateType | null;
  /** How our packets leave: to our relay (`udp`, `tcp`, `tls`) if we have one, else to the peer (`udp`, `tcp`). */
  readonly protocol: string | null;
  /** What comes from the peer; null while no picture does. */
  readonly video: {
    readonly width: number;
    readonly height: number;
    readonly framesPerSecond: number;
    readonly kbitPerSecond: number;
  } | null;
  /** Packets lost on the way here, 0 to 1, since the last measurement. */
  readonly packetLoss: number | null;
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
};

/** What the next measurement is held against. */
export interface Counters {
  readonly atMs: number;
  readonly bytes: number;
  readonly packets: number;
  readonly packetsLost: number;
}

interface StatsRow extends RTCStats {
  readonly [field: string]: unknown;
}

/** What both sides have said of where they can be reached, as session descriptions. */
export interface SessionDescriptions {
  readonly mine: string | undefined;
  readonly theirs: string | undefined;
}

/**
 * The line as `getStats()` tells it, and the counters for the next time. `camera` is the id of the track that their
 * picture comes by: another one brings their screen.
 */
export function readStats(
  report: RTCStatsReport,
  before: Counters | null,
  said: SessionDescriptions,
  camera: string | undefined,
): { readonly line: Omit<ConnectionStatus, 'state' | 'tried' | 'verdict'>; readonly counters: Counters } {
  const rows = rowsOf(report);
  const pair = selectedPair([...rows.values()]);
  const local = rows.get(String(pair?.['localCandidateId']));
  const remote = rows.get(String(pair?.['remoteCandidateId']));
  const inbound = [...rows.values()].filter((row) => row.type === 'inbound-rtp');
  const video = inbound.find((row) => row['kind'] === 'video' && row['trackIdentifier'] === camera);
  const counters: Counters = {
    atMs: video?.timestamp ?? performance.now(),
    bytes: count(video?.['bytesReceived']),
    packets: sum(inbound, 'packetsReceived'),
    packetsLost: sum(inbound, 'packetsLost'),
  };
  const localType = realType(local, said.mine);
  const remoteType = realType(remote, said.theirs);
  const roundTrip = pair?.['currentRoundTripTime'];
  return {
    line: {
      path: pathKind(localType, remoteType, hostOf(remote), hostOf(local)),
      roundTripMs: typeof roundTrip === 'number' ? Math.round(roundTrip * 1000) : null,
      localAddress: address(local),
      remoteAddress: address(remote),
      localType,
      remoteType,
      protocol: text(local?.['relayProtocol']) ?? text(local?.['protocol']),
      video: picture(video, counters, before),
      packetLoss: lost(counters, before),
    },
    counters,
  };
}

/** What was tried so far, apart from what the connection itself was told. */
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

/** All that is known of this connection's try. */
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

/** Private and link-local addresses, and names that only mean something on one network. */
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
  // Browsers hide an address only from who is on the same network.
  const near = theirs === null || theirs === mine || LOCAL_ADDRESS.test(theirs);
  return local === 'host' && remote === 'host' && near ? 'same-network' : 'direct';
}

/** The type of a candidate; one that was heard from before it was told of is what it was told to be later. */
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
  // Firefox has no transport row, and says `selected` on the pair.
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
