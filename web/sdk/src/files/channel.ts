import { isFull } from '../errors.ts';
import { type FileFrame, parseFileFrame } from './frames.ts';

/** How bytes go out. */
export interface Backpressure {
  /** Bytes of a message at most. */
  readonly messageBytes: number;
  /** Bytes that may wait in the channel when the next message is given to it. */
  readonly bufferedBytes: number;
}

/**
 * Small steps, for speed: what waits Chromium sends faster at first than it can be taken in, and then stands still for
 * seconds. A file of 8 MB goes at 9.3 MB/s by these, and went at 2.8 with 1 MiB waiting (`bench/files.py speed`).
 */
export const BACKPRESSURE: Backpressure = { messageBytes: 64 * 1024, bufferedBytes: 64 * 1024 };

/** Bytes in the channel above which what can be left unsaid is. */
const WAITING_MAX = 1024 * 1024;

/** What a link has for files. */
export interface FileConnection {
  readonly connection: RTCPeerConnection;
  readonly files: RTCDataChannel;
  fail(error: unknown): void;
}

export interface FileChannelListener {
  opened(): void;
  received(frame: FileFrame): void;
  /** A binary message came, for whatever it is. */
  progressed(): void;
}

/** Bytes that a frame announced, of which not all have come. */
interface Expected {
  readonly size: number;
  /** Those that came; null before the first. */
  bytes: Uint8Array<ArrayBuffer> | null;
  readonly done: (bytes: Uint8Array<ArrayBuffer> | null) => void;
  filled: number;
}

/** The channels for files with one person, one link after the other: frames as text, and bytes after their frame. */
export class FileChannel {
  readonly #listener: FileChannelListener;
  #link: FileConnection | null = null;
  #channel: RTCDataChannel | null = null;
  #messageBytes = 16 * 1024;
  #expected: Expected | null = null;
  #given = 0;
  /** Lets go who waits for the channel to take more. */
  #release: () => void = () => undefined;

  constructor(listener: FileChannelListener) {
    this.#listener = listener;
  }

  /** Goes on over this link. */
  attach(link: FileConnection): void {
    const { connection, files: channel } = link;
    this.#link = link;
    channel.binaryType = 'arraybuffer';
    this.#channel = channel;
    this.#expected = null;
    this.#release();
    channel.onopen = () => {
      const most = connection.sctp?.maxMessageSize ?? 0;
      this.#messageBytes = most > 0 ? most : this.#messageBytes;
      if (channel === this.#channel) this.#listener.opened();
    };
    channel.onbufferedamountlow = channel.onclose = () => {
      if (channel === this.#channel) this.#release();
    };
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (channel !== this.#channel) return;
      if (typeof data === 'string') this.#hear(parseFileFrame(data));
      else if (data instanceof ArrayBuffer) this.#take(new Uint8Array(data));
    };
  }

  close(): void {
    this.#channel = null;
    this.#release();
  }

  /** The channel of now; null while it is not open. */
  get channel(): RTCDataChannel | null {
    return this.#channel?.readyState === 'open' ? this.#channel : null;
  }

  /** How many messages of bytes were given to channels: each only when those before it had left, but for a few. */
  get messagesQueued(): number {
    return this.#given;
  }

  /** Whether more waits to go out than should. */
  get full(): boolean {
    return (this.channel?.bufferedAmount ?? 0) > WAITING_MAX;
  }

  /** It is lost if there is no open channel. */
  sendFrame(frame: FileFrame): void {
    try {
      this.channel?.send(JSON.stringify(frame));
    } catch (error) {
      if (isFull(error)) this.#link?.fail(error);
      else console.warn('eyeline: not said:', error);
    }
  }

  /** Resolves when the channel takes more; false if it is no longer the one of now. */
  async drained(channel: RTCDataChannel, { bufferedBytes: waiting }: Backpressure): Promise<boolean> {
    if (this.channel === channel && channel.bufferedAmount > waiting) {
      channel.bufferedAmountLowThreshold = waiting / 2;
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
    }
    return this.channel === channel;
  }

  /** Sends the bytes after their frame. Meanwhile other frames may be said, but no other bytes sent. */
  async sendBytes(
    channel: RTCDataChannel,
    frame: FileFrame,
    bytes: Uint8Array<ArrayBuffer>,
    flow: Backpressure,
  ): Promise<void> {
    if (!(await this.drained(channel, flow))) return;
    this.sendFrame(frame);
    const step = Math.min(flow.messageBytes, this.#messageBytes);
    for (let at = 0; at < bytes.length; at += step) {
      if (!(await this.drained(channel, flow))) return;
      channel.send(bytes.subarray(at, at + step));
      this.#given += 1;
    }
  }

  /** So many bytes come next; null is done if more came. */
  expect(size: number, done: (bytes: Uint8Array<ArrayBuffer> | null) => void): void {
    this.#expected = { size, bytes: null, done, filled: 0 };
  }

  /** The bytes that come next are nobody's. */
  skip(): void {
    this.#expected = null;
  }

  #hear(frame: FileFrame | null): void {
    if (frame !== null) this.#listener.received(frame);
  }

  #take(piece: Uint8Array<ArrayBuffer>): void {
    this.#listener.progressed();
    const expected = this.#expected;
    if (expected === null) return;
    const { size, done, filled } = expected;
    expected.filled += piece.length;
    if (filled === 0 && piece.length === size)
      expected.bytes = piece; // all in one message: nothing to put together
    else if (expected.filled <= size) {
      expected.bytes ??= new Uint8Array(size);
      expected.bytes.set(piece, filled);
    }
    if (expected.filled < size) return;
    this.#expected = null;
    done(expected.filled === size ? expected.bytes : null);
  }
}
