import type { Source, Value } from '../value.ts';
import type { StoredChunks } from './chunks.ts';
import { CHUNK_BYTES, type FileOffer } from './offer.ts';
import type { TransferState } from './sender.ts';
import type { FileEntry } from './tree.ts';

export interface FileProgress {
  readonly state: TransferState;
  /** Bytes that the receiver has stored. */
  readonly bytes: number;
  /** Why it stopped: `declined`, `cancelled`, `gone`, `wrong-hash` and the like; empty unless it did. */
  readonly code: string;
  /** Who paused it; `here` if both did. */
  readonly paused: 'no' | 'here' | 'there';
}

export interface SendFileOptions {
  /** Of an offer that an earlier page made: what they have in part goes on from there. */
  readonly id?: string;
  /** A small picture of the file, to be shown with the question: base64 of a JPEG, 16 Ki characters at most. */
  readonly preview?: string;
  /** Of a folder, as `folderOf` gives it: what the bytes of the file are. */
  readonly entries?: readonly FileEntry[];
  /**
   * A UUID, the same in the offers of this file to several people: they pass it on to each other, and it leaves us about
   * once. Who knows it can have the file from them, so it must not be guessed.
   */
  readonly share?: string;
}

/** A file on its way from us or to us. */
export interface FileTransfer {
  readonly offer: FileOffer;
  readonly progress: Value<FileProgress>;
  pause(): void;
  resume(): void;
  cancel(): void;
}

/** Reads so many bytes of what was stored. It may reject, or give fewer, where they can't be read yet. */
export type ReadBack = (start: number, bytes: number) => Promise<Uint8Array<ArrayBuffer>>;

/** A file that somebody offers; nothing is sent before it is accepted. */
export interface IncomingFile extends FileTransfer {
  /**
   * Streams the file to `to`, closed when the file is whole and aborted, with the code as reason, if it can't be. What
   * was `kept` is not sent again, if it is the start of this file; else the transfer stops with `changed`. With
   * `readBack` others who get the same file can have all of it from us, else only what came lately.
   */
  accept(
    to: WritableStream<Uint8Array<ArrayBuffer>>,
    kept?: StoredChunks | undefined,
    readBack?: ReadBack | undefined,
  ): void;
  decline(): void;
}

export const ASKED: FileProgress = { state: 'asked', bytes: 0, code: '', paused: 'no' };

/** What of a transfer is shown. */
interface TransferMachine {
  readonly state: TransferState;
  readonly code: string;
  readonly have: number;
  readonly pausedHere: boolean;
  readonly pausedThere: boolean;
}

export function show(
  { state, code, have, pausedHere, pausedThere }: TransferMachine,
  size: number,
  to: Source<FileProgress>,
): void {
  const bytes = Math.min(size, have * CHUNK_BYTES);
  const paused = pausedHere ? 'here' : pausedThere ? 'there' : 'no';
  const { current } = to;
  if (current.bytes === bytes && current.state === state && current.paused === paused) return;
  to.set({ state, bytes, code, paused });
}

export function isOpen(state: TransferState): boolean {
  return state === 'asked' || state === 'running';
}
