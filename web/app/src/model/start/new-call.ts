import type { Platform } from '../../platform/platform';
import { newKey } from './link-fragment';
import { newRoomName } from './room-name';
import { roomPath } from './route';

/** The owner key of a room that was created here, or that a host gave us; null if we have none. */
export function ownerOf({ memory }: Pick<Platform, 'memory'>, room: string): string | null {
  return memory.get(ownerKey + room);
}

export function keepOwner({ memory }: Pick<Platform, 'memory'>, room: string, owner: string): void {
  memory.set(ownerKey + room, owner);
}

const ownerKey = 'eyeline:owner:';

/** The path of a new call with its own key, and us as its host. Without HTTPS, browsers can do neither. */
export async function newCallPath(platform: Pick<Platform, 'random' | 'secure' | 'memory' | 'sdk'>): Promise<string> {
  const { random, secure, sdk } = platform;
  if (!secure) return roomPath(newRoomName(random), null);
  const owner = newKey(random);
  const room = await sdk.ownedRoomName(owner);
  keepOwner(platform, room, owner);
  return roomPath(room, newKey(random));
}
