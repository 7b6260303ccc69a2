import { Source, type Value } from '../value.ts';
import { Chunks, type Kept } from './chunks.ts';
import { type FileFrame, parseFileFrame } from './frames.ts';
import { hashOf, hex, rootOf } from './hash.ts';
import { CHUNK_BYTES, chunkBytes, type FileOffer, readOffer, WINDOW_CHUNKS } from './offer.ts';
import { FileReceiver, type ReceiverEffect } from './receiver.ts';
import { FileSender, type SenderEffect, type TransferState } from './sender.ts';
import type { FileEntry } from './tree.ts';

/** Transfers with one person that are not over, in each direction; the next offer is refused with `too-many`. */
const TRANSFERS_MAX = 64;

/** Bytes of the largest message that we send. */
const MESSAGE_BYTES_MAX = 256 * 1024;

/** Bytes that may wait in the channel before we read on. */
const BUFFERED_BYTES = 1024 * 1024;

export interface FileProgress {
  readonly state: TransferState;
  /** Bytes that the receiver has stored. */
  readonly bytes: number;
  /** Why it stopped: `declined`, `cancelled`, `gone`, `wrong-hash` and the like; empty unless it did. */
  readonly code: string;
  /** Who paused it; `here` if both did. */
  readonly paused: 'no' | 'here' | 'there';
}

export interface OfferOptions {
  /** Of an offer that an earlier page made: what they have in part goes on from there. */
  readonly id?: string;
  /** A small picture of the file, to be shown with the question: base64 of a JPEG, 16 Ki characters at most. */
  readonly preview?: string;
  /** Of a folder, as `folderOf` gives it: what the bytes of the file are. */
  readonly entries?: readonly FileEntry[];
}

/** A file on its way from us or to us. */
export interface FileTransfer {
  readonly offer: FileOffer;
  readonly progress: Value<FileProgress>;
  pause(): void;
  resume(): void;
  cancel(): void;
}

/** A file that somebody offers; nothing is sent before it is accepted. */
export interface IncomingFile extends FileTransfer {
  /**
   * Streams the file to `to`, closed when the file is whole and aborted, with the code as reason, if it can't be. What
   * was `kept` is not sent again, if it is the start of this file; else the transfer stops with `changed`.
   */
  accept(to: WritableStream<Uint8Array<ArrayBuffer>>, kept?: Kept): void;
  decline(): void;
}

interface Outgoing {
  readonly chunks: Chunks;
  readonly offer: FileOffer;
  readonly machine: FileSender;
  readonly hashes: Uint8Array<ArrayBuffer>[];
  readonly progress: Source<FileProgress>;
}

interface Incoming {
  readonly offer: FileOffer;
  readonly machine: FileReceiver;
  readonly file: IncomingFile;
  readonly hashes: Uint8Array<ArrayBuffer>[];
  readonly progress: Source<FileProgress>;
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | null;
  /** Chunks that have come and are not dealt with. */
  waiting: number;
}

/** A chunk of which not all bytes have come. */
interface Partial {
  readonly frame: FileFrame & { readonly frame: 'chunk' };
  readonly bytes: Uint8Array<ArrayBuffer>;
  filled: number;
}

const ASKED: FileProgress = { state: 'asked', bytes: 0, code: '', paused: 'no' };

/** All files between us and one person, over one link after the other. */
export class Lane {
  readonly #outgoing = new Map<string, Outgoing>();
  readonly #incoming = new Map<string, Incoming>();
  readonly #listeners = new Set<(file: IncomingFile) => void>();
  #channel: RTCDataChannel | null = null;
  #messageBytes = 16 * 1024;
  #sending: Promise<void> = Promise.resolve();
  #taking: Promise<void> = Promise.resolve();
  #partial: Partial | null = null;
  readonly #mayOffer: boolean;

  /** `mayOffer`: whether they may send files. */
  constructor(mayOffer: boolean) {
    this.#mayOffer = mayOffer;
  }

  offer(file: File, { id = crypto.randomUUID(), preview = '', ...more }: OfferOptions): FileTransfer {
    const offer: FileOffer = { id, name: file.name, size: file.size, preview, ...more };
    const machine = new FileSender(offer);
    const one: Outgoing = { chunks: new Chunks(file), offer, machine, hashes: [], progress: new Source(ASKED) };
    forget(this.#outgoing);
    this.#outgoing.set(id, one);
    if (this.#channel?.readyState === 'open') this.#send(one, machine.opened());
    return {
      offer,
      progress: one.progress,
      pause: () => this.#send(one, machine.pause(true)),
      resume: () => this.#send(one, machine.pause(false)),
      cancel: () => this.#send(one, machine.stop('cancelled')),
    };
  }

  listen(listener: (file: IncomingFile) => void): () => void {
    this.#listeners.add(listener);
    for (const { machine, file } of this.#incoming.values()) if (machine.state === 'asked') listener(file);
    return () => this.#listeners.delete(listener);
  }

  /** Goes on over this link. */
  attach(link: { readonly connection: RTCPeerConnection; readonly files: RTCDataChannel }): void {
    const channel = link.files;
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = BUFFERED_BYTES / 2;
    this.#channel = channel;
    this.#partial = null;
    channel.onopen = () => {
      const most = link.connection.sctp?.maxMessageSize ?? 0;
      this.#messageBytes = most > 0 ? Math.min(most, MESSAGE_BYTES_MAX) : this.#messageBytes;
      for (const one of this.#outgoing.values()) this.#send(one, one.machine.opened());
    };
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (channel !== this.#channel) return;
      if (typeof data === 'string') this.#hear(parseFileFrame(data));
      else if (data instanceof ArrayBuffer) this.#take(new Uint8Array(data));
    };
  }

  /** The person is gone. */
  close(): void {
    for (const one of this.#outgoing.values()) this.#send(one, one.machine.stop('gone'));
    for (const one of this.#incoming.values()) this.#receive(one, one.machine.stop('gone'));
  }

  #hear(frame: FileFrame | null): void {
    if (frame === null) return;
    const incoming = this.#incoming.get(frame.id);
    const outgoing = this.#outgoing.get(frame.id);
    if (frame.frame === 'offer') this.#ask(frame);
    else if (frame.frame === 'chunk') this.#begin(frame, incoming);
    else if (frame.frame === 'root' && incoming !== undefined) this.#conclude(incoming, frame.hash);
    else if (outgoing !== undefined) this.#send(outgoing, outgoing.machine.hear(frame));
    else if (frame.frame === 'stop' && incoming !== undefined) {
      this.#receive(incoming, incoming.machine.stopped(frame.code));
    } else if (frame.frame === 'pause' && incoming !== undefined) {
      incoming.machine.paused(frame.on);
      this.#receive(incoming, []);
    }
  }

  #ask(frame: FileFrame & { readonly frame: 'offer' }): void {
    const known = this.#incoming.get(frame.id);
    if (known === undefined || known.machine.mayReturn) this.#askAnew(frame);
    else this.#receive(known, known.machine.offered());
  }

  #askAnew(frame: FileFrame & { readonly frame: 'offer' }): void {
    const read = readOffer(frame.id, frame.name, frame.size, frame.preview, frame.entries);
    const offer = this.#mayOffer ? read : 'not-permitted';
    const open = [...this.#incoming.values()].filter(({ machine }) => isOpen(machine.state));
    if (typeof offer === 'string' || open.length >= TRANSFERS_MAX) {
      this.#say({ frame: 'stop', id: frame.id, code: typeof offer === 'string' ? offer : 'too-many' });
      return;
    }
    forget(this.#incoming);
    const machine = new FileReceiver(offer);
    const progress = new Source(ASKED);
    const file: IncomingFile = {
      offer,
      progress,
      accept: (to, kept) => {
        if (machine.state !== 'asked') return;
        one.writer = to.getWriter();
        one.hashes.push(...(kept?.hashes ?? []));
        this.#receive(one, machine.accept(one.hashes.length));
      },
      decline: () => this.#receive(one, machine.stop('declined')),
      pause: () => this.#receive(one, machine.pause(true)),
      resume: () => this.#receive(one, machine.pause(false)),
      cancel: () => this.#receive(one, machine.stop('cancelled')),
    };
    const one: Incoming = { offer, machine, file, hashes: [], progress, writer: null, waiting: 0 };
    this.#incoming.set(offer.id, one);
    for (const listener of this.#listeners) listener(file);
  }

  #begin(frame: FileFrame & { readonly frame: 'chunk' }, one: Incoming | undefined): void {
    const size = one === undefined ? 0 : chunkBytes(one.offer.size, frame.index);
    // Bytes of a transfer that is not ours, or is over, are counted to find their end, and dropped.
    this.#partial = { frame, bytes: new Uint8Array(size > 0 ? size : CHUNK_BYTES), filled: 0 };
  }

  #take(piece: Uint8Array<ArrayBuffer>): void {
    const partial = this.#partial;
    if (partial === null) return;
    const one = this.#incoming.get(partial.frame.id);
    const crowded = one !== undefined && one.waiting > WINDOW_CHUNKS;
    if (partial.filled + piece.length > partial.bytes.length || crowded) {
      this.#partial = null;
      if (one !== undefined) this.#receive(one, one.machine.stop('wrong-size'));
      return;
    }
    partial.bytes.set(piece, partial.filled);
    partial.filled += piece.length;
    if (partial.filled < partial.bytes.length) return;
    this.#partial = null;
    if (one === undefined) return;
    one.waiting += 1;
    this.#taking = this.#taking
      .then(() => this.#check(one, partial))
      .finally(() => {
        one.waiting -= 1;
      });
  }

  async #check(one: Incoming, { frame, bytes }: Partial): Promise<void> {
    const hash = await hashOf(bytes);
    const effects = one.machine.chunk(frame.index, bytes.length, hex(hash) === frame.hash);
    if (!effects.some((effect) => effect.do === 'write')) return this.#receive(one, effects);
    try {
      await one.writer?.write(bytes);
      one.hashes.push(hash);
      this.#receive(one, one.machine.stored());
    } catch {
      this.#receive(one, one.machine.stop('disk'));
    }
  }

  #conclude(one: Incoming, root: string): void {
    this.#taking = this.#taking.then(async () => {
      this.#receive(one, one.machine.root((await rootOf(one.hashes)) === root));
    });
  }

  #receive(one: Incoming, effects: readonly ReceiverEffect[]): void {
    for (const effect of effects) {
      if (effect.do === 'say') this.#say(effect.frame);
      else if (effect.do === 'ask') this.#taking = this.#taking.then(() => this.#askFrom(one));
      else if (effect.do === 'abort') void one.writer?.abort(one.machine.code).catch(() => undefined);
      else if (effect.do === 'close') this.#close(one);
    }
    show(one);
  }

  async #askFrom({ machine, offer, hashes }: Incoming): Promise<void> {
    const next = machine.have;
    this.#say({ frame: 'from', id: offer.id, next, hash: await rootOf(hashes.slice(0, next)) });
  }

  #close(one: Incoming): void {
    one.writer?.close().then(
      () => this.#receive(one, one.machine.closed()),
      () => this.#receive(one, one.machine.stop('disk')),
    );
  }

  #send(one: Outgoing, effects: readonly SenderEffect[]): void {
    const channel = this.#channel;
    for (const effect of effects) {
      if (effect.do === 'say') this.#say(effect.frame);
      else
        this.#sending = this.#sending
          .then(() => this.#write(one, effect, channel))
          .catch(() => this.#fail(one, channel));
    }
    show(one);
  }

  async #write(one: Outgoing, effect: SenderEffect, channel: RTCDataChannel | null): Promise<void> {
    if (channel === null || channel !== this.#channel || one.machine.state !== 'running') return;
    const { id } = one.offer;
    if (effect.do === 'root') return this.#say({ frame: 'root', id, hash: await rootOf(one.hashes) });
    if (effect.do === 'compare') return this.#compare(one, effect.next, effect.hash);
    if (effect.do !== 'send') return;
    const { bytes, hash } = await one.chunks.read(effect.index);
    one.hashes[effect.index] = hash;
    await drained(channel);
    if (channel !== this.#channel || one.machine.state !== 'running') return;
    this.#say({ frame: 'chunk', id, index: effect.index, hash: hex(hash) });
    for (let at = 0; at < bytes.length; at += this.#messageBytes)
      channel.send(bytes.subarray(at, at + this.#messageBytes));
  }

  /** Reads what an earlier page of ours sent, to see that the file is still the same. */
  async #compare(one: Outgoing, next: number, hash: string): Promise<void> {
    for (let index = 0; index < next; index += 1) one.hashes[index] ??= (await one.chunks.read(index)).hash;
    this.#send(one, one.machine.compared(next, (await rootOf(one.hashes.slice(0, next))) === hash));
  }

  /** Reading failed, unless it was the link that closed: then the receiver asks again on the next one. */
  #fail(one: Outgoing, channel: RTCDataChannel | null): void {
    if (channel?.readyState === 'open') this.#send(one, one.machine.stop('unreadable'));
  }

  #say(frame: FileFrame): void {
    if (this.#channel?.readyState === 'open') this.#channel.send(JSON.stringify(frame));
  }
}

function isOpen(state: TransferState): boolean {
  return state === 'asked' || state === 'running';
}

/** Of transfers that are over only the latest are known. */
function forget(transfers: Map<string, Outgoing> | Map<string, Incoming>): void {
  for (const [id, { machine }] of transfers) {
    if (transfers.size < 2 * TRANSFERS_MAX) return;
    if (!isOpen(machine.state)) transfers.delete(id);
  }
}

function show({ machine, offer, progress }: Outgoing | Incoming): void {
  const { state, code, pausedHere, pausedThere } = machine;
  const bytes = Math.min(offer.size, machine.have * CHUNK_BYTES);
  const paused = pausedHere ? 'here' : pausedThere ? 'there' : 'no';
  const { current } = progress;
  if (current.bytes === bytes && current.state === state && current.paused === paused) return;
  progress.set({ state, bytes, code, paused });
}

/** Resolves when the channel takes more, or is closed. */
async function drained(channel: RTCDataChannel): Promise<void> {
  if (channel.bufferedAmount <= BUFFERED_BYTES || channel.readyState !== 'open') return;
  await new Promise((resolve) => {
    channel.addEventListener('bufferedamountlow', resolve, { once: true });
    channel.addEventListener('close', resolve, { once: true });
  });
}
