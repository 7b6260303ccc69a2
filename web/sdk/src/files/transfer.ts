import type { Value } from '../value.ts';
import type { StoredChunks } from './chunks.ts';
import type { FileOffer } from './offer.ts';
import type { TransferState } from './sender.ts';
import type { FileEntry } from './tree.ts';

/** Progress of a transfer. */
export interface FileProgress {
  /** `asked`: not accepted yet. */
  readonly state: TransferState;
  /** Bytes that the receiver has stored. */
  readonly bytes: number;
  /**
   * Why it stopped: `declined`, `cancelled`, `gone` (they left), `disk` (writing failed), `unreadable` or `changed`
   * (the file is), `stalled` (30 s without data on a working connection), `no-room` (the receiver has no space),
   * `not-permitted`, `too-many`, `wrong-hash`, `wrong-size` and other errors of a client. Empty unless `stopped`.
   */
  readonly code: string;
  /** Whether we (`here`) or they (`there`) have paused it; `here` if both. */
  readonly paused: 'no' | 'here' | 'there';
}

/** How `Peer.sendFile` sends a file. */
export interface SendFileOptions {
  /** `FileOffer.id` of an earlier page's offer of this file: the transfer resumes where it was. */
  readonly id?: string;
  /** A small picture of the file, shown with the offer: a JPEG in base64, at most 16 Ki characters. */
  readonly preview?: string;
  /** For a folder: the `entries` that `folderOf` returns. */
  readonly entries?: readonly FileEntry[];
  /**
   * A random UUID, the same in the offers of this file to several peers: they pass chunks on to each other, and we
   * upload the file about once. It must not be guessable: anybody in the room who knows it can get the file.
   */
  readonly share?: string;
}

/** A file transfer, from us or to us. It resumes by itself after a reconnect. */
export interface FileTransfer {
  /** What is offered. */
  readonly offer: FileOffer;
  /** How far it is. */
  readonly progress: Value<FileProgress>;
  /** Pauses the transfer for both sides, until `resume`. */
  pause(): void;
  /** Ends our pause. */
  resume(): void;
  /** Stops the transfer for good, with code `cancelled`. */
  cancel(): void;
}

/**
 * Reads bytes of the received file back from where it is stored. May reject, or return fewer, if they aren't there yet.
 */
export type ReadBack = (start: number, bytes: number) => Promise<Uint8Array<ArrayBuffer>>;

/** A file that a peer offers; nothing is sent before it is accepted. */
export interface IncomingFile extends FileTransfer {
  /**
   * Accepts the offer and writes the file to `to`, which is closed when the file is complete and verified, or aborted
   * with the code as reason. `kept`, see `resumable`, is not sent again if it is the start of this file; otherwise the
   * transfer stops with code `changed`. With `readBack` we can pass on any chunk to other receivers, else only the
   * latest ones.
   */
  accept(
    to: WritableStream<Uint8Array<ArrayBuffer>>,
    kept?: StoredChunks | undefined,
    readBack?: ReadBack | undefined,
  ): void;
  /** Declines the offer; with `no-room` because there is no space for the file. */
  decline(code?: 'declined' | 'no-room'): void;
}

export const ASKED: FileProgress = { state: 'asked', bytes: 0, code: '', paused: 'no' };

/** What a peer is offered. */
export function offerOf(file: File, { id = crypto.randomUUID(), preview = '', ...more }: SendFileOptions): FileOffer {
  return { id, name: file.name, size: file.size, preview, ...more };
}
