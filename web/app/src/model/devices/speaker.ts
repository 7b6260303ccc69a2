import type { DeviceOption } from '@eyeline/sdk';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Platform, Speakers } from '../../platform/platform';
import type { LocalDevices } from '../local-devices';

const key = 'eyeline:speaker';

/** Where the sound comes out. The choice is remembered; while that speaker isn't there, the system's own is used. */
export class Speaker {
  /** What the browser can do; null if it doesn't let us choose, or isn't loaded yet. */
  readonly #browser = signal<Speakers | null>(null);
  /** `deviceId` of the speaker in use; empty for the system's own. */
  readonly id: ReadonlySignal<string>;
  readonly options: ReadonlySignal<readonly DeviceOption[]>;
  /** Whether the browser lets us choose. */
  readonly canChoose: ReadonlySignal<boolean>;
  /** Whether the browser has a picker, and lists only what was chosen there. */
  readonly hasPicker: ReadonlySignal<boolean>;
  /** The test sound could not be played. */
  readonly failed = signal(false);
  readonly #memory: Platform['memory'];
  readonly #chosen;
  /** Speakers from the browser's picker: they are listed only later. */
  readonly #picked = signal<readonly DeviceOption[]>([]);
  readonly #stop: () => void;

  constructor(platform: Platform, devices: LocalDevices) {
    this.#memory = platform.memory;
    this.#chosen = signal(platform.memory.get(key) ?? '');
    this.canChoose = computed(() => this.#browser.value !== null);
    this.hasPicker = computed(() => this.#browser.value?.pick != null);
    this.options = computed(() => {
      const listed = devices.available.value.speakers;
      return [...listed, ...this.#picked.value.filter(({ id }) => listed.every((each) => each.id !== id))];
    });
    this.id = computed(() => {
      const chosen = this.#chosen.value;
      return this.options.value.some(({ id }) => id === chosen) ? chosen : '';
    });
    this.#stop = effect(() => this.#browser.value?.use(this.id.value));
    void platform.speakers().then(
      (browser) => {
        this.#browser.value = browser;
      },
      () => undefined, // the server is away: the system's own speaker is used
    );
  }

  choose(id: string): void {
    this.#memory.set(key, id);
    this.#chosen.value = id;
    this.failed.value = false;
  }

  /** Opens the browser's picker. Call it while a click runs. */
  async pick(): Promise<void> {
    const picked = await this.#browser
      .peek()
      ?.pick?.()
      .catch(() => null); // cancelled
    if (picked == null) return;
    this.#picked.value = [...this.#picked.peek().filter(({ id }) => id !== picked.id), picked];
    this.choose(picked.id);
  }

  /** Plays a few notes. */
  async test(): Promise<void> {
    this.failed.value = false;
    await this.#browser
      .peek()
      ?.test()
      .catch(() => {
        this.failed.value = true;
      });
  }

  end(): void {
    this.#stop();
  }
}
