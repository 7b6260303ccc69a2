import { notify } from '../value.ts';
import { type Backpressure, FileChannel, type FileConnection } from './channel.ts';
import { type ChunkRef, ChunkRequests } from './chunk-requests.ts';
import type { FileFrame } from './frames.ts';
import { IncomingTransfer } from './incoming.ts';
import { chunkBytes, readOffer, TRANSFERS_MAX } from './offer.ts';
import { OutgoingTransfer, type TransferChannel } from './outgoing.ts';
import { seconds } from './shared-file.ts';
import { forget, type Swarm, type SwarmPeer } from './swarm.ts';
import { type FileTransfer, type IncomingFile, offerOf, type SendFileOptions } from './transfer.ts';

/** Chunks are passed on in small steps: the receiver sees progress, and frames get through in between. */
const PASSED_ON_BACKPRESSURE: Backpressure = { messageBytes: 16 * 1024, bufferedBytes: 64 * 1024 };

/** All file transfers with one peer, over one connection after another. */
export class PeerTransfers implements TransferChannel, SwarmPeer {
  readonly #peerId: string;
  readonly #mayOffer: boolean;
  readonly #swarm: Swarm;
  readonly #channel: FileChannel;
  readonly #outgoing = new Map<string, OutgoingTransfer>();
  readonly #incoming = new Map<string, IncomingTransfer>();
  readonly #requests = new ChunkRequests();
  readonly #listeners = new Set<(file: IncomingFile) => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = false;
  /** Whose turn it is: whether a passed on chunk was sent last, and which of our files. */
  #passed = false;
  #place = 0;

  /** `mayOffer`: whether the peer may send files. `dropped` is called for each frame above the rate limit. */
  constructor(peerId: string, swarm: Swarm, mayOffer: boolean, dropped: () => void) {
    this.#peerId = peerId;
    this.#mayOffer = mayOffer;
    this.#swarm = swarm;
    this.#channel = new FileChannel({
      dropped,
      opened: () => {
        for (const one of this.#outgoing.values()) one.opened();
      },
      received: (frame) => this.#hear(frame),
      progressed: () => this.#requests.progressed(seconds()),
    });
    swarm.enter(peerId, this);
  }

  sendFile(file: File, options: SendFileOptions): FileTransfer {
    const offer = offerOf(file, options);
    const { id } = offer;
    const one = new OutgoingTransfer(offer, this.#swarm.sharedFile(file, offer.share), this.#peerId, this);
    forget(this.#outgoing, (over) => over.forget());
    this.#outgoing.get(id)?.forget();
    this.#outgoing.set(id, one);
    if (this.#channel.channel !== null) one.opened();
    return one;
  }

  onFile(listener: (file: IncomingFile) => void): () => void {
    this.#listeners.add(listener);
    for (const one of this.#incoming.values()) if (one.machine.state === 'asked') notify(listener, one);
    return () => this.#listeners.delete(listener);
  }

  /** As of {@link FileChannel}. */
  get messagesQueued(): number {
    return this.#channel.messagesQueued;
  }

  /** Continues over this connection. */
  attach(connection: FileConnection): void {
    this.#failed(this.#requests.lose());
    this.#channel.attach(connection);
  }

  /** A message that arrived before this could listen. */
  receive(data: unknown): void {
    this.#channel.receive(data);
  }

  /** The peer is gone. */
  close(): void {
    this.#swarm.exit(this.#peerId, this);
    this.#failed(this.#requests.lose());
    for (const one of this.#outgoing.values()) one.end();
    for (const one of this.#incoming.values()) {
      one.perform(one.machine.stop('gone'));
      this.#swarm.drop(one);
    }
    this.#channel.close();
  }

  sendFrame(frame: FileFrame): void {
    this.#channel.sendFrame(frame);
  }

  ask(share: string, index: number): boolean {
    if (this.#channel.channel === null) return false;
    this.#requests.want({ share, index }, seconds());
    this.sendFrame({ frame: 'get', id: share, index });
    this.#watch();
    return true;
  }

  /** Sends what there is to send, as fast as backpressure allows. */
  wake(): void {
    if (this.#sending) return;
    this.#sending = true;
    void this.#send();
  }

  async #send(): Promise<void> {
    for (;;) {
      const next = this.#next();
      if (next === null) break;
      await next.catch(() => undefined); // the channel was closed, or is full: over the next one they ask again
    }
    this.#sending = false;
  }

  /** What is sent next, by turns: a chunk that we pass on, and each of our files. */
  #next(): Promise<void> | null {
    const { channel } = this.#channel;
    if (channel === null) return null;
    this.#passed = !this.#passed;
    return this.#passed
      ? (this.#nextPassed(channel) ?? this.#nextFile(channel))
      : (this.#nextFile(channel) ?? this.#nextPassed(channel));
  }

  #nextPassed(channel: RTCDataChannel): Promise<void> | null {
    const piece = this.#requests.next();
    return piece === null ? null : this.#pass(piece, channel);
  }

  #nextFile(channel: RTCDataChannel): Promise<void> | null {
    const files = [...this.#outgoing.values()].filter((one) => one.isOpen);
    for (let count = 1; count <= files.length; count += 1) {
      const place = (this.#place + count) % files.length;
      const next = files[place]?.send(this.#channel, channel) ?? null;
      if (next === null) continue;
      this.#place = place;
      return next;
    }
    return null;
  }

  async #pass({ share, index }: ChunkRef, channel: RTCDataChannel): Promise<void> {
    const bytes = (await this.#swarm.holding(share)?.find(index)) ?? null;
    if (bytes === null) this.sendFrame({ frame: 'lack', id: share, index });
    else await this.#channel.sendBytes(channel, { frame: 'pass', id: share, index }, bytes, PASSED_ON_BACKPRESSURE);
  }

  #hear(frame: FileFrame): void {
    const outgoing = this.#outgoing.get(frame.id);
    const incoming = this.#incoming.get(frame.id);
    switch (frame.frame) {
      case 'offer':
        if (incoming === undefined || incoming.machine.mayReturn) this.#receiveOffer(frame);
        else incoming.perform(incoming.machine.offered());
        break;
      case 'chunk':
        if (incoming === undefined) this.#channel.skip();
        else this.#expect(frame, incoming);
        break;
      case 'get':
        this.#askedFor({ share: frame.id, index: frame.index });
        break;
      case 'pass':
        this.#expectPassed({ share: frame.id, index: frame.index });
        break;
      case 'lack':
        this.#lacks({ share: frame.id, index: frame.index });
        break;
      case 'at':
        incoming?.perform(incoming.machine.at(frame.index, frame.hash, frame.holder));
        break;
      case 'root':
        void incoming?.conclude(frame.hash);
        break;
      default:
        if (outgoing !== undefined) outgoing.receive(frame);
        else if (frame.frame === 'stop') incoming?.perform(incoming.machine.stopped(frame.code));
        else if (frame.frame === 'pause') incoming?.perform(incoming.machine.paused(frame.on));
    }
  }

  #receiveOffer(frame: FileFrame & { readonly frame: 'offer' }): void {
    const offer = this.#mayOffer ? readOffer(frame) : 'not-permitted';
    const open = [...this.#incoming.values()].filter((one) => one.isOpen);
    if (typeof offer === 'string' || open.length >= TRANSFERS_MAX) {
      this.sendFrame({ frame: 'stop', id: frame.id, code: typeof offer === 'string' ? offer : 'too-many' });
      return;
    }
    forget(this.#incoming, (over) => this.#swarm.drop(over));
    const one = new IncomingTransfer(offer, (said) => this.sendFrame(said), this.#swarm);
    this.#incoming.set(offer.id, one);
    for (const listener of [...this.#listeners]) notify(listener, one);
  }

  #expect({ index, hash }: FileFrame & { readonly frame: 'chunk' }, one: IncomingTransfer): void {
    const size = Math.max(0, chunkBytes(one.offer.size, index)); // 0 for a chunk beyond the end: any byte is wrong
    this.#channel.expect(size, (arrived) => {
      if (typeof arrived === 'string') one.perform(one.machine.stop(arrived));
      else if (one.isFlooded) one.perform(one.machine.stop('wrong-size'));
      else void one.take(index, arrived, hash);
    });
  }

  #askedFor(piece: ChunkRef): void {
    if (this.#requests.ask(piece)) this.wake();
    else if (!this.#channel.full) this.sendFrame({ frame: 'lack', id: piece.share, index: piece.index });
  }

  #expectPassed(piece: ChunkRef): void {
    const one = this.#requests.wants(piece) ? this.#swarm.holding(piece.share) : null;
    if (one === null) {
      this.#channel.skip();
      return;
    }
    this.#channel.expect(chunkBytes(one.offer.size, piece.index), (arrived) => {
      if (typeof arrived === 'string') this.#lacks(piece);
      else if (this.#requests.answered(piece)) void one.takePassedOn(piece.index, arrived, this.#peerId);
    });
  }

  #lacks(piece: ChunkRef): void {
    if (this.#requests.answered(piece)) this.#failed([piece]);
  }

  /** They don't give us these chunks. */
  #failed(pieces: readonly ChunkRef[]): void {
    for (const { share, index } of pieces) {
      this.#swarm.holding(share)?.lacked(index, this.#peerId);
    }
  }

  /** Gives up requests that time out. */
  #watch(): void {
    clearTimeout(this.#timer);
    const due = this.#requests.nextWake();
    if (due === null) return;
    this.#timer = setTimeout(
      () => {
        this.#failed(this.#requests.wake(seconds()));
        this.#watch();
      },
      Math.max(0, due - seconds()) * 1000,
    );
  }
}
