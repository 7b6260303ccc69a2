import { effect, signal } from '@preact/signals';
import type { Address } from '../platform/platform';

/** Back doesn't hang up: it asks first, and a second one closes the question. */
export class Leaving {
  /** Whether the question is shown. */
  readonly asked = signal(false);
  readonly end: () => void;

  constructor(address: Pick<Address, 'layer'>) {
    this.end = effect(() => {
      const asked = this.asked.value;
      return address.layer(() => {
        this.asked.value = !asked;
      });
    });
  }

  stay(): void {
    this.asked.value = false;
  }
}
