import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { MediaSessionControls, PictureInPictureWindows, Platform } from '../platform/platform';
import { viewWords } from '../strings/view';
import type { Call } from './call';
import type { Other } from './person';
import { Subscriptions } from './subscriptions';

/** Pixels of a window that was never resized. */
const size = { width: 380, height: 300 };

/** More people than this are too small in such a window. */
const most = 6;

/** Picture-in-picture: the others in a small window above other programs, also while this tab is hidden. */
export class PictureInPicture {
  /** Whether the browser has it; false until that is known. */
  readonly possible: ReadonlySignal<boolean>;
  readonly open: ReadonlySignal<boolean>;
  /** What to draw the call into; null while no window is open, or one that shows a video only. */
  readonly body: ReadonlySignal<HTMLElement | null>;
  readonly #call: Call;
  readonly #windows = signal<PictureInPictureWindows | null>(null);
  readonly #window = signal<{ readonly body?: HTMLElement; close(): void } | null>(null);
  readonly #subscriptions = new Subscriptions();
  #opening = false;
  /** It was closed while it was being opened. */
  #unwanted = false;
  #ended = false;

  constructor(platform: Pick<Platform, 'pictureInPicture' | 'mediaSession'>, call: Call) {
    this.#call = call;
    this.possible = computed(() => this.#windows.value !== null);
    this.open = computed(() => this.#window.value !== null);
    this.body = computed(() => this.#window.value?.body ?? null);
    platform.pictureInPicture().then(
      (windows) => {
        this.#windows.value = windows;
      },
      () => undefined, // the server is away: then there is no picture-in-picture
    );
    platform.mediaSession().then(
      (session) => this.#control(session),
      () => undefined,
    );
  }

  /** Call it while a click or a key press runs: otherwise browsers refuse. */
  async toggle(): Promise<void> {
    if (this.open.peek()) return this.#close();
    if (this.#opening) {
      this.#unwanted = !this.#unwanted;
      return;
    }
    const opened = await this.#enter();
    if (!opened) this.#call.notices.show(viewWords.noPictureInPicture);
  }

  /** Whom the window shows: who is large on the stage, or else everybody, as far as there is room. */
  people(): readonly Other[] {
    const { stage, others } = this.#call;
    const large = stage.pinned.value ?? stage.front.value?.person;
    return large === undefined ? others.value.slice(0, most) : [large];
  }

  end(): void {
    this.#ended = true;
    this.#subscriptions.end();
    this.#close();
  }

  /** Returns whether it's open. */
  async #enter(): Promise<boolean> {
    const windows = this.#windows.peek();
    if (windows === null || this.#opening) return this.open.peek();
    this.#opening = true;
    this.#unwanted = false;
    let opened: { close(): void } | null = null;
    const closed = () => {
      if (this.#window.peek() === opened) this.#window.value = null;
    };
    try {
      opened = windows.shows === 'page' ? await windows.open(size, closed) : await this.#openVideo(windows, closed);
      this.#window.value = opened;
      if (this.#ended || this.#unwanted) this.#close();
      return true;
    } catch {
      return false;
    } finally {
      this.#opening = false;
    }
  }

  async #openVideo(
    windows: PictureInPictureWindows & { shows: 'video' },
    closed: () => void,
  ): Promise<{ close(): void }> {
    const { stage, others } = this.#call;
    const seen = others.peek().filter(({ media }) => media.peek().camera === 'on');
    const speaker = seen.find(({ speaking }) => speaking.peek());
    const stream = stage.front.peek()?.stream ?? (stage.pinned.peek() ?? speaker ?? seen[0])?.stream.peek();
    if (stream === undefined) throw new Error('nobody is seen');
    return windows.open(stream, closed);
  }

  #close(): void {
    this.#window.peek()?.close();
    this.#window.value = null;
  }

  /** The browser's own buttons do what ours do, and it may open the window when somebody goes to another tab. */
  #control(session: MediaSessionControls): void {
    if (this.#ended) return;
    const call = this.#call;
    session.handle({
      toggleMicrophone: () => void call.toggle('microphone'),
      toggleCamera: () => void call.toggle('camera'),
      hangUp: () => call.leave(),
      enterPictureInPicture: () => {
        if (!call.alone.peek()) void this.#enter();
      },
    });
    this.#subscriptions.add(
      effect(() => session.show({ microphone: call.isOn('microphone'), camera: call.isOn('camera') })),
    );
    this.#subscriptions.add(() => session.handle(null));
  }
}
