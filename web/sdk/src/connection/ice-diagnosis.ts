import type { IceServer } from '../signalling/protocol.ts';

/** How a browser reaches a TURN server. */
export type Transport = 'udp' | 'tcp' | 'tls';

/** A TURN server, from its `turn:` or `turns:` URL (RFC 7065). */
export interface TurnServer {
  /** The whole URL. */
  readonly url: string;
  /** Transport that the URL asks for. */
  readonly transport: Transport;
  /** Port; the default one if the URL has none. */
  readonly port: number;
}

/** An `icecandidateerror` event of a server while gathering; code 701 means that it did not answer. */
export interface GatheringError {
  readonly url: string;
  readonly code: number;
}

/** Type and address of an ICE candidate. */
export interface CandidateAddress {
  readonly type: RTCIceCandidateType;
  readonly address: string;
}

/** The types of a candidate pair that was checked, and whether there was ever a response. */
export interface TriedPair {
  readonly local: RTCIceCandidateType;
  readonly remote: RTCIceCandidateType;
  readonly answered: boolean;
}

/** All that is known about an attempt to connect. */
export interface IceAttempt {
  readonly relays: readonly TurnServer[];
  readonly errors: readonly GatheringError[];
  readonly mine: readonly RTCIceCandidateType[];
  readonly theirs: readonly RTCIceCandidateType[];
  readonly pairs: readonly TriedPair[];
}

export const NO_ICE_ATTEMPT: IceAttempt = { relays: [], errors: [], mine: [], theirs: [], pairs: [] };

/**
 * Why two participants can't connect: `no-candidates` (this browser found no address), `peer-silent` (nothing arrived
 * from the peer), `network-blocked` (UDP is blocked here), `turn-refused` (TURN refused us), `relay-silent` (TURN did
 * not answer), `no-relay` (the server has no relay, and the networks need one), `no-path` (even the relays did not
 * help).
 */
export type VerdictCode =
  | 'no-candidates'
  | 'peer-silent'
  | 'network-blocked'
  | 'turn-refused'
  | 'relay-silent'
  | 'no-relay'
  | 'no-path';

/** Kinds of path, best first. */
export type PathKind = 'same-network' | 'direct' | 'relay';

/** A kind of path that is not in use. */
export interface TriedPath {
  /** Which kind. */
  readonly kind: PathKind;
  /**
   * What became of it: `ready` would work, `unneeded` was not waited for, `silent` got no response, `refused` was
   * denied by the TURN server, `missing` is a relay where the server has none.
   */
  readonly outcome: 'ready' | 'unneeded' | 'silent' | 'refused' | 'missing';
  /** The TURN servers that were tried; empty for other kinds. */
  readonly relays: readonly TurnServer[];
}

/** Diagnoses an attempt that found no path. */
export function verdictOf({ relays, errors, mine, theirs, pairs }: IceAttempt): VerdictCode {
  if (mine.length === 0) return 'no-candidates';
  if (theirs.length === 0) return 'peer-silent';
  if (mine.includes('relay')) return 'no-path';
  if (relays.length === 0) return 'no-relay';
  if (isRefused(relays, errors)) return 'turn-refused';
  const udpGetsOut = mine.includes('srflx') || pairs.some(({ answered }) => answered);
  return udpGetsOut ? 'relay-silent' : 'network-blocked';
}

/** The kinds of path that are not in `use`. Of the kinds worse than that one only the relay is listed. */
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
  // Browsers stop gathering once they are connected.
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
  return errors.some((error) => isRefusal(error) && relays.some(({ url }) => isAbout(error, url)));
}

function isKnown(errors: readonly GatheringError[], url: string): boolean {
  return errors.some((error) => isAbout(error, url));
}

/**
 * Whether the server answered with an error. Only code 701 means that it did not answer: Firefox has 65535 for errors
 * such as 508 (Insufficient Capacity).
 */
export function isRefusal({ code }: GatheringError): boolean {
  return code !== 701;
}

/** Whether the error is about that URL. Firefox leaves the transport out if it is UDP. */
export function isAbout(error: GatheringError, url: string): boolean {
  return error.url === url || error.url === url.replace('?transport=udp', '');
}

/** Merges two readings of an attempt: browsers forget the pairs that they gave up. */
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

/** The TURN servers among the ICE servers. */
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

/** The candidates in a session description, which lists all that are known so far. */
export function candidatesIn(sdp: string | undefined): readonly CandidateAddress[] {
  const lines = (sdp ?? '').matchAll(/^a=candidate:\S+ 1 \S+ \d+ (\S+) \d+ typ (host|srflx|prflx|relay)/gm);
  return [...lines].map(([, address = '', type]) => ({ type: type as RTCIceCandidateType, address }));
}
