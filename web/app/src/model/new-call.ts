import { newKey } from './key';
import type { Outside } from './outside';
import { newRoomName } from './room-name';
import { roomPath } from './route';

/** Where a new call is, with a key of its own: without HTTPS browsers can't use one. */
export function newCallPath({ random, secure }: Pick<Outside, 'random' | 'secure'>): string {
  return roomPath(newRoomName(random), secure ? newKey(random) : null);
}
