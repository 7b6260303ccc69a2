import { EyelineError } from '../errors.ts';
import type { ChannelFrame, Json } from './messages.ts';
import { nextSequence } from './sequence.ts';

/** Messages that may wait for their receipt; the next one is refused. */
const UNACKNOWLEDGED_MAX = 256;

/** Characters that a message may have as JSON. */
const MESSAGE_CHARACTERS_MAX = 60 * 1024;

interface Unacknowledged {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: EyelineError) => void;
}

/** Messages to and from one person, over one link after the other: each is said until they have it, and heard once. */
export class ReliableMessages {
  readonly #write: (text: string) => void;
  readonly #waiting = new Map<number, Unacknowledged>();
  #got = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  send(message: Json): Promise<void> {
    const n = nextSequence();
    const text = JSON.stringify({ frame: 'message', n, data: message } satisfies ChannelFrame);
    if (text.length > MESSAGE_CHARACTERS_MAX) {
      return Promise.reject(new EyelineError('too-large', 'A message may have 60 Ki characters at most.'));
    }
    if (this.#waiting.size >= UNACKNOWLEDGED_MAX) {
      return Promise.reject(new EyelineError('too-fast', 'Too many messages wait for this person already.'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(n, { text, resolve, reject });
      this.#write(text);
    });
  }

  /** There is a new link: says again what they may not have. */
  resend(): void {
    for (const waiting of this.#waiting.values()) this.#write(waiting.text);
  }

  /** They have it. */
  acknowledged(n: number): void {
    this.#waiting.get(n)?.resolve();
    this.#waiting.delete(n);
  }

  /** Tells them that we have it; false if it was said again, and had come. */
  accept(n: number): boolean {
    this.#write(JSON.stringify({ frame: 'got', n } satisfies ChannelFrame));
    if (n <= this.#got) return false;
    this.#got = n;
    return true;
  }

  /** They are gone. */
  rejectAll(): void {
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new EyelineError('gone', 'This person left before the message arrived.'));
    }
    this.#waiting.clear();
  }
}
