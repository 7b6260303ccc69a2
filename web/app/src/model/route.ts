import { isRoomName } from './room-name';

/** What an address asks for. */
export type Route =
  | { readonly at: 'home' }
  | { readonly at: 'test' }
  | { readonly at: 'room'; readonly room: string }
  | { readonly at: 'bad-room' }
  | { readonly at: 'nowhere' };

/** `path` is relative to the server's base URL. */
export function readRoute(path: string): Route {
  if (path === '' || path === 'index.html') return { at: 'home' };
  if (path.replace(/\/$/, '') === testPath) return { at: 'test' };
  const [folder, name, ...rest] = path.replace(/\/$/, '').split('/');
  if (folder !== 'r' || name === undefined || rest.length > 0) return { at: 'nowhere' };
  const room = name.toLowerCase();
  return isRoomName(room) ? { at: 'room', room } : { at: 'bad-room' };
}

export const homePath = '';
export const testPath = 'test';

export function roomPath(room: string): string {
  return `r/${room}`;
}
