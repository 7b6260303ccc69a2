import type * as sdk from '@eyeline/sdk';
import type { Platform } from '../../platform/platform';
import { hasCode, report } from '../page-error';
import { hidesAddress } from '../start/lobby';
import { readRoute } from '../start/route';
import { rendezvousOf } from './spoken-words';

export { readWords } from './spoken-words';

/** Seconds within which the link must be there. */
const within = 30;

/** Where the words lead. */
export type Followed =
  /** The path of the call below the server's base URL, with its fragment. */
  | { readonly is: 'call'; readonly path: string }
  /** Nobody invites with these words, or not any more. */
  | { readonly is: 'nobody' }
  /** There is somebody, but no connection to them. */
  | { readonly is: 'silent' }
  /** The server refused. */
  | { readonly is: 'refused'; readonly code: string; readonly message: string };

/** Gets the link of the call from the person who said these words; the other side is `SpokenInvitation`. */
export async function followWords(
  platform: Platform,
  words: readonly string[],
  aborted: AbortSignal,
): Promise<Followed> {
  const { room, key } = await rendezvousOf(words, platform.url);
  if (aborted.aborted) return { is: 'silent' };
  const lobby = platform.sdk.openLobby({ url: platform.url, room, secret: key, relayOnly: hidesAddress(platform) });
  const abort = new AbortController();
  aborted.addEventListener('abort', () => abort.abort());
  const late = platform.after(within, () => abort.abort());
  try {
    if ((await members(lobby, abort.signal)).length === 0) return { is: 'nobody' };
    const joined = await lobby.join({ name: 'Guest', signal: abort.signal });
    const path = await invitation(joined, abort.signal).finally(() => joined.leave());
    return { is: 'call', path };
  } catch (error) {
    if (abort.signal.aborted) return { is: 'silent' };
    if (!hasCode(error)) report(error);
    return hasCode(error)
      ? { is: 'refused', code: error.code, message: error.message }
      : { is: 'refused', code: 'page-error', message: '' };
  } finally {
    late();
    lobby.leave();
  }
}

/** Resolves with the participants once the server has sent them. Rejects if it refuses, or is aborted. */
function members(lobby: sdk.Lobby, aborted: AbortSignal): Promise<readonly sdk.Member[]> {
  return new Promise((resolve, reject) => {
    aborted.addEventListener('abort', () => reject(aborted.reason));
    lobby.members.subscribe((found) => found !== null && resolve(found));
    lobby.refused.subscribe((why) => why !== null && reject(why));
  });
}

/** The path that somebody in the room sends us: to a call with a key, on this server. Anything else is ignored. */
function invitation(room: sdk.Room, aborted: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    aborted.addEventListener('abort', () => reject(aborted.reason));
    room.onMessage((_, message) => {
      const path = pathIn(message);
      if (path !== null) resolve(path);
    });
    room.ended.subscribe((why) => why !== null && reject(why));
  });
}

function pathIn(message: sdk.Json): string | null {
  if (typeof message !== 'object' || message === null || !('kind' in message) || !('path' in message)) return null;
  const { kind, path } = message;
  if (kind !== 'invitation' || typeof path !== 'string' || path.length > 1000) return null;
  const route = readRoute(path);
  return route.at === 'room' && route.key !== null && route.owner === null ? path : null;
}
