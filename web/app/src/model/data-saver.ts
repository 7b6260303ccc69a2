import { effect, signal } from '@preact/signals';
import { dataSaverWords } from '../strings/data-saver';
import type { Call } from './call';

/** `saver`: small pictures, sent and received. `audio`: none. */
export type DataSaverMode = 'off' | 'saver' | 'audio';

/** Pixels of height of all cameras, by mode. */
const heights: { readonly [mode in DataSaverMode]: number | null } = { off: null, saver: 180, audio: 0 };

/** Saves data on a slow or expensive line: smaller pictures, or sound only. */
export class DataSaver {
  readonly mode = signal<DataSaverMode>('off');
  readonly #call: Call;
  /** Whether the camera was on when audio only began. */
  #camera = false;
  #withdraw = () => {};
  readonly #stop: () => void;

  constructor(call: Call) {
    this.#call = call;
    this.#stop = effect(() => {
      // Turning the camera on means: I want to be seen.
      if (call.me.media.value.camera === 'on' && this.mode.peek() === 'audio') this.#set('off');
    });
  }

  /** Turns a mode on, or off if it is on. */
  async toggle(mode: DataSaverMode): Promise<void> {
    const before = this.mode.peek();
    const next = before === mode ? 'off' : mode;
    if (next === 'audio') this.#camera = this.#call.isOn('camera');
    this.#set(next); // before the camera, so that a second click finds it
    if (next === 'audio' && this.#camera) await this.#call.toggle('camera');
    if (before === 'audio' && this.#camera && !this.#call.isOn('camera')) await this.#call.toggle('camera');
  }

  end(): void {
    this.#stop();
    this.#withdraw();
  }

  #set(mode: DataSaverMode): void {
    this.mode.value = mode;
    this.#call.limitVideo(heights[mode]);
    const { notices } = this.#call;
    this.#withdraw();
    if (mode !== 'audio') notices.show(dataSaverWords.now[mode]);
    else {
      const action = { label: dataSaverWords.fullVideo, run: () => void this.toggle('audio') };
      this.#withdraw = notices.post({ words: dataSaverWords.now.audio, action, stays: true }); // why there is no picture
    }
  }
}
