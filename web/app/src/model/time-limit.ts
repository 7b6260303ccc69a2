import { signal } from '@preact/signals';
import type { Platform } from '../platform/platform';
import { words } from '../strings/strings';

/** Seconds before its end at which a call says when that is, and at which it says that it is near. */
const early = 300;
const late = 60;

/** Seconds after which the clock is looked at again at the latest: timers stand still while a machine sleeps. */
const patience = 600;

/** What a call that ends at a time says of it; null while that is far off. */
export class TimeLimit {
  readonly words = signal<string | null>(null);
  readonly #platform: Platform;
  #ends: number | null = null;
  #cancel: () => void = () => {};

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** It ends then, in milliseconds since 1970; null if nobody has said. */
  at(ends: number | null): void {
    this.#ends = ends;
    this.#look();
  }

  end(): void {
    this.#cancel();
  }

  #look(): void {
    this.#cancel();
    if (this.#ends === null) {
      this.words.value = null;
      return;
    }
    const left = (this.#ends - this.#platform.now()) / 1000;
    this.words.value = left > early ? null : left > late ? words.endsAt(this.#ends) : words.endsSoon;
    if (left <= late) return;
    this.#cancel = this.#platform.after(Math.min(patience, left - (left > early ? early : late)), () => this.#look());
  }
}
