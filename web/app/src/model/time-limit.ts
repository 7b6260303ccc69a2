import { signal } from '@preact/signals';
import type { Platform } from '../platform/platform';
import { words } from '../strings/strings';

/** Seconds before the end at which the first and the last notice appear. */
const early = 300;
const late = 60;

/** Seconds after which the clock is checked again at the latest: timers stop while a machine sleeps. */
const patience = 600;

/** The notice that a call with a time limit ends soon; null until then. */
export class TimeLimit {
  readonly words = signal<string | null>(null);
  readonly #platform: Platform;
  #ends: number | null = null;
  #cancel: () => void = () => {};

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** The call ends at this time, in milliseconds since 1970; null if it has no limit. */
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
