import { signal } from '@preact/signals';
import type { Memory, Notifications } from '../../platform/platform';

const key = 'eyeline:notify';

/** Whether the browser shows notifications of this page. They are off until the person turns them on; remembered. */
export class NotificationSwitch {
  readonly on = signal(false);
  /** Whether the browser has notifications. */
  readonly available: boolean;
  readonly #memory: Memory;
  readonly #notifications: Notifications | null;

  constructor(memory: Memory, notifications: Notifications | null) {
    this.#memory = memory;
    this.#notifications = notifications;
    this.available = notifications !== null;
    this.on.value = notifications?.allowed() === true && memory.get(key) !== null;
  }

  /** Turns them on or off; false if the browser doesn't allow them. Call it while a click runs. */
  async toggle(): Promise<boolean> {
    const wanted = !this.on.peek();
    this.on.value = wanted && (await this.#notifications?.ask()) === true;
    if (this.on.peek()) this.#memory.set(key, 'yes');
    else this.#memory.forget(key);
    return this.on.peek() === wanted;
  }

  /** Shows one, if they are on. `open` runs after a click on it. */
  show(kind: string, title: string, body: string, open: () => void): void {
    if (this.on.peek()) this.#notifications?.show({ kind, title, body }, open);
  }
}
