import type * as sdk from '@eyeline/sdk';
import type { ReadonlySignal } from '@preact/signals';

/** Camera and microphone, as the SDK's `LocalMedia` has them. */
export type Media = Pick<sdk.LocalMedia, keyof sdk.LocalMedia>;

/** The part of the SDK that the page stands on. */
export interface Sdk {
  visit: typeof sdk.visit;
  rejoin: typeof sdk.rejoin;
  probeStun: typeof sdk.probeStun;
  probeTurn: typeof sdk.probeTurn;
  keptIn: typeof sdk.keptIn;
  folderOf: typeof sdk.folderOf;
  ownedRoom: typeof sdk.ownedRoom;
  Conversation: typeof sdk.Conversation;
  media(): Media;
}

/** Where we are, below the server's base URL, with what follows a `#`: "", "r/tea", "r/tea#key". */
export interface Address {
  readonly path: ReadonlySignal<string>;
  go(path: string): void;
  /** Another address for what is here already. */
  rename(path: string): void;
}

/** A few words kept between visits (localStorage) or reloads (sessionStorage). Keeps nothing where the browser refuses. */
export interface Memory {
  get(key: string): string | null;
  set(key: string, value: string): void;
  forget(key: string): void;
}

/** A folder that the person chose. */
export interface ChosenFolder {
  /** Writes the bytes of these files, one after the other, into a new folder of that name. */
  write(name: string, entries: readonly sdk.FileEntry[]): Promise<WritableStream<Uint8Array<ArrayBuffer>>>;
}

/** Where files go that come. */
export interface FileStorage {
  /** Loads what the rest needs, so that it is there when the server is not. */
  prepare(): Promise<void>;
  /** What an earlier page has stored of a transfer; rejects if there is nothing. */
  find(id: string): Promise<Blob>;
  /** Whether the browser's own storage has room for so many bytes. */
  hasRoom(bytes: number): Promise<boolean>;
  /** Stores there, after the bytes that `find` gave or from the start. */
  store(id: string, kept: number): Promise<WritableStream<Uint8Array<ArrayBuffer>>>;
  /** Some of what is stored, which lies in one part; less, or a rejection, where it can't be read yet. */
  read(id: string, start: number, bytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** A file that the person picks; null where the browser can't ask for one. */
  pick(name: string): Promise<WritableStream<Uint8Array<ArrayBuffer>> | null>;
  /** Gives what is stored to where the browser saves files. */
  save(id: string, name: string): Promise<void>;
  /** The same for what is stored of a folder, as an archive. */
  saveZip(id: string, name: string, entries: readonly sdk.FileEntry[]): Promise<void>;
  /** Has the person choose where a folder goes; rejects if they don't. null where the browser can't ask. */
  readonly pickFolder: (() => Promise<ChosenFolder>) | null;
  /** Writes what is stored there. */
  copy(id: string, to: WritableStream<Uint8Array<ArrayBuffer>>): Promise<void>;
}

/** A file that an earlier page could read. */
export interface StoredFileHandle {
  /** Whether this page can read it too, without asking the person. */
  granted(): Promise<boolean>;
  /** Asks the person; to be called while a click runs. */
  ask(): Promise<boolean>;
  /** Rejects if it can't be read, or is gone. */
  file(): Promise<File>;
}

/** Files that a later page can read without their being chosen again, in browsers with handles of files. */
export interface FileHandles {
  /** Lets the person choose files that can be kept; rejects if none was chosen. null where there are no handles. */
  readonly choose: (() => Promise<readonly File[]>) | null;
  /** What is dropped or pasted, if it is a file; to be called while the event runs. */
  take(item: DataTransferItem): File | null;
  /** Keeps its handle for that transfer, if it came with one, for a day at most. */
  keep(id: string, file: File): Promise<void>;
  find(id: string): Promise<StoredFileHandle | null>;
  forget(ids: readonly string[]): Promise<void>;
}

/** Everything the model needs and does not own. Tests bring their own. */
export interface Platform {
  readonly sdk: Sdk;
  /** Base URL of the server; ends in "/". */
  readonly url: string;
  /** Whether the page came over HTTPS, or from this machine: else browsers keep cameras and ciphers from it. */
  readonly secure: boolean;
  readonly address: Address;
  readonly memory: Memory;
  readonly session: Memory;
  /** Whether the server still gives its page. */
  readonly answers: () => Promise<boolean>;
  readonly storage: FileStorage;
  readonly fileHandles: FileHandles;
  /** A small picture of the file, as the SDK wants it for an offer; empty if the browser can't make one. */
  readonly preview: (file: File) => Promise<string>;
  /**
   * Asks the person for a screen to share; to be called while a click or a key press runs. Rejects if they don't choose
   * one, or the browser refuses. null where there is no such way: on phones.
   */
  readonly captureScreen: (() => Promise<MediaStream>) | null;
  /** A short, quiet sound. */
  readonly chime: () => void;
  /** Whether the page can be seen. */
  readonly seen: () => boolean;
  /** Gives a text to where the browser saves files. */
  readonly saveText: (name: string, text: string) => void;
  /** Keeps the screen, and with it the page, from going to sleep. */
  readonly stayAwake: (awake: boolean) => void;
  /** Rejects where the browser has no clipboard for us. */
  readonly copy: (text: string) => Promise<void>;
  /** This browser's long-term key; null where it keeps none. */
  readonly identity: () => Promise<CryptoKeyPair | null>;
  readonly random: (count: number) => Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Runs once after that many seconds, unless the returned function is called before. */
  readonly after: (seconds: number, run: () => void) => () => void;
}
