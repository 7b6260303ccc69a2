import { effect, signal } from '@preact/signals';
import type { Address } from '../platform/platform';

/** Back doesn't hang up: it asks first. A second one leaves the page. */
export class Leaving {
  /** Whether the question is shown. */
  readonly asked = signal(false);
  readonly end: () => void;

  constructor(address: Pick<Address, 'layer'>) {
    this.end = effect(() => {
      if (this.asked.value) return undefined;
      return address.layer(() => {
        this.asked.value = true;
      });
    });
  }

  stay(): void {
    this.asked.value = false;
  }
}
