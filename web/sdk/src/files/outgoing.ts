import { Source } from '../value.ts';
import type { FileChannel } from './channel.ts';
import type { FileFrame } from './frames.ts';
import type { FileOffer } from './offer.ts';
import { FileSender, type SenderEffect } from './sender.ts';
import { type Recipient, type SharedFile, seconds } from './shared-file.ts';
import { ASKED, type FileProgress, type FileTransfer, isOpen, show } from './transfer.ts';

/** What a transfer needs of the way to the person. */
export interface TransferChannel {
  say(frame: FileFrame): void;
  /** There may be something to send. */
  wake(): void;
}

/** A file on its way from us to one person. */
export class OutgoingTransfer implements FileTransfer, Recipient {
  readonly offer: FileOffer;
  readonly progress = new Source<FileProgress>(ASKED);
  readonly #machine: FileSender;
  readonly #sharedFile: SharedFile;
  readonly #channel: TransferChannel;

  constructor(offer: FileOffer, share: SharedFile, who: string, way: TransferChannel) {
    this.offer = offer;
    this.#sharedFile = share;
    this.#channel = way;
    this.#machine = new FileSender(offer, share.scheduler, who);
    share.join(this.#machine.copy, this);
  }

  get isOpen(): boolean {
    return isOpen(this.#machine.state);
  }

  opened(): void {
    this.#perform(this.#machine.opened());
  }

  hear(frame: FileFrame): void {
    this.#perform(this.#machine.hear(frame, seconds()));
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

  /** The person is gone. */
  end(): void {
    this.#perform(this.#machine.stop('gone'));
    this.forget();
  }

  /** Nobody will hear of it again. */
  forget(): void {
    this.#sharedFile.leave(this.#machine.copy);
  }

  tell(index: number, hash: string, holder: string): void {
    this.#channel.say({ frame: 'at', id: this.offer.id, index, hash, holder });
  }

  wake(): void {
    this.#channel.wake();
  }

  /** Sends the next chunk; null if there is none now. */
  send(wire: FileChannel, channel: RTCDataChannel): Promise<void> | null {
    const index = this.#sharedFile.scheduler.seed(this.#machine.copy, seconds());
    return index === null ? null : this.#send(index, wire, channel);
  }

  async #send(index: number, wire: FileChannel, channel: RTCDataChannel): Promise<void> {
    const chunk = await this.#sharedFile.read(index).catch(() => null);
    if (chunk === null) {
      this.#perform(this.#machine.stop('unreadable'));
      return;
    }
    const { backpressure: flow } = this.#sharedFile;
    if (!(await wire.drained(channel, flow)) || this.#machine.state !== 'running') return;
    await wire.sendBytes(channel, { frame: 'chunk', id: this.offer.id, index, hash: chunk.hash }, chunk.bytes, flow);
  }

  #perform(effects: readonly SenderEffect[]): void {
    for (const effect of effects) {
      if (effect.do === 'say') this.#channel.say(effect.frame);
      else if (effect.do === 'compare') void this.#compare(effect.next, effect.hash);
      else void this.#root();
    }
    show(this.#machine, this.offer.size, this.progress);
    this.#sharedFile.schedule();
  }

  /** Reads what an earlier page of ours sent, to see that the file is still the same. */
  async #compare(next: number, hash: string): Promise<void> {
    const ours = await this.#sharedFile.rootBefore(next).catch(() => null);
    this.#perform(ours === null ? this.#machine.stop('unreadable') : this.#machine.compared(next, ours === hash));
  }

  async #root(): Promise<void> {
    const hash = await this.#sharedFile.rootBefore(this.#machine.have).catch(() => null);
    if (hash === null) this.#perform(this.#machine.stop('unreadable'));
    else if (this.#machine.state === 'running') this.#channel.say({ frame: 'root', id: this.offer.id, hash });
  }
}
