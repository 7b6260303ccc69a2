import type { PeerMedia } from '../connection/messages.ts';
import type { TrackName } from '../connection/transceivers.ts';
import { PERMISSIONS, type Permission } from '../signalling/protocol.ts';

/** What somebody may send to the others. */
export type Permissions = ReadonlySet<Permission>;

/** What the broker says that somebody may; where it says nothing, everything. */
export function permissionsOf({ may = PERMISSIONS }: { readonly may?: readonly Permission[] }): Permissions {
  return new Set(may);
}

/** What it takes to send that. */
export function permissionFor(name: TrackName): Permission {
  return name === 'sound' ? 'screen' : name;
}

/** Of the tracks of camera and microphone, those that may be sent. */
export function permitted(stream: MediaStream | null, may: Permissions): MediaStream | null {
  const tracks = stream?.getTracks() ?? [];
  const left = tracks.filter((track) => may.has(track.kind === 'audio' ? 'microphone' : 'camera'));
  return left.length === tracks.length ? stream : new MediaStream(left);
}

/** What is believed of what somebody says of their tracks. */
export function permittedMedia({ microphone, camera, screen }: PeerMedia, may: Permissions): PeerMedia {
  return {
    microphone: may.has('microphone') ? microphone : 'none',
    camera: may.has('camera') ? camera : 'none',
    screen: may.has('screen') ? screen : 'none',
  };
}
