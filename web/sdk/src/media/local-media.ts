import { report, Source, type Value } from '../value.ts';
import { AudioLevel } from './audio-level.ts';

/** A camera or microphone that can be chosen. */
export interface DeviceOption {
  /** `deviceId`, for `LocalMedia.choose`. */
  readonly id: string;
  /** Its name; empty before the user has granted access. */
  readonly label: string;
}

/** State of the camera or the microphone. */
export interface Device {
  /** `off` is also a muted microphone. `failed`: see `problem`. */
  readonly state: 'off' | 'starting' | 'on' | 'failed';
  /**
   * Why it failed: access was `denied`, the device is `missing` or `busy` with another program, or the page is
   * `insecure` (neither HTTPS nor localhost). `interrupted` is one that is on, and that the system keeps from sending:
   * a phone call, a mute key, a camera shutter. null if all is well.
   */
  readonly problem: 'denied' | 'missing' | 'busy' | 'insecure' | 'unknown' | 'interrupted' | null;
  /** `deviceId` of the device in use; null if none. */
  readonly id: string | null;
  /** Name of the device in use; null if none. */
  readonly label: string | null;
}

/** Which of the two. */
export type DeviceKind = 'microphone' | 'camera';

/** What to start. */
export interface MediaRequest {
  /** Default true. */
  readonly microphone?: boolean;
  /** Default true. */
  readonly camera?: boolean;
  /** `deviceId` of the microphone; default: the last one chosen, else the browser's. */
  readonly microphoneId?: string;
  /** `deviceId` of the camera; default: the last one chosen, else the browser's. */
  readonly cameraId?: string;
}

/** Milliseconds without media that may come from a busy machine, and don't count as an interruption. */
const INTERRUPTED_AFTER_MS = 1000;

const OFF: Device = { state: 'off', problem: null, id: null, label: null };

/** This browser's camera and microphone. Calls run one after the other, and the latest for a device wins. */
export class LocalMedia {
  /** The live tracks, for `Room.publish`; a new object whenever they change, also when one is muted. */
  readonly stream = new Source<MediaStream>(new MediaStream());
  /** State of the microphone. */
  readonly microphone = new Source<Device>(OFF);
  /** State of the camera. */
  readonly camera = new Source<Device>(OFF);
  /** The devices that can be chosen; kept up to date when one is plugged in. */
  readonly devices = new Source<{
    /** Audio inputs. */
    readonly microphones: readonly DeviceOption[];
    /** Video inputs. */
    readonly cameras: readonly DeviceOption[];
  }>({
    microphones: [],
    cameras: [],
  });
  /** Level of the microphone, 0 to 1, about 20 times a second while there is a subscriber. */
  readonly level: Value<number> = new AudioLevel(this.stream);
  readonly #ended = new AbortController();
  readonly #chosen: Record<DeviceKind, string | null> = { microphone: null, camera: null };
  readonly #wish: Record<DeviceKind, number> = { microphone: 0, camera: 0 };
  #muted = false;
  /** The call that runs, or the last one that waits for it. */
  #work: Promise<void> | null = null;

  constructor() {
    const change = (): void => void this.#list();
    navigator.mediaDevices?.addEventListener('devicechange', change, { signal: this.#ended.signal });
  }

  /** Starts both with one permission prompt. Never rejects: see `microphone` and `camera` for what failed. */
  async start(wish: MediaRequest = {}): Promise<void> {
    this.#chosen.microphone = wish.microphoneId ?? this.#chosen.microphone;
    this.#chosen.camera = wish.cameraId ?? this.#chosen.camera;
    const kinds = (['microphone', 'camera'] as const).filter((kind) => wish[kind] ?? true);
    await this.#run(() => this.#acquire(kinds), kinds);
    await this.#list();
  }

  /** Unmutes or mutes. A muted microphone stays open; turning it on starts it if it isn't. Never rejects. */
  async setMicrophone(on: boolean): Promise<void> {
    this.#muted = !on; // also holds for one that is being started
    const track = this.#track('microphone');
    if (track === undefined) {
      if (on) await this.#run(() => this.#acquire(['microphone']), ['microphone']);
      return;
    }
    track.enabled = on;
    this.#tell('microphone', track);
    this.#publish(this.stream.current.getTracks());
  }

  /** Starts or stops the camera; its light goes out when it is stopped. Never rejects. */
  async setCamera(on: boolean): Promise<void> {
    await this.#run(async () => {
      if (on && this.#track('camera') === undefined) await this.#acquire(['camera']);
      if (!on) this.#release('camera');
    }, ['camera']);
  }

  /** Stops one device until it is turned on again. Never rejects. */
  async release(kind: DeviceKind): Promise<void> {
    await this.#run(async () => this.#release(kind), [kind]);
  }

  /** Switches to another device of that kind, by its `deviceId`, and starts it. Never rejects. */
  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    this.#chosen[kind] = deviceId;
    await this.#run(async () => {
      this.#release(kind);
      await this.#acquire([kind]);
    }, [kind]);
  }

  /** Stops both devices for good. */
  stop(): void {
    this.#ended.abort();
    for (const track of this.stream.current.getTracks()) track.stop();
    this.#publish([]);
    this.microphone.set(OFF);
    this.camera.set(OFF);
  }

  /** Runs `work` after what already runs, unless a newer call for the same devices was made by then. */
  async #run(work: () => Promise<void>, kinds: readonly DeviceKind[]): Promise<void> {
    for (const kind of kinds) this.#wish[kind] += 1;
    const wishes = kinds.map((kind) => this.#wish[kind]);
    const stale = (): boolean => kinds.every((kind, index) => this.#wish[kind] !== wishes[index]);
    const run = async (): Promise<void> => (stale() || this.#ended.signal.aborted ? undefined : work());
    const mine = this.#work === null ? run() : this.#work.then(run, run);
    this.#work = mine;
    try {
      await mine;
    } finally {
      if (this.#work === mine) this.#work = null;
    }
  }

  async #acquire(kinds: readonly DeviceKind[]): Promise<void> {
    if (kinds.length === 0) return;
    for (const kind of kinds) this.#device(kind).set({ ...OFF, state: 'starting' });
    let stream: MediaStream;
    try {
      stream = await this.#ask(kinds);
    } catch (error) {
      await this.#acquireRest(kinds, error);
      return;
    }
    this.#keepOrStop(kinds, stream);
  }

  /** No device stays on that we don't know of: if the tracks can't be kept, they are stopped. */
  #keepOrStop(kinds: readonly DeviceKind[], stream: MediaStream): void {
    try {
      this.#keep(stream);
    } catch (error) {
      report(error);
      const tracks = stream.getTracks();
      for (const track of tracks) track.stop();
      for (const kind of kinds) this.#fail(kind, error);
      const kept = this.stream.current.getTracks();
      const others = kept.filter((track) => !tracks.includes(track));
      if (others.length < kept.length) this.#publish(others);
    }
  }

  /** Both together failed: tries each alone, so that one may work, and each gets its own reason. */
  async #acquireRest(kinds: readonly DeviceKind[], error: unknown): Promise<void> {
    const [kind] = kinds;
    if (kinds.length > 1 && navigator.mediaDevices !== undefined) {
      for (const each of kinds) {
        const refused = problemOf(error) === 'denied' && (await permission(each)) !== 'granted';
        if (refused) this.#fail(each, error);
        else await this.#acquire([each]);
      }
    } else if (kind !== undefined && this.#chosen[kind] !== null && problemOf(error) === 'missing') {
      this.#chosen[kind] = null; // the chosen one is gone: take any other
      await this.#acquire([kind]);
    } else {
      for (const each of kinds) this.#fail(each, error);
    }
  }

  async #ask(kinds: readonly DeviceKind[]): Promise<MediaStream> {
    if (navigator.mediaDevices === undefined) throw new DOMException('', 'InsecureContext');
    const exact = (kind: DeviceKind): MediaTrackConstraints => {
      const id = this.#chosen[kind];
      return id === null ? {} : { deviceId: { exact: id } };
    };
    return await navigator.mediaDevices.getUserMedia({
      audio: kinds.includes('microphone') ? exact('microphone') : false,
      video: kinds.includes('camera')
        ? { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, ...exact('camera') }
        : false,
    });
  }

  #keep(stream: MediaStream): void {
    const tracks = stream.getTracks();
    if (this.#ended.signal.aborted) {
      for (const track of tracks) track.stop();
      return;
    }
    for (const track of tracks) track.enabled = track.kind === 'video' || !this.#muted;
    const kinds = tracks.map((track) => track.kind);
    const others = this.stream.current.getTracks().filter((track) => !kinds.includes(track.kind));
    this.#publish([...others, ...tracks]);
    for (const track of tracks) {
      const kind: DeviceKind = track.kind === 'audio' ? 'microphone' : 'camera';
      track.onended = () => this.#lost(kind, track);
      this.#watch(kind, track);
      this.#tell(kind, track);
    }
  }

  /** The system mutes or unmutes the track. */
  #watch(kind: DeviceKind, track: MediaStreamTrack): void {
    let timer: ReturnType<typeof setTimeout>;
    const changed = (): void => {
      if (this.#track(kind) !== track) return;
      this.#tell(kind, track);
      this.#publish(this.stream.current.getTracks());
    };
    track.onmute = () => {
      timer = setTimeout(changed, INTERRUPTED_AFTER_MS);
    };
    track.onunmute = () => {
      clearTimeout(timer);
      changed(); // always: a peer who just joined was told that it is muted
    };
  }

  #tell(kind: DeviceKind, track: MediaStreamTrack): void {
    const id = track.getSettings().deviceId ?? null;
    const state = track.enabled ? 'on' : 'off';
    this.#device(kind).set({ state, problem: track.muted ? 'interrupted' : null, id, label: track.label });
  }

  /** The device was unplugged, or access was revoked. */
  #lost(kind: DeviceKind, track: MediaStreamTrack): void {
    if (this.#track(kind) !== track) return;
    this.#device(kind).set({ ...OFF, state: 'failed', problem: 'missing' });
    this.#publish(this.stream.current.getTracks().filter((other) => other !== track));
  }

  #release(kind: DeviceKind): void {
    const track = this.#track(kind);
    track?.stop();
    this.#device(kind).set({ ...this.#device(kind).current, state: 'off', problem: null });
    if (track !== undefined) this.#publish(this.stream.current.getTracks().filter((other) => other !== track));
  }

  #fail(kind: DeviceKind, error: unknown): void {
    this.#device(kind).set({ ...OFF, state: 'failed', problem: problemOf(error) });
  }

  #publish(tracks: readonly MediaStreamTrack[]): void {
    this.stream.set(new MediaStream([...tracks]));
  }

  #device(kind: DeviceKind): Source<Device> {
    return kind === 'microphone' ? this.microphone : this.camera;
  }

  #track(kind: DeviceKind): MediaStreamTrack | undefined {
    const wanted = kind === 'microphone' ? 'audio' : 'video';
    return this.stream.current.getTracks().find((track) => track.kind === wanted);
  }

  async #list(): Promise<void> {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const choices = (kind: MediaDeviceKind): DeviceOption[] =>
      all
        .filter((device) => device.kind === kind && device.deviceId !== '')
        .map((device) => ({ id: device.deviceId, label: device.label }));
    if (!this.#ended.signal.aborted) {
      this.devices.set({ microphones: choices('audioinput'), cameras: choices('videoinput') });
    }
  }
}

function problemOf(error: unknown): NonNullable<Device['problem']> {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    case 'InsecureContext':
      return 'insecure';
    default:
      return error instanceof Error && error.name === 'OverconstrainedError' ? 'missing' : 'unknown';
  }
}

async function permission(kind: DeviceKind): Promise<PermissionState | 'unknown'> {
  try {
    return (await navigator.permissions.query({ name: kind as PermissionName })).state;
  } catch {
    return 'unknown';
  }
}
