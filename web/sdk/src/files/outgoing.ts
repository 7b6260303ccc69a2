import { Source } from '../value.ts';
import type { Wire } from './channel.ts';
import type { FileFrame } from './frames.ts';
import type { FileOffer } from './offer.ts';
import { FileSender, type SenderEffect } from './sender.ts';
import { type Recipient, type Share, seconds } from './shared-file.ts';
import { ASKED, type FileProgress, type FileTransfer, isOpen, show } from './transfer.ts';

/** What a transfer needs of the way to the person. */
export interface Way {
  say(frame: FileFrame): void;
  /** There may be something to send. */
  wake(): void;
}

/** A file on its way from us to one person. */
export class Outgoing implements FileTransfer, Recipient {
  readonly offer: FileOffer;
  readonly progress = new Source<FileProgress>(ASKED);
  readonly #machine: FileSender;
  readonly #share: Share;
  readonly #way: Way;

  constructor(offer: FileOffer, share: Share, who: string, way: Way) {
    this.offer = offer;
    this.#share = share;
    this.#way = way;
    this.#machine = new FileSender(offer, share.machine, who);
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
    this.#share.leave(this.#machine.copy);
  }

  tell(index: number, hash: string, holder: string): void {
    this.#way.say({ frame: 'at', id: this.offer.id, index, hash, holder });
  }

  wake(): void {
    this.#way.wake();
  }

  /** Sends the next chunk; null if there is none now. */
  send(wire: Wire, channel: RTCDataChannel): Promise<void> | null {
    const index = this.#share.machine.seed(this.#machine.copy, seconds());
    return index === null ? null : this.#send(index, wire, channel);
  }

  async #send(index: number, wire: Wire, channel: RTCDataChannel): Promise<void> {
    const chunk = await this.#share.read(index).catch(() => null);
    if (chunk === null) {
      this.#perform(this.#machine.stop('unreadable'));
      return;
    }
    const { flow } = this.#share;
    if (!(await wire.takesMore(channel, flow)) || this.#machine.state !== 'running') return;
    await wire.send(channel, { frame: 'chunk', id: this.offer.id, index, hash: chunk.hash }, chunk.bytes, flow);
  }

  #perform(effects: readonly SenderEffect[]): void {
    for (const effect of effects) {
      if (effect.do === 'say') this.#way.say(effect.frame);
      else if (effect.do === 'compare') void this.#compare(effect.next, effect.hash);
      else void this.#root();
    }
    show(this.#machine, this.offer.size, this.progress);
    this.#share.spread();
  }

  /** Reads what an earlier page of ours sent, to see that the file is still the same. */
  async #compare(next: number, hash: string): Promise<void> {
    const ours = await this.#share.rootBefore(next).catch(() => null);
    this.#perform(ours === null ? this.#machine.stop('unreadable') : this.#machine.compared(next, ours === hash));
  }

  async #root(): Promise<void> {
    const hash = await this.#share.rootBefore(this.#machine.have).catch(() => null);
    if (hash === null) this.#perform(this.#machine.stop('unreadable'));
    else if (this.#machine.state === 'running') this.#way.say({ frame: 'root', id: this.offer.id, hash });
  }
}
