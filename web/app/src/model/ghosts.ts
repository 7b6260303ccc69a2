import type * as sdk from '@eyeline/sdk';
import { Subscriptions } from './subscriptions';

interface Seat {
  /** The last long-term key that this person has proved to have, over new connections too; null if none. */
  identity: string | null;
  readonly subscriptions: Subscriptions;
}

/**
 * Seats that somebody has left behind: their browser crashed, and they came back to a new seat before the server gave up
 * the old one, which takes 30 seconds. We know it by their long-term key: both seats proved that they have it, only one
 * of them is connected, and nobody else can prove that.
 */
export class Ghosts {
  readonly #seats = new Map<sdk.Peer, Seat>();
  readonly #changed: () => void;
  #found: ReadonlySet<sdk.Peer> = new Set();

  /** `changed` is called when {@link has} changes by itself. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  has(peer: sdk.Peer): boolean {
    return this.#found.has(peer);
  }

  /** These people are in the room now. */
  watch(peers: readonly sdk.Peer[]): void {
    for (const [peer, { subscriptions }] of this.#seats) {
      if (peers.includes(peer)) continue;
      subscriptions.end();
      this.#seats.delete(peer);
    }
    for (const peer of peers) if (!this.#seats.has(peer)) this.#seats.set(peer, this.#follow(peer));
    this.#found = this.#find();
  }

  end(): void {
    this.watch([]);
  }

  #follow(peer: sdk.Peer): Seat {
    const seat: Seat = { identity: null, subscriptions: new Subscriptions() };
    seat.subscriptions.on(peer.safety, (safety) => {
      if (safety.state !== 'ready' || safety.identity === null) return;
      seat.identity = safety.identity;
      this.#update();
    });
    seat.subscriptions.on(peer.connection, () => this.#update());
    return seat;
  }

  #update(): void {
    const found = this.#find();
    if (found.size === this.#found.size && [...found].every((peer) => this.#found.has(peer))) return;
    this.#found = found;
    this.#changed();
  }

  #find(): ReadonlySet<sdk.Peer> {
    const seats = [...this.#seats];
    const present = new Set(seats.filter(([peer]) => isConnected(peer)).map(([, { identity }]) => identity));
    present.delete(null);
    return new Set(
      seats.filter(([peer, { identity }]) => !isConnected(peer) && present.has(identity)).map(([one]) => one),
    );
  }
}

function isConnected({ connection }: sdk.Peer): boolean {
  const { state } = connection.current;
  return state === 'direct' || state === 'relayed';
}
