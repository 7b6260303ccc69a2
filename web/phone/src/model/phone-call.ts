import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { CaptureError, type CaptureProblem, type PhonePlatform } from '../platform/platform';
import type { CallEvent, Ended, Identity, MediaPath, SipCall } from '../platform/user-agent';

/** Seconds between two looks at the media path. */
const pathEvery = 2;

/**
 * `calling`: the INVITE is on its way; `ringing`: their phone rings; `incoming`: ours rings; `answering`: we have answered.
 */
export type CallState = 'calling' | 'ringing' | 'incoming' | 'answering' | 'established' | 'ended';

/** The microphone and the camera of a call. */
interface Tracks {
  readonly microphone: MediaStreamTrack | null;
  readonly camera: MediaStreamTrack | null;
}

/** What a call tells the list of calls. */
export interface CallObserver {
  established(call: PhoneCall): void;
  ended(call: PhoneCall): void;
  /** They ask us to call somebody else. */
  referred(call: PhoneCall, event: CallEvent & { readonly is: 'refer' }): void;
  /** Another call has taken its place. */
  replaced(call: PhoneCall, by: SipCall): void;
}

/** One call, from its first ring to its end. */
export class PhoneCall {
  readonly remote: Identity;
  readonly mine: boolean;
  readonly at: number;
  readonly state = signal<CallState>('calling');
  readonly ending = signal<Ended | null>(null);
  /** When it was established, in milliseconds since 1970. */
  readonly since = signal<number | null>(null);
  readonly muted = signal(false);
  /** On hold by us, and by them. */
  readonly held = signal(false);
  readonly heldByThem = signal(false);
  readonly camera = signal<MediaStreamTrack | null>(null);
  readonly theirVideo = signal(false);
  /** Whether the media connection is interrupted. */
  readonly interrupted = signal(false);
  readonly path = signal<MediaPath | null>(null);
  /** What is wrong with our own camera, if anything. */
  readonly cameraProblem = signal<CaptureProblem | null>(null);
  readonly live: ReadonlySignal<boolean>;
  /** The digits that were sent. */
  readonly tones = signal('');
  readonly #platform: PhonePlatform;
  readonly #observer: CallObserver;
  #sip: SipCall | null = null;
  #tracks: Tracks = { microphone: null, camera: null };
  #stopLooking: () => void = () => {};

  constructor(platform: PhonePlatform, observer: CallObserver, remote: Identity, mine: boolean) {
    this.#platform = platform;
    this.#observer = observer;
    this.remote = remote;
    this.mine = mine;
    this.at = platform.now();
    this.live = computed(() => this.state.value !== 'ended');
  }

  get stream(): MediaStream | null {
    return this.#sip?.stream ?? null;
  }

  get sip(): SipCall | null {
    return this.#sip;
  }

  /** Whether they offer video. */
  get offersVideo(): boolean {
    return this.#sip?.video ?? false;
  }

  /** Makes the call. Rejects with a {@link CaptureError} if there is no microphone. */
  async dial(video: boolean, call: (stream: MediaStream) => SipCall): Promise<void> {
    const stream = await this.#capture(video);
    if (stream !== null) this.#attach(call(stream));
  }

  ring(sip: SipCall): void {
    this.state.value = 'incoming';
    this.#attach(sip);
  }

  /** Rejects with a {@link CaptureError} if there is no microphone; it goes on ringing then. */
  async answer(video: boolean): Promise<void> {
    if (this.state.peek() !== 'incoming') return;
    this.state.value = 'answering';
    try {
      const stream = await this.#capture(video);
      if (stream !== null) this.#sip?.answer(stream);
    } catch (error) {
      if (this.live.peek()) this.state.value = 'incoming';
      throw error;
    }
  }

  decline(how: 'busy' | 'declined'): void {
    this.#sip?.decline(how);
  }

  hangUp(): void {
    if (this.#sip === null) this.#end({ why: 'cancelled', by: 'us' });
    else this.#sip.hangUp();
  }

  hold(on: boolean): void {
    if (this.state.peek() === 'established' && this.held.peek() !== on) this.#sip?.hold(on);
  }

  mute(on: boolean): void {
    this.muted.value = on;
    this.#sip?.mute(on);
  }

  /** Turns the camera on or off. Rejects with a {@link CaptureError}. */
  async toggleCamera(): Promise<void> {
    const { camera } = this.#tracks;
    if (camera !== null) {
      camera.stop();
      this.#setTracks({ ...this.#tracks, camera: null });
      await this.#sip?.showVideo(null);
      return;
    }
    const track = await this.#platform.capture('camera');
    if (!this.live.peek()) {
      track.stop();
      return;
    }
    this.cameraProblem.value = null;
    this.#setTracks({ ...this.#tracks, camera: track });
    await this.#sip?.showVideo(track);
  }

  sendTone(tone: string): void {
    if (this.state.peek() !== 'established') return;
    this.tones.value = (this.tones.peek() + tone).slice(-32);
    this.#sip?.sendTone(tone);
  }

  /** null if it ended while the browser asked the person. Without a camera there is a call without a picture. */
  async #capture(video: boolean): Promise<MediaStream | null> {
    const microphone = await this.#platform.capture('microphone');
    let camera: MediaStreamTrack | null = null;
    try {
      camera = video ? await this.#platform.capture('camera') : null;
    } catch (error) {
      this.cameraProblem.value = error instanceof CaptureError ? error.problem : 'unknown';
    }
    if (!this.live.peek()) {
      microphone.stop();
      camera?.stop();
      return null;
    }
    this.#setTracks({ microphone, camera });
    return this.#platform.stream(camera === null ? [microphone] : [microphone, camera]);
  }

  #setTracks(tracks: Tracks): void {
    this.#tracks = tracks;
    this.camera.value = tracks.camera;
  }

  #attach(sip: SipCall): void {
    this.#sip = sip;
    sip.listen((event) => this.#on(event));
  }

  #on(event: CallEvent): void {
    switch (event.is) {
      case 'ringing':
        if (this.state.peek() === 'calling') this.state.value = 'ringing';
        break;
      case 'established':
        this.state.value = 'established';
        this.since.value = this.#platform.now();
        this.#lookAtPath();
        this.#observer.established(this);
        break;
      case 'hold':
        (event.by === 'us' ? this.held : this.heldByThem).value = event.on;
        break;
      case 'their-video':
        this.theirVideo.value = event.on;
        break;
      case 'media':
        this.interrupted.value = event.lost;
        break;
      case 'refer':
        this.#observer.referred(this, event);
        break;
      case 'replaced':
        this.#observer.replaced(this, event.call);
        break;
      case 'ended':
        this.#end(event);
    }
  }

  #lookAtPath(): void {
    const asked = this.#sip?.path().catch(() => null);
    void asked?.then((path) => {
      if (!this.live.peek()) return;
      this.path.value = path;
      this.#stopLooking = this.#platform.after(pathEvery, () => this.#lookAtPath());
    });
  }

  #end(ending: Ended): void {
    if (!this.live.peek()) return;
    this.#stopLooking();
    this.#tracks.microphone?.stop();
    this.#tracks.camera?.stop();
    this.#setTracks({ microphone: null, camera: null });
    this.ending.value = ending;
    this.state.value = 'ended';
    this.#observer.ended(this);
  }
}
