import { readKey, readOwner, readPass } from './link-fragment';
import { isRoomName, meantRoomName } from './room-name';

/** The room, and what else the link contains. */
export interface RoomAddress {
  readonly room: string;
  /** Encrypts signalling; null if the link has no key. */
  readonly key: string | null;
  /** A signed pass from the operator's own site. */
  readonly pass: string | null;
  /** The owner key: makes us a host of the room. */
  readonly owner: string | null;
}

/** The page that an address stands for. */
export type Route =
  | { readonly at: 'home' }
  | { readonly at: 'test' }
  | ({ readonly at: 'room' } & RoomAddress)
  | { readonly at: 'bad-key' }
  | { readonly at: 'bad-room' }
  | { readonly at: 'nowhere' };

/** `address` is relative to the server's base URL, with the fragment. */
export function readRoute(address: string): Route {
  const [path = '', fragment = ''] = address.split('#', 2);
  if (path === '' || path === 'index.html') return { at: 'home' };
  if (path.replace(/\/$/, '') === testPath) return { at: 'test' };
  const [folder, name, ...rest] = path.replace(/\/$/, '').split('/');
  if (folder !== 'r' || name === undefined || rest.length > 0) return { at: 'nowhere' };
  const room = meantRoomName(name);
  if (!isRoomName(room)) return { at: 'bad-room' };
  const key = readKey(fragment);
  if (key.is === 'broken') return { at: 'bad-key' };
  return {
    at: 'room',
    room,
    key: key.is === 'key' ? key.key : null,
    pass: readPass(fragment),
    owner: readOwner(fragment),
  };
}

export const homePath = '';
export const testPath = 'test';

export function roomPath(room: string, key: string | null): string {
  return key === null ? `r/${room}` : `r/${room}#${key}`;
}
