import type { PeerMedia } from '../connection/messages.ts';
import { firstTrack, type TrackName } from '../connection/transceivers.ts';
import { Source } from '../value.ts';

/** What comes from somebody, and what they say of it. */
export class RemoteMedia {
  readonly stream = new MediaStream();
  readonly screen = new Source<MediaStream | null>(null);
  readonly media = new Source<PeerMedia>({ microphone: 'none', camera: 'none', screen: 'none' });
  /** What comes by the tracks for a screen, whether it is one or not. */
  #sharedScreen = new MediaStream();

  add(track: MediaStreamTrack, name: TrackName): void {
    const stream = name === 'screen' || name === 'sound' ? this.#sharedScreen : this.stream;
    for (const old of stream.getTracks()) {
      if (old.kind === track.kind && old !== track) stream.removeTrack(old);
    }
    stream.addTrack(track);
    // A browser tells of tracks that it adds itself only.
    stream.dispatchEvent(new MediaStreamTrackEvent('addtrack', { track }));
    this.#show();
  }

  /** May come before the tracks that it is about: a busy browser tells of those later. */
  setMedia(media: PeerMedia): void {
    this.media.set(media);
    this.#show();
  }

  /** The connection that brought it is given up. */
  clear(): void {
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
    this.#sharedScreen = new MediaStream();
    if (this.media.current.screen === 'on') this.setMedia({ ...this.media.current, screen: 'none' });
  }

  /** The tracks for a screen are none before they say that they share one. */
  #show(): void {
    const shares = this.media.current.screen === 'on' && firstTrack(this.#sharedScreen, 'video') !== null;
    this.screen.set(shares ? this.#sharedScreen : null);
  }
}
