import type { ConnectionStatus } from '@eyeline/sdk';

/** How a connection is, wherever people are told: as its state says, or `none` if no path was found so far. */
export type ConnectionPhase = ConnectionStatus['state'] | 'none';

export function phaseOf({ state, verdict }: ConnectionStatus): ConnectionPhase {
  return state === 'looking' && verdict !== null ? 'none' : state;
}

/** The line that is drawn of it: without a connection it's as broken as after one. */
export function lineOf(connection: ConnectionStatus): ConnectionStatus['state'] {
  const phase = phaseOf(connection);
  return phase === 'none' ? 'lost' : phase;
}
