import { FrameLimit } from '../connection/rate-limit.ts';
import { isFull } from '../errors.ts';
import { type FileFrame, parseFileFrame } from './frames.ts';

/** Backpressure: how much is given to the data channel at a time. */
export interface Backpressure {
  /** Most bytes of a message. */
  readonly messageBytes: number;
  /** `bufferedAmount` above which the next message has to wait. */
  readonly bufferedBytes: number;
}

/**
 * Small steps are faster: Chromium sends a large buffer faster than the receiver can take it, and then stalls for
 * seconds. A file of 8 MB is sent at 9.3 MB/s with these values, and at 2.8 with 1 MiB buffered (`bench/files.py
 * speed`).
 */
export const BACKPRESSURE: Backpressure = { messageBytes: 64 * 1024, bufferedBytes: 64 * 1024 };

/** Most bytes of a message if the connection reports no maximum; the size that RFC 8831, 6.6 recommends. */
const MESSAGE_BYTES_WITHOUT_REPORT = 16 * 1024;

/** `bufferedAmount` above which optional frames are dropped. */
const WAITING_MAX = 1024 * 1024;

/** Characters of a frame: the largest is an offer with the list of a folder and a preview. */
const FRAME_CHARACTERS_MAX = 256 * 1024;

/** Bytes transferred for which one more frame may come than the rate limit allows. */
const BYTES_PER_FRAME = 16 * 1024;

/** Seconds without any of its bytes, on a working connection, after which an announced chunk has failed. */
const IDLE_SECONDS = 30;

/** What arrived of an announced chunk: its bytes, or why it is not complete. */
export type Announced = Uint8Array<ArrayBuffer> | 'wrong-size' | 'stalled';

/** The part of a peer connection that files need. */
export interface FileConnection {
  readonly connection: RTCPeerConnection;
  readonly files: RTCDataChannel;
  fail(error: unknown): void;
}

export interface FileChannelListener {
  opened(): void;
  received(frame: FileFrame): void;
  /** A binary message arrived, whatever it is for. */
  progressed(): void;
  /** A frame was dropped because there were too many. */
  dropped(): void;
}

/** Bytes that a frame announced, and that have not all arrived. */
interface Expected {
  readonly size: number;
  /** What has arrived; null before the first byte. */
  bytes: Uint8Array<ArrayBuffer> | null;
  readonly done: (arrived: Announced) => void;
  filled: number;
  /** Seconds since the last of them arrived. Time without a connection doesn't count. */
  idle: number;
}

/**
 * The data channels for files with one peer, over one connection after another: frames as text messages, and bytes as
 * binary messages after their frame.
 */
export class FileChannel {
  readonly #listener: FileChannelListener;
  #connection: FileConnection | null = null;
  #channel: RTCDataChannel | null = null;
  #messageBytes = MESSAGE_BYTES_WITHOUT_REPORT;
  #expected: Expected | null = null;
  #given = 0;
  readonly #limit = new FrameLimit(FRAME_CHARACTERS_MAX);
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Wakes the sender that waits for the buffer to drain. */
  #release: () => void = () => undefined;

  constructor(listener: FileChannelListener) {
    this.#listener = listener;
  }

  /** Continues over this connection. */
  attach(connection: FileConnection): void {
    const { files: channel } = connection;
    this.#connection = connection;
    channel.binaryType = 'arraybuffer';
    this.#channel = channel;
    this.#expected = null;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(connection.connection), 1000);
    this.#release();
    const opened = (): void => {
      const most = connection.connection.sctp?.maxMessageSize ?? 0;
      this.#messageBytes = most > 0 ? most : MESSAGE_BYTES_WITHOUT_REPORT;
      if (channel === this.#channel) this.#listener.opened();
    };
    channel.onopen = opened;
    channel.onbufferedamountlow = () => {
      if (channel === this.#channel) this.#release();
    };
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (channel === this.#channel) this.receive(data);
    };
    if (channel.readyState === 'open') opened();
  }

  receive(data: unknown): void {
    if (typeof data === 'string') this.#hear(data);
    else if (data instanceof ArrayBuffer) this.#take(new Uint8Array(data));
  }

  close(): void {
    this.#channel = null;
    clearInterval(this.#timer);
    this.#release();
  }

  /** The current channel; null while it is not open. */
  get channel(): RTCDataChannel | null {
    return this.#channel?.readyState === 'open' ? this.#channel : null;
  }

  /** Binary messages given to channels so far. With backpressure, it grows only as earlier ones are sent. */
  get messagesQueued(): number {
    return this.#given;
  }

  /** Whether optional frames should be dropped. */
  get full(): boolean {
    return (this.channel?.bufferedAmount ?? 0) > WAITING_MAX;
  }

  /** Sends a frame; it is lost if no channel is open. */
  sendFrame(frame: FileFrame): void {
    try {
      this.channel?.send(JSON.stringify(frame));
    } catch (error) {
      if (isFull(error)) this.#connection?.fail(error);
      else console.warn('eyeline: could not send a frame:', error);
    }
  }

  /** Backpressure: resolves when the channel's buffer has drained; false if the channel was replaced. */
  async drained(channel: RTCDataChannel, { bufferedBytes: waiting }: Backpressure): Promise<boolean> {
    if (this.channel === channel && channel.bufferedAmount > waiting) {
      channel.bufferedAmountLowThreshold = waiting / 2;
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
    }
    return this.channel === channel;
  }

  /** Sends a frame and its bytes. Other frames may be sent meanwhile, but no other bytes. */
  async sendBytes(
    channel: RTCDataChannel,
    frame: FileFrame,
    bytes: Uint8Array<ArrayBuffer>,
    backpressure: Backpressure,
  ): Promise<void> {
    if (!(await this.drained(channel, backpressure))) return;
    this.sendFrame(frame);
    const step = Math.min(backpressure.messageBytes, this.#messageBytes);
    for (let at = 0; at < bytes.length; at += step) {
      if (!(await this.drained(channel, backpressure))) return;
      channel.send(bytes.subarray(at, at + step)); // never a Blob: in Chromium a later string overtakes it
      this.#given += 1;
      this.#limit.earn(Math.min(step, bytes.length - at) / BYTES_PER_FRAME); // they answer what they get
    }
  }

  /** That many bytes follow, before the next ones are announced. */
  expect(size: number, done: (arrived: Announced) => void): void {
    this.#giveUp('wrong-size');
    this.#expected = { size, bytes: null, done, filled: 0, idle: 0 };
  }

  /** Drops the bytes that follow. */
  skip(): void {
    this.#giveUp('wrong-size');
  }

  /** The announced bytes are not complete, and never will be. */
  #giveUp(why: 'wrong-size' | 'stalled'): void {
    const expected = this.#expected;
    this.#expected = null;
    expected?.done(why);
  }

  /** Called once a second. */
  #tick({ connectionState }: RTCPeerConnection): void {
    if (this.#expected === null || connectionState !== 'connected') return;
    this.#expected.idle += 1;
    if (this.#expected.idle >= IDLE_SECONDS) this.#giveUp('stalled');
  }

  #hear(text: string): void {
    if (!this.#limit.take(text.length)) {
      this.#listener.dropped();
      return;
    }
    const frame = parseFileFrame(text);
    if (frame !== null) this.#listener.received(frame);
  }

  #take(piece: Uint8Array<ArrayBuffer>): void {
    this.#listener.progressed();
    this.#limit.earn(piece.length / BYTES_PER_FRAME);
    const expected = this.#expected;
    if (expected === null) return;
    const { size, done, filled } = expected;
    expected.filled += piece.length;
    expected.idle = 0;
    if (filled === 0 && piece.length === size)
      expected.bytes = piece; // all in one message: no copy needed
    else if (expected.filled <= size) {
      expected.bytes ??= new Uint8Array(size);
      expected.bytes.set(piece, filled);
    }
    if (expected.filled < size) return;
    this.#expected = null;
    done(expected.filled === size && expected.bytes !== null ? expected.bytes : 'wrong-size');
  }
}
