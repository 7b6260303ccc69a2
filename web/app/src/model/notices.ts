import { signal } from '@preact/signals';

/** Seconds that a notice is shown. */
const stay = 4;

/** Short notices (toasts). Some are only read out by screen readers. */
export class Notices {
  readonly shown = signal<string | null>(null);
  readonly heard = signal('');
  readonly #after: (seconds: number, run: () => void) => () => void;
  #cancel: () => void = () => {};

  constructor(after: (seconds: number, run: () => void) => () => void) {
    this.#after = after;
  }

  /** Shown and read out. The latest one replaces the one before. */
  show(words: string): void {
    this.#cancel();
    this.shown.value = words;
    this.tell(words);
    this.#cancel = this.#after(stay, () => {
      this.shown.value = null;
    });
  }

  /** Only read out by screen readers. */
  tell(words: string): void {
    // A screen reader doesn't repeat the same text: a no-break space makes it different.
    this.heard.value = this.heard.value === words ? `${words}\u00a0` : words;
  }

  end(): void {
    this.#cancel();
  }
}
