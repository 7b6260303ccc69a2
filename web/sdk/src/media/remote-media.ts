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

  add(track: MediaStreamTrack, name: TrackName): void {
    const stream = name === 'screen' || name === 'sound' ? this.#sharedScreen : this.stream;
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
    this.#show();
  }

  /** The connection was replaced. */
  clear(): void {
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
    this.#sharedScreen = new MediaStream();
    if (this.media.current.screen === 'on') this.setMedia({ ...this.media.current, screen: 'none' });
  }

  /** The tracks for a screen don't count until the peer says that they share one. */
  #show(): void {
    const shares = this.media.current.screen === 'on' && firstTrack(this.#sharedScreen, 'video') !== null;
    this.screen.set(shares ? this.#sharedScreen : null);
  }
}
