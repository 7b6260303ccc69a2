import { signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { newCallPath } from './new-call';
import { roomPath } from './route';
import { type CodeReading, readCode } from './typed-link';

/** The start page: a new call, or one that you were given a link for. */
export class Home {
  readonly code = signal('');
  readonly problem = signal<Exclude<CodeReading, { is: 'room' }> | null>(null);
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  async newCall(): Promise<void> {
    this.#platform.address.go(await newCallPath(this.#platform));
  }

  type(code: string): void {
    this.code.value = code;
    this.problem.value = null;
  }

  join(): void {
    const reading = readCode(this.code.peek(), this.#platform.url);
    if (reading.is === 'room') this.#platform.address.go(roomPath(reading.room, null) + reading.fragment);
    else this.problem.value = reading;
  }
}
