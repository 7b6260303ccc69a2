import { signal } from '@preact/signals';
import type { Alerts, Platform, Sound } from '../../platform/platform';

const key = 'eyeline:chime';

/** Milliseconds in which the same sound is played once, however often it is wanted. */
const apart = 1000;

/** The sounds for messages, arrivals and knocks. Turning them off is remembered between calls. */
export class Sounds {
  readonly on;
  readonly #platform: Platform;
  readonly #play: Alerts['play'];
  readonly #played = new Map<Sound, number>();

  constructor(platform: Platform, play: Alerts['play']) {
    this.#platform = platform;
    this.#play = play;
    this.on = signal(platform.memory.get(key) !== 'off');
  }

  toggle(): void {
    this.on.value = !this.on.peek();
    if (this.on.peek()) this.#platform.memory.forget(key);
    else this.#platform.memory.set(key, 'off');
    this.play('message');
  }

  play(sound: Sound): void {
    const now = this.#platform.now();
    if (!this.on.peek() || now - (this.#played.get(sound) ?? Number.NEGATIVE_INFINITY) < apart) return;
    this.#played.set(sound, now);
    this.#play(sound);
  }
}
