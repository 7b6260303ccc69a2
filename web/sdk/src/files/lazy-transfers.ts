import { CHARACTERS_BURST } from '../connection/rate-limit.ts';
import type { FileConnection } from './channel.ts';
import { EarlyTransfer } from './early-transfer.ts';
import type { PeerTransfers } from './peer-transfers.ts';
import type { FileTransfer, IncomingFile, SendFileOptions } from './transfer.ts';
import type { TransferLoader } from './transfer-loader.ts';

/** Milliseconds after the channel opened: by then the first picture is there. */
const LOAD_AFTER_MS = 1500;

/** Messages kept until the code is there. A frame above is dropped, as above the rate limit. */
const EARLY_MESSAGES_MAX = 1000;
const EARLY_CHARACTERS_MAX = CHARACTERS_BURST;

/**
 * The {@link PeerTransfers} with one peer, whose code is loaded after the first picture. Until then this keeps what is
 * asked for and what arrives.
 */
export class LazyTransfers {
  readonly #loader: TransferLoader;
  readonly #dropped: () => void;
  readonly #stopWaiting: () => void;
  #transfers: PeerTransfers | null = null;
  #connection: FileConnection | null = null;
  /** Frames that arrived over this connection. We accept nothing yet, so no bytes arrive. */
  #arrived: string[] = [];
  #arrivedCharacters = 0;
  /** Files to send, in order. */
  #early: EarlyTransfer[] = [];
  /** Listeners that wait, each with what ends it. */
  readonly #listeners = new Map<(file: IncomingFile) => void, () => void>();

  /** `mayOffer` and `dropped` are as of {@link PeerTransfers}. */
  constructor(loader: TransferLoader, peerId: string, mayOffer: boolean, dropped: () => void) {
    this.#loader = loader;
    this.#dropped = dropped;
    this.#stopWaiting = loader.loaded.subscribe((loaded) => {
      if (loaded !== null) this.#begin(loaded.withPeer(peerId, mayOffer, dropped));
    });
  }

  /** As of `Peer`. */
  sendFile(file: File, options: SendFileOptions): FileTransfer {
    if (this.#transfers !== null) return this.#transfers.sendFile(file, options);
    const transfer = new EarlyTransfer(file, options);
    this.#early.push(transfer);
    this.#loader.load();
    return transfer;
  }

  /** As of `Peer`. */
  onFile(listener: (file: IncomingFile) => void): () => void {
    if (this.#transfers !== null) return this.#transfers.onFile(listener);
    this.#listeners.set(listener, () => this.#listeners.delete(listener));
    this.#loader.load();
    return () => this.#listeners.get(listener)?.();
  }

  /** As of {@link PeerTransfers}. */
  get messagesQueued(): number {
    return this.#transfers?.messagesQueued ?? 0;
  }

  /** Continues over this connection. */
  attach(connection: FileConnection): void {
    if (this.#transfers !== null) {
      this.#transfers.attach(connection);
      return;
    }
    this.#connection = connection;
    this.#arrived = []; // over the new connection they offer again
    this.#arrivedCharacters = 0;
    const { files: channel } = connection;
    channel.onopen = () => this.#loader.loadAfter(LOAD_AFTER_MS);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (connection === this.#connection && typeof data === 'string') this.#keep(data);
    };
  }

  /** The peer is gone. */
  close(): void {
    this.#stopWaiting();
    this.#connection = null;
    this.#transfers?.close();
    for (const transfer of this.#early.splice(0)) transfer.stop('gone');
  }

  #keep(text: string): void {
    this.#loader.load();
    const characters = this.#arrivedCharacters + text.length;
    if (this.#arrived.length >= EARLY_MESSAGES_MAX || characters > EARLY_CHARACTERS_MAX) {
      this.#dropped();
      return;
    }
    this.#arrivedCharacters = characters;
    this.#arrived.push(text);
  }

  #begin(transfers: PeerTransfers): void {
    this.#transfers = transfers;
    if (this.#connection !== null) transfers.attach(this.#connection);
    for (const [listener] of this.#listeners) this.#listeners.set(listener, transfers.onFile(listener));
    for (const early of this.#early.splice(0)) early.start((file, options) => transfers.sendFile(file, options));
    for (const text of this.#arrived.splice(0)) transfers.receive(text);
  }
}
