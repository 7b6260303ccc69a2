import { readKey } from './key';
import { isRoomName } from './room-name';

/** What an address asks for. */
export type Route =
  | { readonly at: 'home' }
  | { readonly at: 'test' }
  /** `key` seals what is said through the server; null in a link that has none. */
  | { readonly at: 'room'; readonly room: string; readonly key: string | null }
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
  return { at: 'room', room, key: key.is === 'key' ? key.key : null };
}

export const homePath = '';
export const testPath = 'test';

export function roomPath(room: string, key: string | null): string {
  return key === null ? `r/${room}` : `r/${room}#${key}`;
}
