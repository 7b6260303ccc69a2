import type * as sdk from '@eyeline/sdk';
import type { ReadonlySignal } from '@preact/signals';

/** The public part of the SDK's `LocalMedia`. */
export type Media = Pick<sdk.LocalMedia, keyof sdk.LocalMedia>;

/** The part of the SDK that the app uses. */
export interface Sdk {
  openLobby: typeof sdk.openLobby;
  rejoin: typeof sdk.rejoin;
  probeStun: typeof sdk.probeStun;
  probeTurn: typeof sdk.probeTurn;
  ownedRoomName: typeof sdk.ownedRoomName;
  media(): Media;
}

/** The address bar: the path below the server's base URL, with the fragment: "", "r/tea", "r/tea#key". */
export interface Address {
  readonly path: ReadonlySignal<string>;
  go(path: string): void;
  /** Changes the address without opening another page. */
  rename(path: string): void;
  /**
   * Something lies over the page, such as a panel: Back closes it, the topmost first, in place of leaving the page.
   * Returns what to call when it was closed in another way.
   */
  layer(close: () => void): () => void;
}

/** Text kept between visits (localStorage) or reloads (sessionStorage). Does nothing if the browser blocks storage. */
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

/** Whether there is space for a file. */
export interface RoomForFile {
  /** In memory if the browser blocks its storage: then a reload loses it. */
  readonly where: 'disk' | 'memory';
  readonly fits: boolean;
  /** Keys of files that had to be removed. */
  readonly removed: readonly string[];
}

/** Storage for received files, each by its key. */
export interface FileStorage {
  /** Loads the code, so that it's there when the server isn't. */
  prepare(): Promise<void>;
  /** What an earlier page stored of a transfer; rejects if there is nothing. */
  find(key: string): Promise<Blob>;
  /** Looks for space for this many bytes. If needed, removes what was handed to the browser before, oldest first. */
  makeRoom(bytes: number): Promise<RoomForFile>;
  /** Writes into that storage, after the `kept` bytes that `find` returned, or from the start. */
  store(key: string, kept: number): Promise<WritableStream<Uint8Array<ArrayBuffer>>>;
  /** Reads stored bytes, which must lie within one part. Returns fewer, or rejects, if they can't be read yet. */
  read(key: string, start: number, bytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** A file that the person picks; null if the browser has no file picker for saving. */
  pick(name: string): Promise<WritableStream<Uint8Array<ArrayBuffer>> | null>;
  /**
   * Hands the stored file of that size to the browser as a download. Whether the browser saves it can't be known.
   * Rejects if it isn't all there.
   */
  save(key: string, name: string, bytes: number): Promise<void>;
  /** As `save`, for a stored folder, in a ZIP archive. */
  saveZip(key: string, name: string, entries: readonly sdk.FileEntry[]): Promise<void>;
  /** Lets the person choose where a folder goes; rejects if they cancel. null if the browser has no folder picker. */
  readonly pickFolder: (() => Promise<ChosenFolder>) | null;
  /** Writes what is stored into a stream. */
  copy(key: string, to: WritableStream<Uint8Array<ArrayBuffer>>): Promise<void>;
  /** Claims the id of a page until this page closes; false if that page is still open. */
  claimPage(id: string): Promise<boolean>;
  /** Deletes what is stored, as soon as the browser has read a download of it. */
  remove(key: string): Promise<void>;
}

/** Handle of a file that an earlier page could read. */
export interface StoredFileHandle {
  /** Whether this page may read it without asking the person. */
  granted(): Promise<boolean>;
  /** Asks the person for permission. Call it while a click runs. */
  ask(): Promise<boolean>;
  /** Rejects if the file can't be read or is gone. */
  file(): Promise<File>;
}

/**
 * File handles, with which a later page can read files again without another file picker. Only some browsers have them.
 */
export interface FileHandles {
  /**
   * Lets the person choose files whose handles can be kept; rejects if they cancel. null if the browser has no handles.
   */
  readonly choose: (() => Promise<readonly File[]>) | null;
  /** The dropped or pasted item, if it's a file. Call it while the event runs. */
  take(item: DataTransferItem): File | null;
  /** Keeps the file's handle for that transfer, if it has one, for a day at most. */
  keep(id: string, file: File): Promise<void>;
  find(id: string): Promise<StoredFileHandle | null>;
  forget(ids: readonly string[]): Promise<void>;
}

/** The whole page without the browser around it. */
export interface FullScreen {
  readonly on: ReadonlySignal<boolean>;
  /** Call it while a click or a key press runs. Rejects if the browser refuses. */
  enter(): Promise<void>;
  exit(): Promise<void>;
}

/** Who runs this server: at least one of these is set. The links start with `https:`, `http:` or `mailto:`. */
export interface Operator {
  readonly name: string | null;
  readonly imprint: string | null;
  readonly contact: string | null;
}

/**
 * Picture-in-picture: a small window above other programs. It shows what we draw into `body`, with the styles of the page,
 * or only the video that plays a stream. Call `open` while a click or a key press runs; it rejects if the browser refuses.
 * `closed` runs when the window is closed, by whomever.
 */
export type PictureInPictureWindows =
  | {
      readonly shows: 'page';
      open(
        size: { readonly width: number; readonly height: number },
        closed: () => void,
      ): Promise<{ readonly body: HTMLElement; close(): void }>;
    }
  | { readonly shows: 'video'; open(stream: MediaStream, closed: () => void): Promise<{ close(): void }> };

/** What the browser's own buttons for calls do. */
export interface CallActions {
  toggleMicrophone(): void;
  toggleCamera(): void;
  hangUp(): void;
  /** The person went to another tab: picture-in-picture may be opened now without a click. */
  enterPictureInPicture(): void;
}

/** Media Session API: the browser's own buttons for calls, as far as it has any. */
export interface MediaSessionControls {
  /** null removes them. */
  handle(actions: CallActions | null): void;
  /** What those buttons show. */
  show(on: { readonly microphone: boolean; readonly camera: boolean }): void;
}

/** What a sound announces. */
export type Sound = 'message' | 'arrival' | 'knock' | 'ring' | 'ringback';

/** What reaches somebody who isn't looking at the page. */
export interface Alerts {
  /** Plays a short, quiet sound. */
  play(sound: Sound): void;
  /** Draws a dot on the page's icon, or removes it. */
  mark(marked: boolean): void;
  /** null if the browser has none for pages, as on phones and without HTTPS. */
  readonly notifications: Notifications | null;
}

/** The browser's notifications. */
export interface Notifications {
  /** Whether the person allows them. */
  allowed(): boolean;
  /** Asks the person, and returns whether they allow them. Call it while a click runs. */
  ask(): Promise<boolean>;
  /** Shows one, in place of the one before of the same kind. `open` runs after a click on it, which shows the page. */
  show(notification: { readonly kind: string; readonly title: string; readonly body: string }, open: () => void): void;
  /** Removes all of them. */
  clear(): void;
}

/** By which speaker the page plays. */
export interface Speakers {
  /** Plays everything by the speaker with that `deviceId`; empty for the system's own. */
  use(id: string): void;
  /**
   * Opens the browser's own picker; call it while a click runs. Rejects if the person cancels. null if there is none:
   * then all speakers are listed.
   */
  readonly pick: (() => Promise<sdk.DeviceOption | null>) | null;
  /** Plays a few notes. Rejects if it can't. */
  test(): Promise<void>;
}

/** Everything the model needs from the browser and the SDK. Tests pass their own. */
export interface Platform {
  readonly sdk: Sdk;
  /** Base URL of the server; ends in "/". */
  readonly url: string;
  /**
   * Secure context: the page came over HTTPS or from this machine. Otherwise browsers block cameras and cryptography.
   */
  readonly secure: boolean;
  /** null if the operator has set nothing. */
  readonly operator: Operator | null;
  /** Whether the browser has WebRTC, and it's on. */
  readonly webrtc: boolean;
  readonly address: Address;
  readonly memory: Memory;
  readonly session: Memory;
  /** The id of this page, a random one. */
  readonly page: string;
  /** Whether the server still serves its page. */
  readonly answers: () => Promise<boolean>;
  readonly storage: FileStorage;
  readonly fileHandles: FileHandles;
  /** A small preview of an image file for the offer; empty if the browser can't make one. */
  readonly preview: (file: File) => Promise<string>;
  /**
   * Asks the person for a screen to share. Call it while a click or a key press runs. Rejects if they cancel or the
   * browser refuses. null if the browser can't capture screens, as on phones.
   */
  readonly captureScreen: (() => Promise<MediaStream>) | null;
  /** null if the browser can't show a page full screen. */
  readonly fullScreen: FullScreen | null;
  /** Resolves with null if the browser has no picture-in-picture. Rejects if the server is away. */
  readonly pictureInPicture: () => Promise<PictureInPictureWindows | null>;
  /** Rejects if the server is away. */
  readonly mediaSession: () => Promise<MediaSessionControls>;
  /** Loads what reaches somebody who isn't looking at the page. Rejects while the server is away. */
  readonly alerts: () => Promise<Alerts>;
  /** Loads what chooses the speaker. Resolves with null if the browser can't choose. */
  readonly speakers: () => Promise<Speakers | null>;
  /** Removes noise from a microphone's track, with RNNoise. Rejects if the browser can't. */
  readonly denoise: (microphone: MediaStreamTrack) => Promise<sdk.ProcessedTrack>;
  /** `navigator.userAgent`: only for words about the browser's own controls. */
  readonly userAgent: string;
  /** Whether the page is visible. */
  readonly seen: ReadonlySignal<boolean>;
  /** Saves a text as a download; `type` is its media type, plain text by default. */
  readonly saveText: (name: string, text: string, type?: string) => void;
  /** Opens the share sheet of the system. Call it while a click runs; rejects if it's closed. null if there is none. */
  readonly share: ((what: { title: string; text: string; url: string }) => Promise<void>) | null;
  /** Wake lock: keeps the screen on, and the page running with it. */
  readonly stayAwake: (awake: boolean) => void;
  /** While true, the browser asks before it closes or reloads the page. */
  readonly warnOnLeave: (warn: boolean) => void;
  /** Copies to the clipboard; rejects if the browser doesn't allow it. */
  readonly copy: (text: string) => Promise<void>;
  /** This browser's long-term key; null if it can't store one. */
  readonly identity: () => Promise<CryptoKeyPair | null>;
  readonly random: (count: number) => Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /**
   * Runs once before the next picture of the page is drawn, or within a quarter of a second while none is, unless the
   * returned function is called first.
   */
  readonly frame: (run: () => void) => () => void;
  /** Runs once after that many seconds, unless the returned function is called first. */
  readonly after: (seconds: number, run: () => void) => () => void;
}
