import { computed, signal } from '@preact/signals';

/** Seconds without movement after which the controls hide. */
const patience = 3;

/** Why the controls must stay for now. */
export type Hold = 'pointer' | 'keyboard' | 'alone' | 'connection' | 'strip' | 'menu' | 'phone';

/** Whether the control bar is shown: it hides when nobody moves or needs it. */
export class ControlsVisibility {
  readonly #holds = signal<ReadonlySet<Hold>>(new Set());
  readonly #fresh = signal(true);
  readonly shown = computed(() => this.#fresh.value || this.#holds.value.size > 0);
  readonly #after: (seconds: number, run: () => void) => () => void;
  #cancel: () => void = () => {};

  constructor(after: (seconds: number, run: () => void) => () => void) {
    this.#after = after;
    this.stir();
  }

  /** The pointer moved, or a key was pressed. */
  stir(): void {
    this.#cancel();
    this.#fresh.value = true;
    this.#cancel = this.#after(patience, () => {
      this.#fresh.value = false;
    });
  }

  hold(why: Hold, held: boolean): void {
    if (this.#holds.peek().has(why) === held) return;
    const holds = new Set(this.#holds.peek());
    if (held) holds.add(why);
    else holds.delete(why);
    this.#holds.value = holds;
    this.stir();
  }

  end(): void {
    this.#cancel();
  }
}
