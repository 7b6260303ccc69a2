import type * as sdk from '@eyeline/sdk';
import type { Platform } from '../platform/platform';

/** Seconds to wait for a newcomer's connection before drawing them. */
const secondsForWhoComes = 0.4;

/**
 * The same for people who were there before us: our offer is on its way by then, and they are drawn while the answer is
 * made. Drawing them once connected delayed the first picture: 64 to 92 ms from its first packet to the frame on a busy
 * machine, now 15 to 49 (`bench/setup.py --steps`).
 */
export const secondsForThoseThere = 0.04;

/** Whether the connection is made or has failed, so that there is nothing to wait for. */
export function isSettled(peer: sdk.Peer): boolean {
  return peer.connection.current.state !== 'looking';
}

/**
 * Resolves when we are connected to the peer, or after `most` seconds. Drawing somebody keeps the page busy just when
 * it has to send an offer or an answer.
 */
export function firstConnection(peer: sdk.Peer, after: Platform['after'], most = secondsForWhoComes): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const end = (): void => {
      for (const stop of stops) stop();
      resolve();
    };
    stops.push(after(most, end));
    stops.push(peer.connection.subscribe(() => isSettled(peer) && queueMicrotask(end)));
  });
}
