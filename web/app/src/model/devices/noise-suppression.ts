import { type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import type { LocalDevices } from '../local-devices';

/** `browser`: the browser's own. `off`: none, for music. `rnnoise`: RNNoise, which also removes typing and barking. */
export type NoiseSuppressionMode = 'browser' | 'off' | 'rnnoise';

export const noiseSuppressionModes: readonly NoiseSuppressionMode[] = ['browser', 'rnnoise', 'off'];

const key = 'eyeline:noise';

/** Noise suppression of your microphone. The choice is remembered. */
export class NoiseSuppression {
  readonly mode: ReadonlySignal<NoiseSuppressionMode>;
  /** RNNoise could not be started: the browser's own is used. */
  readonly failed = signal(false);
  readonly #mode = signal<NoiseSuppressionMode>('browser');
  readonly #platform: Platform;
  readonly #devices: LocalDevices;

  constructor(platform: Platform, devices: LocalDevices) {
    this.#platform = platform;
    this.#devices = devices;
    this.mode = this.#mode;
    const kept = noiseSuppressionModes.find((mode) => mode === platform.memory.get(key));
    if (kept !== undefined && kept !== 'browser') void this.#use(kept);
  }

  async choose(mode: NoiseSuppressionMode): Promise<void> {
    this.#platform.memory.set(key, mode);
    await this.#use(mode);
  }

  async #use(mode: NoiseSuppressionMode): Promise<void> {
    this.#mode.value = mode;
    this.failed.value = false;
    const works = await this.#devices.process({
      noiseSuppression: mode === 'browser',
      ...(mode === 'rnnoise' ? { process: this.#platform.denoise } : {}),
    });
    if (works || this.#mode.peek() !== mode) return;
    this.failed.value = true;
    this.#mode.value = 'browser';
    await this.#devices.process({});
  }
}
