import type { PeerMedia } from '../connection/messages.ts';
import type { TrackName } from '../connection/transceivers.ts';
import { PERMISSIONS, type Permission } from '../signalling/protocol.ts';

/** What a participant may send: any of `microphone`, `camera`, `screen`, `files` and `chat`. */
export type Permissions = ReadonlySet<Permission>;

/** A member's permissions as the server gives them; all if it gives none. */
export function permissionsOf({ may = PERMISSIONS }: { readonly may?: readonly Permission[] }): Permissions {
  return new Set(may);
}

/** The permission that a track needs. */
export function permissionFor(name: TrackName): Permission {
  return name === 'sound' ? 'screen' : name;
}

/** The tracks of camera and microphone that may be sent. */
export function permitted(stream: MediaStream | null, may: Permissions): MediaStream | null {
  const tracks = stream?.getTracks() ?? [];
  const left = tracks.filter((track) => may.has(track.kind === 'audio' ? 'microphone' : 'camera'));
  return left.length === tracks.length ? stream : new MediaStream(left);
}

/** What a peer says about their tracks, limited to what they may send. */
export function permittedMedia({ microphone, camera, screen, ...more }: PeerMedia, may: Permissions): PeerMedia {
  return {
    microphone: may.has('microphone') ? microphone : 'none',
    camera: may.has('camera') ? camera : 'none',
    screen: may.has('screen') ? screen : 'none',
    ...(may.has('camera') ? more : {}),
  };
}
