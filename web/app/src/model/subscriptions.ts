import type { Value } from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';

/** Subscriptions that end together. */
export class Subscriptions {
  readonly #ends: (() => void)[] = [];

  /** The SDK's value as a signal. */
  signal<T>(value: Value<T>): ReadonlySignal<T> {
    const mirror = signal(value.current);
    this.on(value, (now) => {
      mirror.value = now;
    });
    return mirror;
  }

  /** Calls the listener now and on every change. */
  on<T>(value: Value<T>, listener: (value: T) => void): void {
    this.#ends.push(value.subscribe(listener));
  }

  /** Also calls this at the end. */
  add(end: () => void): void {
    this.#ends.push(end);
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}
