/** The path to a peer. Numbers are null until measured. */
export interface Line {
  readonly state: 'looking' | 'direct' | 'relayed' | 'lost';
  readonly roundTripMs: number | null;
  /** Effective addresses as the browser tells them ("203.0.113.7:4711"); null if unknown or hidden. */
  readonly local: string | null;
  readonly remote: string | null;
  readonly localType: RTCIceCandidateType | null;
  readonly remoteType: RTCIceCandidateType | null;
  readonly protocol: string | null;
  /** What comes from the peer; null while no picture does. */
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly framesPerSecond: number;
    readonly kbitPerSecond: number;
  } | null;
  /** Packets lost on the way here, 0 to 1, since the last measurement. */
  readonly lost: number | null;
}

export const NO_LINE: Line = {
  state: 'looking',
  roundTripMs: null,
  local: null,
  remote: null,
  localType: null,
  remoteType: null,
  protocol: null,
  picture: null,
  lost: null,
};

/** What the next measurement is held against. */
export interface Counters {
  readonly atMs: number;
  readonly bytes: number;
  readonly packets: number;
  readonly packetsLost: number;
}

interface Row extends RTCStats {
  readonly [field: string]: unknown;
}

/** The line as `getStats()` tells it, and the counters for the next time. */
export function measure(
  report: RTCStatsReport,
  before: Counters | null,
): { readonly line: Omit<Line, 'state'>; readonly relayed: boolean; readonly counters: Counters } {
  const rows = new Map<string, Row>();
  report.forEach((row: Row) => {
    rows.set(row.id, row);
  });
  const pair = selectedPair([...rows.values()]);
  const local = rows.get(String(pair?.['localCandidateId']));
  const remote = rows.get(String(pair?.['remoteCandidateId']));
  const inbound = [...rows.values()].filter((row) => row.type === 'inbound-rtp');
  const video = inbound.find((row) => row['kind'] === 'video');
  const counters: Counters = {
    atMs: video?.timestamp ?? performance.now(),
    bytes: count(video?.['bytesReceived']),
    packets: sum(inbound, 'packetsReceived'),
    packetsLost: sum(inbound, 'packetsLost'),
  };
  const localType = candidateType(local);
  const remoteType = candidateType(remote);
  const roundTrip = pair?.['currentRoundTripTime'];
  return {
    line: {
      roundTripMs: typeof roundTrip === 'number' ? Math.round(roundTrip * 1000) : null,
      local: address(local),
      remote: address(remote),
      localType,
      remoteType,
      protocol: text(local?.['relayProtocol']) ?? text(local?.['protocol']),
      picture: picture(video, counters, before),
      lost: lost(counters, before),
    },
    relayed: localType === 'relay' || remoteType === 'relay',
    counters,
  };
}

function selectedPair(rows: readonly Row[]): Row | undefined {
  const transport = rows.find((row) => row.type === 'transport');
  const selected = rows.find((row) => row.id === transport?.['selectedCandidatePairId']);
  // Firefox has no transport row, and says `selected` on the pair.
  return selected ?? rows.find((row) => row.type === 'candidate-pair' && row['selected'] === true);
}

function picture(video: Row | undefined, now: Counters, before: Counters | null): Line['picture'] {
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

function address(candidate: Row | undefined): string | null {
  const host = text(candidate?.['address']) ?? text(candidate?.['ip']);
  if (host === null || host === '') return null;
  return `${host.includes(':') ? `[${host}]` : host}:${count(candidate?.['port'])}`;
}

function candidateType(candidate: Row | undefined): RTCIceCandidateType | null {
  const type = candidate?.['candidateType'];
  return type === 'host' || type === 'srflx' || type === 'prflx' || type === 'relay' ? type : null;
}

function sum(rows: readonly Row[], field: string): number {
  return rows.reduce((total, row) => total + count(row[field]), 0);
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
