import type * as sdk from '@eyeline/sdk';
import type { Outside } from './outside';

/** Seconds that somebody who is being connected to is waited for. */
const waitFor = 0.4;

/** Whether there is nothing to wait for. */
export function hasArrived(peer: sdk.Peer): boolean {
  return peer.line.current.state !== 'looking';
}

/**
 * Resolves when we are connected to the peer, or it takes long. To draw somebody keeps the page busy just when it has to
 * answer; between the connection and the first picture there is time for it.
 */
export function arrival(peer: sdk.Peer, after: Outside['after']): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const end = (): void => {
      for (const stop of stops) stop();
      resolve();
    };
    stops.push(after(waitFor, end));
    stops.push(peer.line.subscribe(() => hasArrived(peer) && queueMicrotask(end)));
  });
}
