import { Source, type Value } from '../value.ts';
import { AudioLevel } from './audio-level.ts';

/** A device that can be chosen. */
export interface DeviceOption {
  readonly id: string;
  readonly label: string;
}

/** The camera, or the microphone. */
export interface Device {
  readonly state: 'off' | 'starting' | 'on' | 'failed';
  /**
   * Why it failed: the person or the browser refused, there is none, another program has it, the page is neither https
   * nor localhost. Or why one that is on gives nothing: `interrupted` by the system, as for a telephone call, by a key or
   * by a shutter.
   */
  readonly problem: 'denied' | 'missing' | 'busy' | 'insecure' | 'unknown' | 'interrupted' | null;
  readonly id: string | null;
  readonly label: string | null;
}

type DeviceKind = 'microphone' | 'camera';

export interface MediaRequest {
  readonly microphone?: boolean;
  readonly camera?: boolean;
  readonly microphoneId?: string;
  readonly cameraId?: string;
}

/** Milliseconds without sound or pictures that are nothing but a busy machine's. */
const INTERRUPTED_AFTER_MS = 1000;

const OFF: Device = { state: 'off', problem: null, id: null, label: null };

/** Camera and microphone of this browser. Changes run one after the other, and the latest wish wins. */
export class LocalMedia {
  /** The tracks that are on; a new object whenever they change. */
  readonly stream = new Source<MediaStream>(new MediaStream());
  readonly microphone = new Source<Device>(OFF);
  readonly camera = new Source<Device>(OFF);
  readonly devices = new Source<{
    readonly microphones: readonly DeviceOption[];
    readonly cameras: readonly DeviceOption[];
  }>({
    microphones: [],
    cameras: [],
  });
  /** How loud the microphone is, 0 to 1, about 20 times a second while somebody subscribes. */
  readonly level: Value<number> = new AudioLevel(this.stream);
  readonly #ended = new AbortController();
  readonly #chosen: Record<DeviceKind, string | null> = { microphone: null, camera: null };
  readonly #wish: Record<DeviceKind, number> = { microphone: 0, camera: 0 };
  #muted = false;
  /** The change that runs, or the last of those that wait for it. */
  #work: Promise<void> | null = null;

  constructor() {
    const change = (): void => void this.#list();
    navigator.mediaDevices?.addEventListener('devicechange', change, { signal: this.#ended.signal });
  }

  /** Asks for both at once, so that the person is asked once. Never rejects: what failed is said by the devices. */
  async start(wish: MediaRequest = {}): Promise<void> {
    this.#chosen.microphone = wish.microphoneId ?? this.#chosen.microphone;
    this.#chosen.camera = wish.cameraId ?? this.#chosen.camera;
    const kinds = (['microphone', 'camera'] as const).filter((kind) => wish[kind] ?? true);
    await this.#run(() => this.#acquire(kinds), kinds);
    await this.#list();
  }

  /** Muting keeps the microphone open; one that is not there is asked for. */
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

  /** Off stops the camera, and its light goes out. */
  async setCamera(on: boolean): Promise<void> {
    await this.#run(async () => {
      if (on && this.#track('camera') === undefined) await this.#acquire(['camera']);
      if (!on) this.#release('camera');
    }, ['camera']);
  }

  /** Lets go of one, or of what is being started of it, until it is turned on again. */
  async release(kind: DeviceKind): Promise<void> {
    await this.#run(async () => this.#release(kind), [kind]);
  }

  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    this.#chosen[kind] = deviceId;
    await this.#run(async () => {
      this.#release(kind);
      await this.#acquire([kind]);
    }, [kind]);
  }

  /** Lets go of both devices, for good. */
  stop(): void {
    this.#ended.abort();
    for (const track of this.stream.current.getTracks()) track.stop();
    this.#publish([]);
    this.microphone.set(OFF);
    this.camera.set(OFF);
  }

  /** Runs `work` at once, or after what runs already unless a newer wish for the same devices has come by then. */
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
    try {
      this.#keep(await this.#ask(kinds));
    } catch (error) {
      await this.#acquireRest(kinds, error);
    }
  }

  /** Both together failed: one of them may still be had, and each gets the reason that is its own. */
  async #acquireRest(kinds: readonly DeviceKind[], error: unknown): Promise<void> {
    const [kind] = kinds;
    if (kinds.length > 1 && navigator.mediaDevices !== undefined) {
      for (const each of kinds) {
        const refused = problemOf(error) === 'denied' && (await permission(each)) !== 'granted';
        if (refused) this.#fail(each, error);
        else await this.#acquire([each]);
      }
    } else if (kind !== undefined && this.#chosen[kind] !== null && problemOf(error) === 'missing') {
      this.#chosen[kind] = null; // the one that was chosen is gone: any other will do
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

  /** The system takes the sound or the picture away, or gives it back. */
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
      changed(); // also after a moment: somebody who came just then was told that there is nothing
    };
  }

  #tell(kind: DeviceKind, track: MediaStreamTrack): void {
    const id = track.getSettings().deviceId ?? null;
    const state = track.enabled ? 'on' : 'off';
    this.#device(kind).set({ state, problem: track.muted ? 'interrupted' : null, id, label: track.label });
  }

  /** The device was unplugged, or taken away. */
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
