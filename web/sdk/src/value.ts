/** A value that changes in time: read it now, or be told of each new one. */
export interface Value<T> {
  readonly current: T;
  /** Calls `listener` with the current value at once and with every new one, until the returned function is called. */
  subscribe(listener: (value: T) => void): () => void;
}

/** The writing end of a {@link Value}. Setting an equal value tells nobody. */
export class Source<T> implements Value<T> {
  readonly #listeners = new Set<(value: T) => void>();
  #current: T;

  constructor(initial: T) {
    this.#current = initial;
  }

  get current(): T {
    return this.#current;
  }

  set(value: T): void {
    if (Object.is(value, this.#current)) return;
    this.#current = value;
    for (const listener of [...this.#listeners]) {
      if (!Object.is(value, this.#current)) return; // a listener has set a newer one, and all were told of that
      if (this.#listeners.has(listener)) listener(value);
    }
  }

  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#current);
    return () => this.#listeners.delete(listener);
  }
}
