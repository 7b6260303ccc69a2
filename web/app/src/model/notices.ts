import { signal } from '@preact/signals';

/** Seconds that a notice is shown: plain words, and words with a button unless it says otherwise. */
const stay = { plain: 4, button: 8 };

/** How many posted notices are shown at once; a newer one replaces the oldest. */
const most = 3;

/** A notice with a button, or one that stays. */
export interface Notice {
  readonly words: string;
  /** What screen readers say in place of the words, which may be shortened. */
  readonly heard?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Can be closed, and stays until then, or for so many seconds. Otherwise it's shown for 8 seconds. */
  readonly stays?: boolean | number;
}

/** Short notices (toasts). Some are only read out by screen readers. */
export class Notices {
  readonly shown = signal<string | null>(null);
  readonly posted = signal<readonly Notice[]>([]);
  readonly heard = signal('');
  readonly #after: (seconds: number, run: () => void) => () => void;
  readonly #timers = new Map<Notice, () => void>();
  #cancel: () => void = () => {};

  constructor(after: (seconds: number, run: () => void) => () => void) {
    this.#after = after;
  }

  /** Shown and read out. The latest one replaces the one before. */
  show(words: string): void {
    this.#cancel();
    this.shown.value = words;
    this.tell(words);
    this.#cancel = this.#after(stay.plain, () => {
      this.shown.value = null;
    });
  }

  /** Shown and read out, next to others; it replaces one with the same words. Returns a function that withdraws it. */
  post(notice: Notice): () => void {
    const others = this.posted.peek().filter(({ words }) => words !== notice.words);
    this.#keep([...others, notice].slice(-most));
    this.tell(notice.heard ?? notice.words);
    const withdraw = () => this.dismiss(notice);
    const seconds = typeof notice.stays === 'number' ? notice.stays : stay.button;
    if (notice.stays !== true) this.#timers.set(notice, this.#after(seconds, withdraw));
    return withdraw;
  }

  /** Its button was pressed. */
  answer(notice: Notice): void {
    this.dismiss(notice);
    notice.action?.run();
  }

  dismiss(notice: Notice): void {
    this.#keep(this.posted.peek().filter((each) => each !== notice));
  }

  /** Only read out by screen readers. */
  tell(words: string): void {
    // A screen reader doesn't repeat the same text: a no-break space makes it different.
    this.heard.value = this.heard.value === words ? `${words}\u00a0` : words;
  }

  end(): void {
    this.#cancel();
    this.#keep([]);
  }

  #keep(notices: readonly Notice[]): void {
    for (const [notice, cancel] of this.#timers) {
      if (notices.includes(notice)) continue;
      cancel();
      this.#timers.delete(notice);
    }
    this.posted.value = notices;
  }
}
