import type { DeviceOption, ProcessedTrack, TurnAnswer } from '@eyeline/sdk';
import { signal } from '@preact/signals';

import { ownedRoomName } from '../../sdk/src/signalling/signal-encryption';
import type {
  Alerts,
  CallActions,
  FileHandles,
  FileStorage,
  FullScreen,
  MediaSessionControls,
  Memory,
  Operator,
  PictureInPictureWindows,
  Platform,
  RoomForFile,
  Sound,
  Speakers,
  StoredFileHandle,
} from '../src/platform/platform';
import { FakeLobby, FakeMedia, type FakeRoom, type MakeStream } from './fakes';

/** A fake platform in which nothing happens by itself: tests move its clock and set what the SDK answers. */
export class World implements Platform {
  readonly url = 'https://eyeline.example/call/';
  readonly memory = memory();
  readonly session = memory();
  readonly page = 'this page';
  /** Other pages of this browser that are open. */
  readonly openPages = new Set<string>();
  readonly lobbies: FakeLobby[] = [];
  /** The options of each. */
  readonly visits: {
    readonly room: string;
    readonly secret: string | null;
    readonly pass: string | null;
    readonly owner: string | null;
  }[] = [];
  readonly media: FakeMedia[] = [];
  readonly copied: string[] = [];
  readonly address;
  secure = true;
  operator: Operator | null = null;
  webrtc = true;
  /** Addresses that replaced another. */
  readonly renamed: string[] = [];
  /** What `rejoin` returns. */
  seat: FakeRoom | null = null;
  clipboard = true;
  readonly #path = signal('');
  readonly #timers = new Set<{ at: number; run: () => void }>();
  #seconds = 0;

  /** What Back closes, the topmost last. */
  layers: (() => void)[] = [];

  /** Presses Back. */
  back(): void {
    this.layers.pop()?.();
  }

  constructor(path = '') {
    this.#path.value = path;
    this.address = {
      path: this.#path,
      rename: (to: string) => {
        this.renamed.push(to);
      },
      go: (to: string) => {
        this.#path.value = to;
      },
      layer: (close: () => void) => {
        this.layers.push(close);
        return () => {
          this.layers = this.layers.filter((each) => each !== close);
        };
      },
    };
  }

  /** What the STUN server answers, and relays by their URL; others are silent. */
  stun: { found: 'answer'; address: string | null } | { found: 'silent' } = {
    found: 'answer',
    address: '203.0.113.7',
  };
  readonly relays = new Map<string, TurnAnswer>();
  /** Whether lobbies are welcomed from the start. */
  welcomed = true;
  /** What lobbies answer to a join, if not yes. */
  answer: FakeLobby['answer'] | null = null;
  /** Whether the server serves its page. */
  pages = true;

  readonly answers = async (): Promise<boolean> => this.pages;

  readonly sdk: Platform['sdk'] = {
    probeStun: async () => this.stun,
    probeTurn: async ({ urls: [url = ''] }) => this.relays.get(url) ?? { found: 'silent' },
    openLobby: ({ room, secret = null, pass = null, owner = null }) => {
      this.visits.push({ room, secret, pass, owner });
      const lobby = new FakeLobby(room);
      if (this.answer !== null) lobby.answer = this.answer;
      if (!this.welcomed) lobby.members.set(null);
      this.lobbies.push(lobby);
      return lobby;
    },
    rejoin: async () => this.seat,
    ownedRoomName: ownedRoomName,
    media: () => {
      const media = new FakeMedia((name) => this.stream(name));
      this.media.push(media);
      return media;
    },
  };

  /** Makes the streams of camera and microphone. Render tests need ones that a video element takes. */
  stream: MakeStream = (name) => ({ name }) as unknown as MediaStream;

  /** What is stored, by key; and what was saved from it. */
  readonly stored = new Map<string, Blob>();
  readonly saved: string[] = [];
  /** Whether there is space, and where; what has to be removed for it; and what space was asked for. */
  room = true;
  where: RoomForFile['where'] = 'disk';
  removable: string[] = [];
  readonly asked: number[] = [];
  readonly removed: string[] = [];
  prepared = false;
  awake = false;

  readonly storage: { -readonly [Part in keyof FileStorage]: FileStorage[Part] } = {
    prepare: async () => {
      this.prepared = true;
    },
    find: async (id) => this.stored.get(id) ?? Promise.reject(new Error('nothing')),
    makeRoom: async (bytes) => {
      this.asked.push(bytes);
      return { where: this.where, fits: this.room, removed: this.removable.splice(0) };
    },
    store: async () => new WritableStream(),
    read: async (id, start, bytes) =>
      new Uint8Array(await new Blob([this.stored.get(id) ?? '']).slice(start, start + bytes).arrayBuffer()),
    pick: async () => null,
    save: async (id) => void this.saved.push(id),
    saveZip: async (id) => void this.saved.push(`${id}.zip`),
    pickFolder: null,
    copy: async (id, to) => new Blob([id]).stream().pipeTo(to),
    remove: async (id) => void this.removed.push(id),
    claimPage: async (id) => !this.openPages.has(id),
  };

  /** The permission to read a kept file again, and what the person answers. */
  permission: 'granted' | 'prompt' = 'granted';
  allows = true;
  readonly shelved = new Map<string, File>();

  readonly fileHandles: FileHandles = {
    choose: null,
    take: (item) => item.getAsFile(),
    keep: async (id, file) => void this.shelved.set(id, file),
    forget: async (ids) => {
      for (const id of ids) this.shelved.delete(id);
    },
    find: async (id) => {
      const file = this.shelved.get(id);
      return file === undefined ? null : this.#held(file);
    },
  };

  #held(file: File): StoredFileHandle {
    return {
      granted: async () => this.permission === 'granted',
      ask: async () => {
        if (this.allows) this.permission = 'granted';
        return this.allows;
      },
      file: async () => file,
    };
  }

  readonly preview = async (): Promise<string> => '/9j/';

  /** How the browser answers a request to share a screen; null is a phone. */
  captureScreen: (() => Promise<MediaStream>) | null = () => Promise.reject(new Error('nothing to share'));

  /** null is an iPhone. */
  fullScreen: FullScreen | null = fullScreen();
  /** Which speaker is used, how often it was tested, and what the person picks in the browser's picker. */
  readonly speaker = { id: '', tests: 0, pick: null as (() => Promise<DeviceOption | null>) | null };
  choosesSpeakers = true;
  readonly speakers = async (): Promise<Speakers | null> => {
    if (!this.choosesSpeakers) return null;
    return {
      use: (id) => {
        this.speaker.id = id;
      },
      pick: this.speaker.pick,
      test: async () => {
        this.speaker.tests += 1;
      },
    };
  };

  readonly denoise = async (track: MediaStreamTrack): Promise<ProcessedTrack> => ({ track, stop: () => undefined });
  userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';

  /** null has none; a test that opens it says what it opens. */
  windows: PictureInPictureWindows | null = null;
  /** What the browser's own buttons do, and what they show. */
  actions: CallActions | null = null;
  shownOn = { microphone: false, camera: false };
  readonly pictureInPicture = async (): Promise<PictureInPictureWindows | null> => this.windows;
  readonly mediaSession = async (): Promise<MediaSessionControls> => ({
    handle: (actions) => {
      this.actions = actions;
    },
    show: (on) => {
      this.shownOn = on;
    },
  });

  readonly sounds: Sound[] = [];
  /** Whether the page's icon has a dot. */
  marked = false;
  readonly seen = signal(true);
  /** Whether the person allows notifications when asked, and those that are shown. */
  allowsNotifications = true;
  notified: { readonly title: string; readonly body: string; readonly open: () => void }[] = [];
  readonly texts: { readonly name: string; readonly text: string; readonly type?: string }[] = [];
  share: Platform['share'] = null;
  readonly alerts = async (): Promise<Alerts> => {
    let asked = false;
    return {
      play: (sound) => void this.sounds.push(sound),
      mark: (marked) => {
        this.marked = marked;
      },
      notifications: {
        allowed: () => asked && this.allowsNotifications,
        ask: async () => {
          asked = true;
          return this.allowsNotifications;
        },
        show: ({ title, body }, open) => void this.notified.push({ title, body, open }),
        clear: () => {
          this.notified = [];
        },
      },
    };
  };
  readonly saveText = (name: string, text: string, type?: string): void =>
    void this.texts.push({ name, text, ...(type !== undefined && { type }) });

  /** Whether the browser would ask before it closes the page. */
  warns = false;
  readonly warnOnLeave = (warn: boolean): void => {
    this.warns = warn;
  };

  readonly stayAwake = (awake: boolean): void => {
    this.awake = awake;
  };

  readonly copy = async (text: string): Promise<void> => {
    if (!this.clipboard) throw new Error('no clipboard');
    this.copied.push(text);
  };

  readonly identity = async (): Promise<CryptoKeyPair | null> => null;

  #drawn = 0;
  readonly random = (count: number): Uint8Array => {
    const drawn = this.#drawn++;
    return Uint8Array.from({ length: count }, (_, index) => index * 37 + drawn);
  };

  readonly now = (): number => this.#seconds * 1000;

  /** What runs in the next animation frame; null runs it at once. */
  frames: (() => void)[] | null = null;
  readonly frame = (run: () => void): (() => void) => {
    if (this.frames === null) run();
    else this.frames.push(run);
    return () => {
      this.frames = this.frames?.filter((each) => each !== run) ?? null;
    };
  };

  draw(): void {
    for (const run of this.frames?.splice(0) ?? []) run();
  }

  readonly after = (seconds: number, run: () => void): (() => void) => {
    const timer = { at: this.#seconds + seconds, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  pass(seconds: number): void {
    this.#seconds += seconds;
    for (const timer of [...this.#timers]) {
      if (timer.at <= this.#seconds && this.#timers.delete(timer)) timer.run();
    }
  }
}

function fullScreen(): FullScreen {
  const on = signal(false);
  const turn = async (to: boolean) => {
    on.value = to;
  };
  return { on, enter: () => turn(true), exit: () => turn(false) };
}

/** Lets pending promises settle. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export function memory(): Memory {
  const kept = new Map<string, string>();
  return {
    get: (key) => kept.get(key) ?? null,
    set: (key, value) => void kept.set(key, value),
    forget: (key) => void kept.delete(key),
  };
}
