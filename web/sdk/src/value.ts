/** A value that changes over time: read it now, or subscribe to its changes. */
export interface Value<T> {
  /** The value now. */
  readonly current: T;
  /** Calls `listener` at once with the current value, then with each new one. Returns a function that unsubscribes. */
  subscribe(listener: (value: T) => void): () => void;
}

/** A {@link Value} that can be set. Setting the same value (`Object.is`) notifies nobody. */
export class Source<T> implements Value<T> {
  readonly #listeners = new Set<(value: T) => void>();
  #current: T;

  constructor(initial: T) {
    this.#current = initial;
  }

  get current(): T {
    return this.#current;
  }

  /** Sets the value, and notifies subscribers if it differs. */
  set(value: T): void {
    if (Object.is(value, this.#current)) return;
    this.#current = value;
    for (const listener of [...this.#listeners]) {
      if (!Object.is(value, this.#current)) return; // a listener set a newer value, and everyone was notified of that
      if (this.#listeners.has(listener)) listener(value);
    }
  }

  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#current);
    return () => this.#listeners.delete(listener);
  }
}
