import { signal } from '@preact/signals';
import type { Memory } from '../../platform/platform';

const key = 'eyeline:chime';

/** A sound for messages that arrive while nobody looks at the chat. Turning it off is remembered between calls. */
export class Chime {
  readonly on;
  readonly #memory: Memory;
  readonly #play: () => void;

  constructor(memory: Memory, play: () => void) {
    this.#memory = memory;
    this.#play = play;
    this.on = signal(memory.get(key) !== 'off');
  }

  toggle(): void {
    this.on.value = !this.on.peek();
    if (this.on.peek()) this.#memory.forget(key);
    else this.#memory.set(key, 'off');
    this.ring();
  }

  ring(): void {
    if (this.on.peek()) this.#play();
  }
}
