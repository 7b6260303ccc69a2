import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Media, Memory, Platform } from '../platform/platform';
import { Subscriptions } from './subscriptions';

export type Kind = 'microphone' | 'camera';

/** What the person chose last time. */
interface Wish {
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly microphoneId?: string;
  readonly cameraId?: string;
}

/** Anything louder than this counts as speech, */
const speech = 0.12;
/** and so do pauses of up to this many seconds. */
const pause = 0.6;

/** Your camera and microphone, with your choices remembered. */
export class LocalDevices {
  readonly stream: ReadonlySignal<MediaStream>;
  readonly microphone: ReadonlySignal<sdk.Device>;
  readonly camera: ReadonlySignal<sdk.Device>;
  readonly available: ReadonlySignal<sdk.DeviceList>;
  readonly level: ReadonlySignal<number>;
  readonly speaking: ReadonlySignal<boolean>;
  /** You speak, and nobody hears it. */
  readonly speakingMuted: ReadonlySignal<boolean>;
  readonly media: ReadonlySignal<Pick<sdk.PeerMedia, Kind | 'cameraFailed'>>;
  /** Your own picture is shown as in a mirror, but for a phone's back camera. */
  readonly mirrored: ReadonlySignal<boolean>;
  /** See {@link Platform.userAgent}. */
  readonly userAgent: string;
  readonly #usable = signal<ReadonlySet<string>>(new Set(['microphone', 'camera']));
  readonly #media: Media;
  readonly #memory: Memory;
  readonly #loud = signal(false);
  readonly #subscriptions = new Subscriptions();
  #endPause: (() => void) | null = null;
  #wish: Wish;
  #started = false;

  constructor(platform: Platform) {
    this.#memory = platform.memory;
    this.userAgent = platform.userAgent;
    this.#wish = readWish(platform.memory.get(wishKey));
    this.#media = platform.sdk.media();
    this.stream = this.#subscriptions.signal(this.#media.stream);
    this.microphone = this.#subscriptions.signal(this.#media.microphone);
    this.camera = this.#subscriptions.signal(this.#media.camera);
    this.available = this.#subscriptions.signal(this.#media.devices);
    this.level = this.#subscriptions.signal(this.#media.level);
    this.speaking = computed(() => this.microphone.value.state === 'on' && this.#loud.value);
    this.speakingMuted = computed(() => {
      const { state, id, problem } = this.microphone.value;
      return state === 'off' && id !== null && problem === null && this.#loud.value;
    });
    this.#subscriptions.on(this.#media.level, (level) => this.#listen(level, platform.after));
    this.mirrored = computed(() => this.camera.value.facing !== 'environment');
    this.media = computed(() => ({
      microphone: shown(this.microphone.value, 'muted'),
      camera: shown(this.camera.value, 'off'),
      cameraFailed: this.camera.value.state === 'failed',
    }));
  }

  /** Starts what was on last time (at first both), as far as we may use it. Asks the browser only once. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    const wished = (kind: Kind) => this.#wish[kind] && this.mayUse(kind);
    await this.#media.start({ ...this.#wish, microphone: wished('microphone'), camera: wished('camera') });
  }

  /** Whether we have permission to use this device in the room. */
  mayUse(kind: Kind): boolean {
    return this.#usable.value.has(kind);
  }

  /** From now on only devices with these permissions may be used. */
  allow(permissions: sdk.Permissions): void {
    this.#usable.value = permissions;
    for (const kind of ['microphone', 'camera'] as const) if (!permissions.has(kind)) void this.#media.release(kind);
  }

  /** Asks the browser again for devices that failed. */
  async retry(): Promise<void> {
    const { microphone, camera } = this;
    await Promise.all([
      microphone.value.state === 'failed' ? this.turn('microphone', true) : null,
      camera.value.state === 'failed' ? this.turn('camera', true) : null,
    ]);
  }

  /** On, or starting. */
  isOn(kind: Kind): boolean {
    const { state } = this[kind].value;
    return state !== 'off' && state !== 'failed';
  }

  toggle(kind: Kind): Promise<void> {
    return this.turn(kind, !this.isOn(kind));
  }

  async turn(kind: Kind, on: boolean): Promise<void> {
    if (!this.mayUse(kind)) return;
    this.#remember({ [kind]: on });
    await (kind === 'microphone' ? this.#media.setMicrophone(on) : this.#media.setCamera(on));
  }

  choose(kind: Kind, id: string): Promise<void> {
    this.#remember({ [`${kind}Id`]: id });
    return this.#media.choose(kind, id);
  }

  /** Switches between the front and the back camera of a phone. */
  async flip(): Promise<void> {
    if (!this.mayUse('camera')) return;
    await this.#media.flipCamera();
    const { id } = this.camera.peek();
    if (id !== null) this.#remember({ camera: true, cameraId: id });
  }

  /** Calls the listener when devices change without a choice of the person. */
  onChange(listener: (change: sdk.DeviceChange) => void): () => void {
    return this.#media.onChange(listener);
  }

  /** From now on, a device that was missing at the start is only offered when it's plugged in: we are in a call. */
  enterCall(): void {
    this.#media.setStartsFound(false);
  }

  /** Resolves with whether the processing works. */
  process(processing: sdk.AudioProcessing): Promise<boolean> {
    return this.#media.setAudioProcessing(processing);
  }

  end(): void {
    this.#subscriptions.end();
    this.#media.stop();
  }

  #listen(level: number, after: Platform['after']): void {
    if (level > speech) {
      this.#endPause?.();
      this.#endPause = null;
      this.#loud.value = true;
    } else if (this.#loud.peek() && this.#endPause === null) {
      this.#endPause = after(pause, () => {
        this.#endPause = null;
        this.#loud.value = false;
      });
    }
  }

  #remember(news: Partial<Wish>): void {
    this.#wish = { ...this.#wish, ...news };
    this.#memory.set(wishKey, JSON.stringify(this.#wish));
  }
}

function shown<Off extends string>(device: sdk.Device, off: Off): 'on' | 'none' | Off {
  if (device.state === 'on') return device.problem === 'interrupted' ? off : 'on';
  return device.state === 'failed' ? 'none' : off;
}

/** Whether asking the browser again may help. */
export function mayHelp(problem: sdk.Device['problem']): boolean {
  return problem !== 'insecure' && problem !== 'interrupted';
}

const wishKey = 'eyeline:equipment';

function readWish(kept: string | null): Wish {
  const found = parse(kept);
  const { microphone, camera, microphoneId, cameraId } = found;
  return {
    microphone: microphone !== false,
    camera: camera !== false,
    ...(typeof microphoneId === 'string' ? { microphoneId } : {}),
    ...(typeof cameraId === 'string' ? { cameraId } : {}),
  };
}

function parse(kept: string | null): { readonly [key in keyof Wish]?: unknown } {
  try {
    const found: unknown = JSON.parse(kept ?? '{}');
    return typeof found === 'object' && found !== null ? found : {};
  } catch {
    return {};
  }
}
