/** A value that changes over time: read it now, or subscribe to its changes. */
export interface Value<T> {
  /** The value now. */
  readonly current: T;
  /** Calls `listener` at once with the current value, then with each new one. Returns a function that unsubscribes. */
  subscribe(listener: (value: T) => void): () => void;
}

/** Calls a subscriber. If it throws, the error is reported as uncaught, and other subscribers are called all the same. */
export function notify<Args extends readonly unknown[]>(listener: (...args: Args) => void, ...args: Args): void {
  try {
    listener(...args);
  } catch (error) {
    report(error);
  }
}

/** Reports an error that must not stop us, as an uncaught error of the page. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
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
      if (this.#listeners.has(listener)) notify(listener, value);
    }
  }

  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    notify(listener, this.#current);
    return () => this.#listeners.delete(listener);
  }
}
