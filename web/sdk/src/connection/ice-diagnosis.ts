import type { IceServer } from '../signalling/protocol.ts';

/** How a browser reaches a relay. */
export type Transport = 'udp' | 'tcp' | 'tls';

/** Where a relay is, as a `turn:` or `turns:` URL says. */
export interface TurnServer {
  readonly url: string;
  readonly transport: Transport;
  readonly port: number;
}

/** What the browser said of a server while it gathered candidates (`icecandidateerror`); 701 is no answer at all. */
export interface GatheringError {
  readonly url: string;
  readonly code: number;
}

/** One address that a side can perhaps be reached at. */
export interface CandidateAddress {
  readonly type: RTCIceCandidateType;
  readonly address: string;
}

/** Kinds of addresses that were tried together, and whether there was ever an answer. */
export interface TriedPair {
  readonly local: RTCIceCandidateType;
  readonly remote: RTCIceCandidateType;
  readonly answered: boolean;
}

/** All that is known of a try to connect. */
export interface IceAttempt {
  readonly relays: readonly TurnServer[];
  readonly errors: readonly GatheringError[];
  readonly mine: readonly RTCIceCandidateType[];
  readonly theirs: readonly RTCIceCandidateType[];
  readonly pairs: readonly TriedPair[];
}

export const NO_ICE_ATTEMPT: IceAttempt = { relays: [], errors: [], mine: [], theirs: [], pairs: [] };

/** Why two people don't connect. */
export type VerdictCode =
  | 'no-candidates'
  | 'peer-silent'
  | 'network-blocked'
  | 'turn-refused'
  | 'relay-silent'
  | 'no-relay'
  | 'no-path';

/** The kinds of path that there are, best first. */
export type PathKind = 'same-network' | 'direct' | 'relay';

/**
 * What became of a path that is not in use: `ready` would do, `unneeded` was not waited for, `missing` is one that nobody
 * offers.
 */
export interface TriedPath {
  readonly kind: PathKind;
  readonly outcome: 'ready' | 'unneeded' | 'silent' | 'refused' | 'missing';
  /** Where a relay was looked for; empty for other kinds. */
  readonly relays: readonly TurnServer[];
}

/** Why nothing connects. */
export function verdictOf({ relays, errors, mine, theirs, pairs }: IceAttempt): VerdictCode {
  if (mine.length === 0) return 'no-candidates';
  if (theirs.length === 0) return 'peer-silent';
  if (mine.includes('relay')) return 'no-path';
  if (relays.length === 0) return 'no-relay';
  if (isRefused(relays, errors)) return 'turn-refused';
  const udpGetsOut = mine.includes('srflx') || pairs.some(({ answered }) => answered);
  return udpGetsOut ? 'relay-silent' : 'network-blocked';
}

/** What else was tried besides the path in `use`; of what is worse than that, only whether a relay was there. */
export function triedPaths(attempt: IceAttempt, use: PathKind | null): readonly TriedPath[] {
  const { relays, pairs } = attempt;
  const better = use === 'same-network' ? [] : use === 'direct' ? DIRECT.slice(0, 1) : DIRECT;
  const found = better.flatMap((kind): readonly TriedPath[] => {
    const tried = pairs.filter(({ local, remote }) => kindOf(local, remote) === kind);
    if (tried.length === 0) return [];
    return [{ kind, outcome: tried.some(({ answered }) => answered) ? 'ready' : 'silent', relays: [] }];
  });
  if (use === 'relay') return found;
  const outcome = relayOutcome(attempt);
  // Browsers stop to gather once they are connected.
  const stopped = use !== null && outcome === 'silent' && !relays.every(({ url }) => isKnown(attempt.errors, url));
  return [...found, { kind: 'relay', outcome: stopped ? 'unneeded' : outcome, relays }];
}

const DIRECT = ['same-network', 'direct'] as const;

function relayOutcome({ relays, errors, mine }: IceAttempt): TriedPath['outcome'] {
  if (relays.length === 0) return 'missing';
  if (mine.includes('relay')) return 'ready';
  return isRefused(relays, errors) ? 'refused' : 'silent';
}

function kindOf(local: RTCIceCandidateType, remote: RTCIceCandidateType): PathKind {
  if (local === 'relay' || remote === 'relay') return 'relay';
  return local === 'host' && remote === 'host' ? 'same-network' : 'direct';
}

function isRefused(relays: readonly TurnServer[], errors: readonly GatheringError[]): boolean {
  return errors.some((error) => error.code < 700 && relays.some(({ url }) => isAbout(error, url)));
}

function isKnown(errors: readonly GatheringError[], url: string): boolean {
  return errors.some((error) => isAbout(error, url));
}

/** Firefox leaves the transport out where it is UDP. */
export function isAbout(error: GatheringError, url: string): boolean {
  return error.url === url || error.url === url.replace('?transport=udp', '');
}

/** Both together: a browser forgets what it gave up. */
export function mergedAttempts(before: IceAttempt, now: IceAttempt): IceAttempt {
  const errors = new Map([...before.errors, ...now.errors].map((each) => [`${each.url} ${each.code}`, each]));
  const pairs = new Map<string, TriedPair>();
  for (const pair of [...before.pairs, ...now.pairs]) {
    const name = `${pair.local} ${pair.remote}`;
    pairs.set(name, { ...pair, answered: pair.answered || pairs.get(name)?.answered === true });
  }
  return {
    relays: now.relays,
    errors: [...errors.values()],
    mine: [...new Set([...before.mine, ...now.mine])],
    theirs: [...new Set([...before.theirs, ...now.theirs])],
    pairs: [...pairs.values()],
  };
}

/** The relays among the servers that the broker has given. */
export function turnServersIn(servers: readonly Pick<IceServer, 'urls'>[]): readonly TurnServer[] {
  return servers.flatMap(({ urls }) => urls).flatMap((url) => relayAt(url) ?? []);
}

/** RFC 7065. */
function relayAt(url: string): TurnServer | null {
  const [, scheme, port, query] = /^(turns?):(?:\[[^\]]*\]|[^:?]*)(?::(\d+))?(?:\?(.*))?$/.exec(url) ?? [];
  if (scheme === undefined) return null;
  const secure = scheme === 'turns';
  const transport = secure ? 'tls' : query === 'transport=tcp' ? 'tcp' : 'udp';
  return { url, transport, port: Number(port ?? (secure ? 5349 : 3478)) };
}

/** The addresses in a session description, which holds all that were gathered, or heard of, so far. */
export function candidatesIn(sdp: string | undefined): readonly CandidateAddress[] {
  const lines = (sdp ?? '').matchAll(/^a=candidate:\S+ 1 \S+ \d+ (\S+) \d+ typ (host|srflx|prflx|relay)/gm);
  return [...lines].map(([, address = '', type]) => ({ type: type as RTCIceCandidateType, address }));
}
