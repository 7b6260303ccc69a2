import { EyelineError } from '../errors.ts';
import type { ChannelFrame, Json } from './messages.ts';
import { CHARACTERS_BURST, FrameLimit } from './rate-limit.ts';
import { nextSequence } from './sequence.ts';

/** Messages that may be unacknowledged; the next one is rejected (backpressure on the sender). */
const UNACKNOWLEDGED_MAX = 256;

/** Share of what the peer takes that messages may use: above their limit, they would drop a message without a receipt. */
const SHARE = 0.75;

/** Characters of a message as JSON. */
const MESSAGE_CHARACTERS_MAX = 60 * 1024;

interface Unacknowledged {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: EyelineError) => void;
}

/**
 * Reliable messages to and from one peer, over one connection after another: each is sent again until it is
 * acknowledged, and delivered once.
 */
export class ReliableMessages {
  readonly #write: (text: string) => void;
  readonly #waiting = new Map<number, Unacknowledged>();
  readonly #limit = new FrameLimit(MESSAGE_CHARACTERS_MAX, SHARE);
  /** Characters that are not acknowledged: they are all sent again at once. */
  #unacknowledged = 0;
  #got = 0;
  #closed = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  async send(message: Json): Promise<void> {
    if (this.#closed) throw new EyelineError('gone', 'This person is no longer here.');
    const data = toJson(message);
    if (data === null) throw new EyelineError('not-json', 'A message must be a value that JSON can carry.');
    const n = nextSequence();
    const text = `{"frame":"message","n":${n},"data":${data}}`;
    if (text.length > MESSAGE_CHARACTERS_MAX) {
      throw new EyelineError('too-large', 'A message can have at most 60 Ki characters of JSON.');
    }
    if (!this.#mayQueue(text.length)) {
      throw new EyelineError('too-fast', 'Too many messages to this person, or too many at once.');
    }
    await new Promise<void>((resolve, reject) => {
      this.#waiting.set(n, { text, resolve, reject });
      this.#unacknowledged += text.length;
      this.#write(text);
    });
  }

  /** There is a new connection: sends again what was not acknowledged. */
  resend(): void {
    for (const waiting of this.#waiting.values()) this.#write(waiting.text);
  }

  /** The peer has message `n`; false if it didn't wait for that. */
  acknowledged(n: number): boolean {
    const waiting = this.#waiting.get(n);
    if (waiting === undefined) return false;
    this.#waiting.delete(n);
    this.#unacknowledged -= waiting.text.length;
    waiting.resolve();
    return true;
  }

  /** Acknowledges message `n`; false if it is a duplicate. */
  accept(n: number): boolean {
    this.#write(JSON.stringify({ frame: 'got', n } satisfies ChannelFrame));
    if (n <= this.#got) return false;
    this.#got = n;
    return true;
  }

  /** There is nobody to send to any more. */
  close(): void {
    this.#closed = true;
    this.rejectAll();
  }

  /** The peer is gone. */
  rejectAll(): void {
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new EyelineError('gone', 'This person left before the message arrived.'));
    }
    this.#waiting.clear();
    this.#unacknowledged = 0;
  }

  #mayQueue(characters: number): boolean {
    if (this.#waiting.size >= UNACKNOWLEDGED_MAX) return false;
    return this.#unacknowledged + characters <= SHARE * CHARACTERS_BURST && this.#limit.take(characters);
  }
}

/** The value as JSON; null if it has no JSON, such as undefined, a function or a circular object. */
function toJson(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}
