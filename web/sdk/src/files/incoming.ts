import { Source } from '../value.ts';
import type { StoredChunks } from './chunks.ts';
import type { FileFrame } from './frames.ts';
import { hashOf, hex, rootOf } from './hash.ts';
import { CHUNK_BYTES, chunkBytes, type FileOffer, WINDOW_CHUNKS } from './offer.ts';
import { FileReceiver, type ReceiverEffect } from './receiver.ts';
import type { Swarm, SwarmFile } from './swarm.ts';
import { ASKED, type FileProgress, type IncomingFile, type ReadBack } from './transfer.ts';
import { isOpen, show } from './transfer-progress.ts';

/** A chunk that arrived. */
interface ReceivedChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** Receives a file from one peer, and if several members receive it, also from those. */
export class IncomingTransfer implements IncomingFile, SwarmFile {
  readonly offer: FileOffer;
  readonly progress = new Source<FileProgress>(ASKED);
  readonly machine: FileReceiver;
  readonly #say: (frame: FileFrame) => void;
  readonly #swarm: Swarm;
  readonly #hashes: Uint8Array<ArrayBuffer>[] = [];
  /** Chunks that arrived and are not stored yet. */
  readonly #kept = new Map<number, Uint8Array<ArrayBuffer>>();
  #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | null = null;
  #readBack: ReadBack | null = null;
  /** Chunks that arrived from the sender and are not hashed yet. */
  #waiting = 0;

  constructor(offer: FileOffer, say: (frame: FileFrame) => void, swarm: Swarm) {
    this.offer = offer;
    this.machine = new FileReceiver(offer);
    this.#say = say;
    this.#swarm = swarm;
  }

  get isOpen(): boolean {
    return isOpen(this.machine.state);
  }

  accept(to: WritableStream<Uint8Array<ArrayBuffer>>, kept?: StoredChunks, readBack?: ReadBack): void {
    if (this.machine.state !== 'asked') return;
    this.#writer = to.getWriter();
    this.#readBack = readBack ?? null;
    this.#hashes.push(...(kept?.hashes ?? []));
    this.#swarm.hold(this);
    this.perform(this.machine.accept(this.#hashes.length));
  }

  decline(code: 'declined' | 'no-room' = 'declined'): void {
    if (this.machine.state === 'asked') this.perform(this.machine.stop(code));
  }

  pause(): void {
    this.perform(this.machine.pause(true));
  }

  resume(): void {
    this.perform(this.machine.pause(false));
  }

  cancel(): void {
    this.perform(this.machine.stop('cancelled'));
  }

  /** Whether more chunks wait than a sender may send who respects the window. */
  get isFlooded(): boolean {
    return this.#waiting > WINDOW_CHUNKS;
  }

  /** A chunk arrived from the sender, who announced its hash. */
  async take(index: number, bytes: Uint8Array<ArrayBuffer>, said: string): Promise<void> {
    this.#waiting += 1;
    const hash = await hashOf(bytes).finally(() => {
      this.#waiting -= 1;
    });
    this.perform(this.machine.chunk(index, bytes.length, hex(hash) === said), { bytes, hash });
  }

  /** A chunk arrived from another receiver. */
  async takePassedOn(index: number, bytes: Uint8Array<ArrayBuffer>, holder: string): Promise<void> {
    const hash = await hashOf(bytes);
    const matches = hex(hash) === this.machine.wanted.get(index)?.hash;
    this.perform(this.machine.passed(index, holder, bytes.length, matches), { bytes, hash });
  }

  lacked(index: number, holder: string): void {
    this.perform(this.machine.lacked(index, holder));
  }

  /** The hash of the whole file arrived. */
  async conclude(root: string): Promise<void> {
    const ours = await rootOf(this.#hashes);
    this.perform(this.machine.root(ours === root));
  }

  /** The bytes of a chunk, to be passed on; null if we can't. */
  async find(index: number): Promise<Uint8Array<ArrayBuffer> | null> {
    if (!this.machine.serves || this.#hashes[index] === undefined) return null;
    const bytes = this.#kept.get(index) ?? this.#swarm.recall(this, index) ?? (await this.#read(index));
    return bytes?.length === chunkBytes(this.offer.size, index) ? bytes : null;
  }

  /** Carries out what the machine decides; `came` is the chunk that it was given. */
  perform(effects: readonly ReceiverEffect[], came?: ReceivedChunk): void {
    for (const effect of effects) {
      if (effect.do === 'send') this.#say(effect.frame);
      else if (effect.do === 'ask') void this.#ask();
      else if (effect.do === 'keep' && came !== undefined) this.#keep(effect.index, came);
      else if (effect.do === 'write') this.#write(effect.index);
      else if (effect.do === 'get') this.#get(effect.index, effect.holder);
      else if (effect.do === 'abort') void this.#writer?.abort(this.machine.code).catch(() => undefined);
      else if (effect.do === 'close') this.#close();
    }
    for (const index of this.#kept.keys()) if (!this.machine.kept.has(index)) this.#kept.delete(index);
    if (this.machine.state === 'stopped') this.#swarm.drop(this);
    show(this.machine, this.offer.size, this.progress);
  }

  async #ask(): Promise<void> {
    const next = this.machine.have;
    this.#say({ frame: 'from', id: this.offer.id, next, hash: await rootOf(this.#hashes.slice(0, next)) });
  }

  #keep(index: number, { bytes, hash }: ReceivedChunk): void {
    this.#kept.set(index, bytes);
    this.#hashes[index] = hash;
  }

  #write(index: number): void {
    const bytes = this.#kept.get(index) ?? new Uint8Array(0);
    this.#writer?.write(bytes).then(
      () => {
        this.#swarm.remember(this, index, bytes);
        this.perform(this.machine.stored());
      },
      () => this.perform(this.machine.stop('disk')),
    );
  }

  #get(index: number, holder: string): void {
    if (!this.#swarm.ask(this, index, holder)) this.lacked(index, holder);
  }

  async #read(index: number): Promise<Uint8Array<ArrayBuffer> | null> {
    if (index >= this.machine.have || this.#readBack === null) return null;
    const { size } = this.offer;
    return this.#readBack(index * CHUNK_BYTES, chunkBytes(size, index)).catch(() => null);
  }

  #close(): void {
    this.#writer?.close().then(
      () => this.perform(this.machine.closed()),
      () => this.perform(this.machine.stop('disk')),
    );
  }
}
