import { Source } from '../value.ts';
import type { FileChannel } from './channel.ts';
import type { FileFrame } from './frames.ts';
import type { FileOffer } from './offer.ts';
import { FileSender, type SenderEffect } from './sender.ts';
import { type Recipient, type SharedFile, seconds } from './shared-file.ts';
import { ASKED, type FileProgress, type FileTransfer } from './transfer.ts';
import { isOpen, show } from './transfer-progress.ts';

/** What a transfer needs of the channel to the peer. */
export interface TransferChannel {
  sendFrame(frame: FileFrame): void;
  /** There may be something to send. */
  wake(): void;
}

/** Sends a file to one peer. */
export class OutgoingTransfer implements FileTransfer, Recipient {
  readonly offer: FileOffer;
  readonly progress = new Source<FileProgress>(ASKED);
  readonly #machine: FileSender;
  readonly #sharedFile: SharedFile;
  readonly #channel: TransferChannel;

  constructor(offer: FileOffer, share: SharedFile, peerId: string, way: TransferChannel) {
    this.offer = offer;
    this.#sharedFile = share;
    this.#channel = way;
    this.#machine = new FileSender(offer, share.scheduler, peerId);
    share.join(this.#machine.copy, this);
  }

  get isOpen(): boolean {
    return isOpen(this.#machine.state);
  }

  opened(): void {
    this.#perform(this.#machine.opened());
  }

  receive(frame: FileFrame): void {
    this.#perform(this.#machine.receive(frame, seconds()));
  }

  pause(): void {
    this.#perform(this.#machine.pause(true));
  }

  resume(): void {
    this.#perform(this.#machine.pause(false));
  }

  cancel(): void {
    this.#perform(this.#machine.stop('cancelled'));
  }

  /** The peer is gone. */
  end(): void {
    this.#perform(this.#machine.stop('gone'));
    this.forget();
  }

  /** Drops the transfer. */
  forget(): void {
    this.#sharedFile.leave(this.#machine.copy);
  }

  tell(index: number, hash: string, holder: string): void {
    this.#channel.sendFrame({ frame: 'at', id: this.offer.id, index, hash, holder });
  }

  wake(): void {
    this.#channel.wake();
  }

  /** Sends the next chunk; null if there is none. */
  send(fileChannel: FileChannel, channel: RTCDataChannel): Promise<void> | null {
    const index = this.#sharedFile.scheduler.seed(this.#machine.copy, seconds());
    return index === null ? null : this.#send(index, fileChannel, channel);
  }

  async #send(index: number, fileChannel: FileChannel, channel: RTCDataChannel): Promise<void> {
    const chunk = await this.#sharedFile.read(index).catch(() => null);
    if (chunk === null) {
      this.#perform(this.#machine.stop('unreadable'));
      return;
    }
    const { backpressure } = this.#sharedFile;
    if (!(await fileChannel.drained(channel, backpressure)) || this.#machine.state !== 'running') return;
    await fileChannel.sendBytes(
      channel,
      { frame: 'chunk', id: this.offer.id, index, hash: chunk.hash },
      chunk.bytes,
      backpressure,
    );
  }

  #perform(effects: readonly SenderEffect[]): void {
    for (const effect of effects) {
      if (effect.do === 'send') this.#channel.sendFrame(effect.frame);
      else if (effect.do === 'compare') void this.#compare(effect.next, effect.hash);
      else void this.#root();
    }
    show(this.#machine, this.offer.size, this.progress);
    this.#sharedFile.schedule();
  }

  /** Checks that what the receiver has is the start of this file: an earlier page may have sent another one. */
  async #compare(next: number, hash: string): Promise<void> {
    const ours = await this.#sharedFile.rootBefore(next).catch(() => null);
    this.#perform(ours === null ? this.#machine.stop('unreadable') : this.#machine.compared(next, ours === hash));
  }

  async #root(): Promise<void> {
    const hash = await this.#sharedFile.rootBefore(this.#machine.have).catch(() => null);
    const unchanged = await this.#sharedFile.isUnchanged().catch(() => null);
    if (hash === null || unchanged === null) this.#perform(this.#machine.stop('unreadable'));
    else if (!unchanged) this.#perform(this.#machine.stop('changed'));
    else if (this.#machine.state === 'running') this.#channel.sendFrame({ frame: 'root', id: this.offer.id, hash });
  }
}
