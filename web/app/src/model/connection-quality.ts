import type { ConnectionStatus } from '@eyeline/sdk';

/** Whose connection is weak, as far as we can tell: `ours`, `theirs`, or `weak` if it may be either. */
export type Quality = 'good' | 'weak' | 'ours' | 'theirs';

/** Share of lost packets from which people notice it. */
const lossy = 0.05;

/** Milliseconds of round trip from which people talk over each other. */
const slow = 400;

/** Measurements, about one a second, after which it counts as weak, and as good again. */
const weakAfter = 3;
const goodAfter = 6;

/** The quality of the connection to one person, steady enough to be shown. */
export class ConnectionQuality {
  #quality: Quality = 'good';
  #weak = 0;
  #good = 0;

  /** Takes the next measurement. */
  update(status: ConnectionStatus): Quality {
    const now = measured(status);
    this.#weak = now === 'good' ? 0 : this.#weak + 1;
    this.#good = now === 'good' ? this.#good + 1 : 0;
    if (this.#weak >= weakAfter) this.#quality = now;
    else if (this.#good >= goodAfter) this.#quality = 'good';
    return this.#quality;
  }
}

/**
 * What is lost in one direction only is mostly lost at its sender's: people's upload is the thinner side. A slow path
 * can be slow at either end.
 */
function measured({ state, packetLoss, packetLossSent, roundTripMs }: ConnectionStatus): Quality {
  if (state !== 'direct' && state !== 'relayed') return 'good'; // the badge says so by itself
  const [received, sent] = [(packetLoss ?? 0) >= lossy, (packetLossSent ?? 0) >= lossy];
  if (received !== sent) return received ? 'theirs' : 'ours';
  return received || (roundTripMs ?? 0) >= slow ? 'weak' : 'good';
}

/** If the connection to each of several people is weak, it is ours. */
export function attributed(qualities: readonly Quality[]): readonly Quality[] {
  const allWeak = qualities.length > 1 && qualities.every((each) => each !== 'good');
  return allWeak ? qualities.map(() => 'ours') : qualities;
}
