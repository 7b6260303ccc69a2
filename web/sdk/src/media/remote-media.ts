import type { PeerMedia } from '../connection/messages.ts';
import { firstTrack, type TrackName } from '../connection/transceivers.ts';
import { Source } from '../value.ts';

/** The media that a peer sends, and what they say about it. */
export class RemoteMedia {
  readonly stream = new MediaStream();
  readonly screen = new Source<MediaStream | null>(null);
  readonly media = new Source<PeerMedia>({ microphone: 'none', camera: 'none', screen: 'none' });
  /** The tracks received for a screen, whether or not one is shared. */
  #sharedScreen = new MediaStream();
  /** The camera's track, until there is a picture for it. */
  #waitingCamera: MediaStreamTrack | null = null;

  /**
   * A camera's track joins the stream with its picture. Chromium plays no sound in an element whose stream has a video
   * track without a frame, so two people without cameras wouldn't hear each other.
   */
  add(track: MediaStreamTrack, name: TrackName): void {
    if (name === 'camera' && track.muted && this.media.current.camera !== 'on') {
      this.#waitingCamera = track;
      track.addEventListener('unmute', () => this.#addCamera(track), { once: true });
      return;
    }
    this.#addTo(name === 'screen' || name === 'sound' ? this.#sharedScreen : this.stream, track);
  }

  #addTo(stream: MediaStream, track: MediaStreamTrack): void {
    for (const old of stream.getTracks()) {
      if (old.kind === track.kind && old !== track) stream.removeTrack(old);
    }
    stream.addTrack(track);
    // Browsers fire this only for tracks that they add themselves.
    stream.dispatchEvent(new MediaStreamTrackEvent('addtrack', { track }));
    this.#show();
  }

  /** May arrive before the tracks that it is about. */
  setMedia(media: PeerMedia): void {
    this.media.set(media);
    if (media.camera === 'on') this.#addCamera(this.#waitingCamera);
    this.#show();
  }

  /** The connection was replaced. */
  clear(): void {
    this.#waitingCamera = null;
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
    this.#sharedScreen = new MediaStream();
    if (this.media.current.screen === 'on') this.setMedia({ ...this.media.current, screen: 'none' });
  }

  #addCamera(track: MediaStreamTrack | null): void {
    if (track === null || track !== this.#waitingCamera) return;
    this.#waitingCamera = null;
    this.#addTo(this.stream, track);
  }

  /** The tracks for a screen don't count until the peer says that they share one. */
  #show(): void {
    const shares = this.media.current.screen === 'on' && firstTrack(this.#sharedScreen, 'video') !== null;
    this.screen.set(shares ? this.#sharedScreen : null);
  }
}
