import { signal } from '@preact/signals';

/** Seconds that a notice stays. */
const stay = 4;

/** Short news: some are seen and heard, some only heard by who uses a screen reader. */
export class Notices {
  readonly shown = signal<string | null>(null);
  readonly heard = signal('');
  readonly #after: (seconds: number, run: () => void) => () => void;
  #cancel: () => void = () => {};

  constructor(after: (seconds: number, run: () => void) => () => void) {
    this.#after = after;
  }

  /** For everybody. The latest one wins. */
  show(words: string): void {
    this.#cancel();
    this.shown.value = words;
    this.tell(words);
    this.#cancel = this.#after(stay, () => {
      this.shown.value = null;
    });
  }

  /** For who can't see what the others see. */
  tell(words: string): void {
    // The same words again would not be read again: a no-break space makes them new.
    this.heard.value = this.heard.value === words ? `${words}\u00a0` : words;
  }

  end(): void {
    this.#cancel();
  }
}
