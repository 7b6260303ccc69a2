import type * as sdk from '@eyeline/sdk';
import type { Platform } from '../platform/platform';

/** Seconds that somebody who comes to our call is waited for, at most. */
const secondsForWhoComes = 0.4;

/**
 * And those whom we come to: our offer is on its way by then, and they are drawn while the answer is made. Drawn when they
 * are connected, they kept the first picture waiting: 64 to 92 ms from its first packet to the frame on a busy machine,
 * now 15 to 49 (`bench/setup.py --steps`).
 */
export const secondsForThoseThere = 0.04;

/** Whether there is nothing to wait for. */
export function isSettled(peer: sdk.Peer): boolean {
  return peer.line.current.state !== 'looking';
}

/**
 * Resolves when we are connected to the peer, or after `most` seconds. To draw somebody keeps the page busy just when it
 * has to offer or to answer.
 */
export function firstConnection(peer: sdk.Peer, after: Platform['after'], most = secondsForWhoComes): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const end = (): void => {
      for (const stop of stops) stop();
      resolve();
    };
    stops.push(after(most, end));
    stops.push(peer.line.subscribe(() => isSettled(peer) && queueMicrotask(end)));
  });
}
