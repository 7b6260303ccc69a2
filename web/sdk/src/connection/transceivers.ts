/** What we send to everybody in the room. */
export interface LocalTracks {
  /** Camera and microphone. */
  readonly stream: MediaStream | null;
  readonly screen: MediaStream | null;
}

/**
 * What a connection carries, in the order in which it is opened. All four are there from the first offer, also while
 * nobody shares a screen: so sharing one needs no negotiation, and works while the broker is away.
 */
const TRACKS = [
  { name: 'microphone', kind: 'audio', of: 'stream' },
  { name: 'camera', kind: 'video', of: 'stream' },
  { name: 'screen', kind: 'video', of: 'screen' },
  { name: 'sound', kind: 'audio', of: 'screen' },
] as const;

/** `sound` is that of the screen. */
export type TrackName = (typeof TRACKS)[number]['name'];

/** What a screen and its sound are sent in, best first: fewer codecs make a smaller offer. */
const CODECS: { readonly [name in TrackName]?: readonly string[] } = {
  screen: ['video/vp9', 'video/vp8', 'video/rtx'],
  sound: ['audio/opus'],
};

/**
 * The transceivers of a connection, as far as they are there: of each kind the first is for ourselves and the second for a
 * screen. One that nothing was agreed on yet is none of them, where others were: it is left over from a rolled back offer.
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

/** Adds those that are not there yet. */
export function openTransceivers(connection: RTCPeerConnection, outgoing: LocalTracks): void {
  const there = transceiversOf(connection);
  for (const { name, kind } of TRACKS) {
    if (there.has(name)) continue;
    const transceiver = connection.addTransceiver(trackIn(outgoing, name) ?? kind, { direction: 'sendrecv' });
    const codecs = codecsFor(name, kind);
    if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
  }
}

/** The first live track that is to be sent as that. */
export function trackIn(outgoing: LocalTracks, name: TrackName): MediaStreamTrack | null {
  const row = TRACKS.find((each) => each.name === name);
  return row === undefined ? null : firstTrack(outgoing[row.of], row.kind);
}

export function firstTrack(stream: MediaStream | null, kind: 'audio' | 'video'): MediaStreamTrack | null {
  return stream?.getTracks().find((track) => track.kind === kind && track.readyState === 'live') ?? null;
}

/** Those that this browser has of {@link CODECS}; none where it takes no preferences, or has not even the main ones. */
function codecsFor(name: TrackName, kind: string): RTCRtpCodec[] {
  const wanted = CODECS[name];
  if (wanted === undefined || globalThis.RTCRtpTransceiver?.prototype.setCodecPreferences === undefined) return [];
  const known = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const plain = known.filter(({ sdpFmtpLine }) => !/profile-id=[1-9]/.test(sdpFmtpLine ?? ''));
  const codecs = wanted.flatMap((type) => plain.filter(({ mimeType }) => mimeType.toLowerCase() === type));
  return codecs.every(({ mimeType }) => mimeType === 'video/rtx') ? [] : codecs;
}
