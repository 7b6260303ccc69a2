import { readKey, readOwner, readPass } from './link-fragment';
import { isRoomName } from './room-name';

/** Which room, and what the link brings along. */
export interface RoomAddress {
  readonly room: string;
  /** Seals what is said through the server; null in a link that has none. */
  readonly key: string | null;
  /** Opens a room that the operator's own site has the say over. */
  readonly pass: string | null;
  /** Makes us a host of the room. */
  readonly owner: string | null;
}

/** What an address asks for. */
export type Route =
  | { readonly at: 'home' }
  | { readonly at: 'test' }
  | ({ readonly at: 'room' } & RoomAddress)
  | { readonly at: 'bad-key' }
  | { readonly at: 'bad-room' }
  | { readonly at: 'nowhere' };

/** `address` is relative to the server's base URL, with what follows a `#`. */
export function readRoute(address: string): Route {
  const [path = '', fragment = ''] = address.split('#', 2);
  if (path === '' || path === 'index.html') return { at: 'home' };
  if (path.replace(/\/$/, '') === testPath) return { at: 'test' };
  const [folder, name, ...rest] = path.replace(/\/$/, '').split('/');
  if (folder !== 'r' || name === undefined || rest.length > 0) return { at: 'nowhere' };
  const room = name.toLowerCase();
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
