import type { ConnectionStatus, TriedPath, TurnServer } from '@eyeline/sdk';
import { inOneDigit, perSecond } from './strings';

const udp = (protocol: string | null) => (protocol === null ? '' : ` (${protocol.toUpperCase()})`);

/** What we know of the path, and no more. */
function path({ state, path: kind, localType, remoteType, protocol, verdict }: ConnectionStatus): string {
  if (state === 'looking') return verdict === null ? 'Looking for a path…' : 'None found yet';
  if (state === 'lost') return 'Lost. Trying again…';
  if (localType === 'relay') return `Relayed over ${protocol?.toUpperCase() ?? 'UDP'}, still encrypted`;
  if (kind === 'relay') return 'Relayed on their side, still encrypted';
  if (kind === 'same-network') return `Direct, on the same network${udp(protocol)}`;
  if (kind === null) return 'Direct';
  const [mine, theirs] = [localType !== 'host', remoteType !== 'host'];
  const nats =
    mine && theirs ? 'through both NATs' : mine ? 'through your NAT' : theirs ? 'through their NAT' : 'without NAT';
  return `Direct, ${nats}${udp(protocol)}`;
}

const none = '–';

function isUp({ state }: ConnectionStatus): boolean {
  return state === 'direct' || state === 'relayed';
}

function roundTrip(connection: ConnectionStatus): string {
  const { roundTripMs } = connection;
  if (!isUp(connection)) return none;
  if (roundTripMs === null) return 'Measuring…';
  return roundTripMs < 1 ? 'Under 1 ms' : `${Math.round(roundTripMs)} ms`;
}

function lost(connection: ConnectionStatus): string {
  if (!isUp(connection)) return none;
  if (connection.packetLoss !== null) return `${inOneDigit(connection.packetLoss * 100)} %`;
  return connection.video === null && connection.roundTripMs !== null ? none : 'Measuring…';
}

const kinds = { 'same-network': 'Same network', direct: 'Directly through NATs' } as const;

function places(relays: readonly TurnServer[]): string {
  return relays.map(({ transport, port }) => `${transport.toUpperCase()} port ${port}`).join(', ');
}

function tried({ kind, outcome, relays }: TriedPath): string {
  if (kind !== 'relay') return `${kinds[kind]}: ${outcome === 'ready' ? 'worked, not used' : 'no answer'}.`;
  if (outcome === 'ready') return 'Relay: ready, not used.';
  if (outcome === 'unneeded') return 'Relay: not needed.';
  if (outcome === 'missing') return 'Relay: this server offers none.';
  return `Relay (${places(relays)}): ${outcome === 'refused' ? 'refused' : 'no answer'}.`;
}

function picture({ video: seen }: ConnectionStatus): string {
  if (seen === null) return 'No picture';
  const rate =
    seen.kbitPerSecond >= 1000
      ? `${inOneDigit(seen.kbitPerSecond / 1000)}\u00a0Mbit`
      : `${Math.round(seen.kbitPerSecond)}\u00a0kbit`;
  return `${seen.width}×${seen.height}, ${Math.round(seen.framesPerSecond)}\u00a0fps, ${perSecond(rate)}`;
}

/** The connection panel. */
export const connectionWords = {
  heading: (name: string) => `Your connection to ${name}`,
  address: (connection: ConnectionStatus, known: string | null) =>
    known ?? (isUp(connection) ? 'address hidden' : none),
  path: (connection: ConnectionStatus) => ['Path', path(connection)] as const,
  tried: (connection: ConnectionStatus) =>
    [isUp(connection) ? 'Also tried' : 'Tried', connection.tried.map(tried).join(' ')] as const,
  roundTrip: (connection: ConnectionStatus) => ['Round trip', roundTrip(connection)] as const,
  picture: (connection: ConnectionStatus) => ['Picture', picture(connection)] as const,
  lost: (connection: ConnectionStatus) => ['Packet loss', lost(connection)] as const,
  introduced: (sealed: boolean) =>
    ['Setup protected by', sealed ? 'The key in your link' : 'The server, which you rely on'] as const,
};
