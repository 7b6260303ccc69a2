import { PeerTransfers } from './peer-transfers.ts';
import { Swarm } from './swarm.ts';

/** The file transfers of one room. This is where the code that is loaded later begins. */
export class RoomTransfers {
  readonly #swarm = new Swarm();

  /** The transfers with one peer; for the parameters see {@link PeerTransfers}. */
  withPeer(peerId: string, mayOffer: boolean, dropped: () => void): PeerTransfers {
    return new PeerTransfers(peerId, this.#swarm, mayOffer, dropped);
  }
}
