import type { PeerMedia } from './messages.ts';

/** What we send to everyone in the room. */
export interface LocalTracks {
  /** Camera and microphone. */
  readonly stream: MediaStream | null;
  /** A shared screen and its audio. */
  readonly screen: MediaStream | null;
}

/**
 * The four media of a connection, in the order of their `m=` lines. All are in the first offer, even if no screen is
 * shared: so sharing one needs no renegotiation, and works while the server can't be reached.
 */
const TRACKS = [
  { name: 'microphone', kind: 'audio', of: 'stream' },
  { name: 'camera', kind: 'video', of: 'stream' },
  { name: 'screen', kind: 'video', of: 'screen' },
  { name: 'sound', kind: 'audio', of: 'screen' },
] as const;

/** `sound` is the audio of the screen. */
export type TrackName = (typeof TRACKS)[number]['name'];

/** Codecs for a screen and its audio, best first: fewer codecs make a smaller offer. */
const CODECS: { readonly [name in TrackName]?: readonly string[] } = {
  screen: ['video/vp9', 'video/vp8', 'video/rtx'],
  sound: ['audio/opus'],
};

/**
 * The transceivers of a connection by name, as far as they exist: of each kind the first is for camera or microphone,
 * and the second for a screen. Transceivers without a `mid` don't count if others have one: a rolled back offer left
 * them.
 */
export function transceiversOf(connection: RTCPeerConnection): ReadonlyMap<TrackName, RTCRtpTransceiver> {
  const live = connection.getTransceivers().filter(({ direction }) => direction !== 'stopped');
  const agreed = live.filter(({ mid }) => mid !== null);
  const left = agreed.length > 0 ? agreed : live;
  const found = new Map<TrackName, RTCRtpTransceiver>();
  for (const { name, kind } of TRACKS) {
    const at = left.findIndex(({ receiver }) => receiver.track.kind === kind);
    const [transceiver] = at < 0 ? [] : left.splice(at, 1);
    if (transceiver !== undefined) found.set(name, transceiver);
  }
  return found;
}

/** What we tell the others about our tracks. */
export function mediaOf({ stream, screen }: LocalTracks): PeerMedia {
  const audio = firstTrack(stream, 'audio');
  const video = firstTrack(stream, 'video');
  return {
    microphone: audio === null ? 'none' : isLive(audio) ? 'on' : 'muted',
    camera: video === null ? 'none' : isLive(video) ? 'on' : 'off',
    screen: firstTrack(screen, 'video') === null ? 'none' : 'on',
  };
}

/** Neither the user nor the system has muted it. */
function isLive({ enabled, muted }: MediaStreamTrack): boolean {
  return enabled && !muted;
}

/** Adds the transceivers that don't exist yet. */
export function openTransceivers(connection: RTCPeerConnection, outgoing: LocalTracks): void {
  const there = transceiversOf(connection);
  for (const { name, kind } of TRACKS) {
    if (there.has(name)) continue;
    const transceiver = connection.addTransceiver(trackIn(outgoing, name) ?? kind, { direction: 'sendrecv' });
    const codecs = codecsFor(name, kind);
    if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
  }
}

/** The track to send as that. */
export function trackIn(outgoing: LocalTracks, name: TrackName): MediaStreamTrack | null {
  const row = TRACKS.find((each) => each.name === name);
  return row === undefined ? null : firstTrack(outgoing[row.of], row.kind);
}

/** The first live track of that kind. */
export function firstTrack(stream: MediaStream | null, kind: 'audio' | 'video'): MediaStreamTrack | null {
  return stream?.getTracks().find((track) => track.kind === kind && track.readyState === 'live') ?? null;
}

/** The {@link CODECS} that this browser has; empty if it takes no preferences, or has only retransmission. */
function codecsFor(name: TrackName, kind: string): RTCRtpCodec[] {
  const wanted = CODECS[name];
  if (wanted === undefined || globalThis.RTCRtpTransceiver?.prototype.setCodecPreferences === undefined) return [];
  const known = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const plain = known.filter(({ sdpFmtpLine }) => !/profile-id=[1-9]/.test(sdpFmtpLine ?? ''));
  const codecs = wanted.flatMap((type) => plain.filter(({ mimeType }) => mimeType.toLowerCase() === type));
  return codecs.every(({ mimeType }) => mimeType === 'video/rtx') ? [] : codecs;
}
