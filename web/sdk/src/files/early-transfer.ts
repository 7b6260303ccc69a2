import { Source } from '../value.ts';
import type { FileOffer } from './offer.ts';
import { ASKED, type FileProgress, type FileTransfer, offerOf, type SendFileOptions } from './transfer.ts';

/** A {@link FileTransfer} to a peer that was asked for before the code for it was loaded. */
export class EarlyTransfer implements FileTransfer {
  readonly offer: FileOffer;
  readonly progress = new Source<FileProgress>(ASKED);
  readonly #file: File;
  readonly #options: SendFileOptions;
  #transfer: FileTransfer | null = null;

  constructor(file: File, options: SendFileOptions) {
    this.#file = file;
    this.#options = options;
    this.offer = offerOf(file, options);
  }

  /** The code is there: offers the file by `sendFile`, unless it was cancelled before. */
  start(sendFile: (file: File, options: SendFileOptions) => FileTransfer): void {
    const { state, paused } = this.progress.current;
    if (state === 'stopped') return;
    this.#transfer = sendFile(this.#file, { ...this.#options, id: this.offer.id });
    if (paused === 'here') this.#transfer.pause();
    this.#transfer.progress.subscribe((progress) => this.progress.set(progress));
  }

  pause(): void {
    if (this.#transfer === null) this.#show({ paused: 'here' });
    else this.#transfer.pause();
  }

  resume(): void {
    if (this.#transfer === null) this.#show({ paused: 'no' });
    else this.#transfer.resume();
  }

  cancel(): void {
    if (this.#transfer === null) this.stop('cancelled');
    else this.#transfer.cancel();
  }

  /** Stops before the code was loaded. */
  stop(code: 'cancelled' | 'gone'): void {
    this.#show({ state: 'stopped', code });
  }

  #show(change: Partial<FileProgress>): void {
    const { current } = this.progress;
    if (current.state !== 'stopped') this.progress.set({ ...current, ...change });
  }
}
