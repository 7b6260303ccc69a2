import type { ConnectionStatus } from '@eyeline/sdk';

/**
 * Whose connection is weak, as far as we can tell: `ours`, `theirs`, or `weak` if it may be either. `slow`: all arrives,
 * but late.
 */
export type Quality = 'good' | 'slow' | 'weak' | 'ours' | 'theirs';

/** Share of lost packets from which people notice it. */
const lossy = 0.05;

/** Milliseconds of round trip from which people talk over each other: 150 ms one way, the limit of ITU-T G.114. */
const slow = 300;

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
 * What is lost in one direction only is mostly lost at its sender's: people's upload is the thinner side.
 */
function measured({ state, packetLoss, packetLossSent, roundTripMs }: ConnectionStatus): Quality {
  if (state !== 'direct' && state !== 'relayed') return 'good'; // the badge says so by itself
  const [received, sent] = [(packetLoss ?? 0) >= lossy, (packetLossSent ?? 0) >= lossy];
  if (received !== sent) return received ? 'theirs' : 'ours';
  if (received) return 'weak';
  return (roundTripMs ?? 0) >= slow ? 'slow' : 'good';
}

/** If the connection to each of several people is weak, it is ours. A slow one may just be long. */
export function attributed(qualities: readonly Quality[]): readonly Quality[] {
  const allWeak = qualities.length > 1 && qualities.every((each) => each !== 'good' && each !== 'slow');
  return allWeak ? qualities.map(() => 'ours') : qualities;
}
