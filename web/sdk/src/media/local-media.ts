import { report, Source, type Value } from '../value.ts';
import { AudioLevel } from './audio-level.ts';
import { CallQueue } from './call-queue.ts';
import { type Capture, openCaptures, problemOf } from './capture.ts';
import {
  type AudioProcessing,
  type Device,
  type DeviceChange,
  type DeviceKind,
  type DeviceList,
  OFF,
} from './device.ts';
import { DeviceEnumeration } from './device-list.ts';
import { permissionOf, watchPermission } from './device-permission.ts';
import { DeviceRecovery, isAllowed, lossOf, optionsOf } from './device-recovery.ts';

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

const KINDS = ['microphone', 'camera'] as const;

/** Which device to start: the one that the user chose, or any while that is missing. */
type Choice = 'chosen' | 'any';

/** What we know of one device beside its {@link Device}. */
class Slot {
  readonly device = new Source<Device>(OFF);
  readonly recovery = new DeviceRecovery();
  capture: Capture | null = null;
  /** `deviceId` that the user chose. */
  chosen: string | null = null;
  facing: Device['facing'] = null;
}

/**
 * This browser's camera and microphone. Calls run one after the other, and the latest for a device wins.
 *
 * A device that goes away while it's in use (unplugged, access revoked) is replaced at once by another one, muted if it
 * was, and taken back when it's there again: see {@link onChange}.
 */
export class LocalMedia {
  /** The live tracks, for `Room.publish`; a new object whenever they change, also when one is muted. */
  readonly stream = new Source<MediaStream>(new MediaStream());
  /** State of the microphone. */
  readonly microphone: Value<Device>;
  /** State of the camera. */
  readonly camera: Value<Device>;
  /** The devices that can be chosen; kept up to date when one is plugged in. */
  readonly devices: Value<DeviceList>;
  /**
   * Level of the microphone, 0 to 1, about 20 times a second while there is a subscriber. A muted microphone has one
   * too, but for Firefox, which stops capturing then.
   */
  readonly level: Value<number>;
  readonly #ended = new AbortController();
  readonly #queue = new CallQueue(this.#ended.signal);
  readonly #slots: { readonly [kind in DeviceKind]: Slot } = { microphone: new Slot(), camera: new Slot() };
  readonly #enumeration: DeviceEnumeration;
  readonly #measured = new Source<MediaStream>(new MediaStream());
  readonly #listeners = new Set<(change: DeviceChange) => void>();
  #processing: AudioProcessing = {};
  #startsFound = true;
  #muted = false;

  constructor() {
    const { signal } = this.#ended;
    this.#enumeration = new DeviceEnumeration((added) => void this.#listed(added), signal);
    this.microphone = this.#slots.microphone.device;
    this.camera = this.#slots.camera.device;
    this.devices = this.#enumeration.devices;
    this.level = new AudioLevel(this.#measured);
    for (const kind of KINDS) void watchPermission(kind, () => void this.#allowed(kind), signal);
  }

  /** Calls `listener` when devices change without a call of ours. Returns a function that unsubscribes. */
  onChange(listener: (change: DeviceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts both with one permission prompt. Never rejects: see `microphone` and `camera` for what failed. */
  async start(wish: MediaRequest = {}): Promise<void> {
    const { microphone, camera } = this.#slots;
    microphone.chosen = wish.microphoneId ?? microphone.chosen;
    camera.chosen = wish.cameraId ?? camera.chosen;
    const kinds = KINDS.filter((kind) => wish[kind] ?? true);
    await this.#queue.run(kinds, () => this.#acquire(kinds));
    await this.#enumeration.refresh();
  }

  /** Unmutes or mutes. A muted microphone stays open; turning it on starts it if it isn't. Never rejects. */
  async setMicrophone(on: boolean): Promise<void> {
    this.#muted = !on; // also holds for one that is being started
    if (this.#unmuteOrMute() || !on) return;
    await this.#queue.run(['microphone'], async () => {
      if (!this.#unmuteOrMute()) await this.#acquire(['microphone']);
    });
  }

  /** Returns whether there is a microphone to mute. */
  #unmuteOrMute(): boolean {
    const { capture } = this.#slots.microphone;
    if (capture === null) return false;
    capture.enable(!this.#muted);
    this.#show(capture);
    this.#publish();
    return true;
  }

  /** Starts or stops the camera; its light goes out when it is stopped. Never rejects. */
  async setCamera(on: boolean): Promise<void> {
    await this.#queue.run(['camera'], async () => {
      if (on && this.#slots.camera.capture === null) await this.#acquire(['camera']);
      if (!on) this.#release('camera');
    });
  }

  /** Stops one device until it is turned on again. Never rejects. */
  async release(kind: DeviceKind): Promise<void> {
    await this.#queue.run([kind], async () => this.#release(kind));
  }

  /** Switches to another device of that kind, by its `deviceId`. One that is off stays off. Never rejects. */
  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    Object.assign(this.#slots[kind], { chosen: deviceId, facing: null });
    await this.#restart(kind);
  }

  /** Switches between the front and the back camera of a phone. One that is off stays off. Never rejects. */
  async flipCamera(): Promise<void> {
    const { camera } = this.#slots;
    const facing = (camera.device.current.facing ?? camera.facing) === 'environment' ? 'user' : 'environment';
    Object.assign(camera, { chosen: null, facing });
    await this.#restart('camera');
  }

  /**
   * Changes how the microphone is processed, now and later; one that is in use starts again. Resolves with false if
   * {@link AudioProcessing.process} failed or took too long: then the microphone is sent as it is. Never rejects.
   */
  async setAudioProcessing(processing: AudioProcessing): Promise<boolean> {
    this.#processing = processing;
    const { capture } = this.#slots.microphone;
    if (capture !== null) await this.#restart('microphone');
    const now = this.#slots.microphone.capture;
    return processing.process === undefined || now === null || now.sent !== now.track;
  }

  /**
   * Whether a device that was missing when it was to start comes on by itself as soon as one is plugged in; true until
   * this is called. With false, {@link onChange} reports it as `added`: nobody is seen or heard by surprise in the middle
   * of a call. One that is lost while it's in use is always replaced and taken back.
   */
  setStartsFound(starts: boolean): void {
    this.#startsFound = starts;
  }

  /** Stops both devices for good. */
  stop(): void {
    this.#ended.abort();
    for (const kind of KINDS) this.#slots[kind].capture = null;
    this.#publish();
    for (const kind of KINDS) this.#slots[kind].device.set(OFF);
  }

  /** Goes on with what is chosen now. */
  async #restart(kind: DeviceKind): Promise<void> {
    const { device, capture, chosen, facing } = this.#slots[kind];
    if (capture === null && device.current.state === 'off') {
      const label = optionsOf(kind, this.devices.current).find(({ id }) => id === chosen)?.label ?? null;
      device.set({ ...OFF, id: chosen, label, facing });
      return;
    }
    await this.#queue.run([kind], async () => {
      this.#release(kind);
      await this.#acquire([kind]);
    });
  }

  async #acquire(kinds: readonly DeviceKind[], choice: Choice = 'chosen'): Promise<void> {
    if (kinds.length === 0) return;
    for (const kind of kinds) {
      const { capture, device } = this.#slots[kind];
      if (capture === null) device.set({ ...OFF, state: 'starting' });
    }
    let captures: Capture[];
    try {
      const asked = this.#open(kinds, choice);
      for (const kind of kinds) void this.#tellWhetherAsked(kind);
      captures = await asked;
    } catch (error) {
      await this.#acquireRest(kinds, choice, error);
      return;
    }
    const { process } = this.#processing;
    const microphone = captures.find(({ kind }) => kind === 'microphone');
    if (process !== undefined && microphone !== undefined) await microphone.process(process);
    this.#keepOrStop(kinds, captures);
  }

  #open(kinds: readonly DeviceKind[], choice: Choice): Promise<Capture[]> {
    const requests = kinds.map((kind) => {
      const { chosen, facing } = this.#slots[kind];
      return { kind, id: choice === 'chosen' ? chosen : null, facing };
    });
    return openCaptures(requests, this.#processing, this.#ended.signal);
  }

  async #tellWhetherAsked(kind: DeviceKind): Promise<void> {
    if ((await permissionOf(kind)) !== 'prompt') return;
    const { device } = this.#slots[kind];
    if (device.current.state === 'starting') device.set({ ...OFF, state: 'asking' });
  }

  /** No device stays on that we don't know of: if the tracks can't be kept, they are stopped. */
  #keepOrStop(kinds: readonly DeviceKind[], captures: readonly Capture[]): void {
    try {
      this.#keep(captures);
    } catch (error) {
      report(error);
      for (const capture of captures) {
        capture.stop();
        if (this.#slots[capture.kind].capture === capture) this.#slots[capture.kind].capture = null;
      }
      for (const kind of kinds) this.#fail(kind, error);
      this.#publish();
    }
  }

  /** Both together failed: tries each alone, so that one may work, and each gets its own reason. */
  async #acquireRest(kinds: readonly DeviceKind[], choice: Choice, error: unknown): Promise<void> {
    const [kind] = kinds;
    if (kinds.length > 1 && navigator.mediaDevices !== undefined) {
      for (const each of kinds) {
        const refused = problemOf(error) === 'denied' && (await permissionOf(each)) !== 'granted';
        if (refused) this.#fail(each, error);
        else await this.#acquire([each]);
      }
      return;
    }
    if (kind !== undefined && choice === 'chosen' && problemOf(error) === 'missing') {
      const { chosen, recovery } = this.#slots[kind];
      if (chosen !== null) {
        recovery.wanted = { id: chosen, label: '' };
        await this.#acquire([kind], 'any'); // until it's there
        return;
      }
    }
    for (const each of kinds) this.#fail(each, error);
  }

  #keep(captures: readonly Capture[]): void {
    if (this.#ended.signal.aborted) return;
    for (const capture of captures) {
      const slot = this.#slots[capture.kind];
      slot.capture?.stop();
      slot.capture = capture;
      slot.recovery.lostInUse = false;
      capture.enable(capture.kind === 'camera' || !this.#muted);
    }
    this.#publish();
    for (const capture of captures) {
      capture.track.onended = () => void this.#lost(capture);
      this.#watch(capture);
      this.#show(capture);
    }
  }

  /** The system mutes or unmutes the track. */
  #watch(capture: Capture): void {
    let timer: ReturnType<typeof setTimeout>;
    const changed = (): void => {
      if (this.#slots[capture.kind].capture !== capture) return;
      capture.enable(capture.enabled);
      this.#show(capture);
      this.#publish();
    };
    capture.track.onmute = () => {
      timer = setTimeout(changed, INTERRUPTED_AFTER_MS);
    };
    capture.track.onunmute = () => {
      clearTimeout(timer);
      changed(); // always: a peer who just joined was told that it is muted
    };
  }

  #show({ kind, track, enabled }: Capture): void {
    const { deviceId: id = null, facingMode } = track.getSettings();
    const facing = facingMode === 'user' || facingMode === 'environment' ? facingMode : null;
    const problem = track.muted ? 'interrupted' : null;
    this.#slots[kind].device.set({ state: enabled ? 'on' : 'off', problem, id, label: track.label, facing });
  }

  /** The device was unplugged, or access was revoked, or another program took it. */
  async #lost(capture: Capture): Promise<void> {
    const { kind } = capture;
    const slot = this.#slots[kind];
    if (slot.capture !== capture) return;
    capture.stop();
    slot.capture = null;
    const { id, label: from } = this.#enumeration.resolve(kind, slot.device.current);
    const gone: Device = { ...OFF, state: 'failed', problem: 'missing' };
    slot.device.set(gone);
    slot.recovery.lostInUse = true;
    this.#publish();
    if (id !== null) slot.recovery.wanted ??= { id, label: from };
    await this.#queue.append([kind], async () => {
      if (slot.device.current !== gone) return; // the user has turned it off
      const problem = lossOf(kind, id, await this.#enumeration.refresh(), await permissionOf(kind));
      if (problem === 'denied' || !slot.recovery.mayReplace(performance.now())) slot.device.set({ ...gone, problem });
      else await this.#acquire([kind], 'any');
      const to = slot.device.current;
      const now = this.#enumeration.resolve(kind, to);
      if (to.state === 'failed') this.#tell({ type: 'lost', kind, label: from, problem: to.problem });
      else if (now.id !== id) this.#tell({ type: 'replaced', kind, from, to: now.label });
      if (now.id === slot.recovery.wanted?.id) slot.recovery.wanted = null;
    });
  }

  /** The list of devices has changed. */
  async #listed(added: DeviceList): Promise<void> {
    let restored = false;
    for (const kind of KINDS) {
      const { recovery, device } = this.#slots[kind];
      const isBack = (): boolean =>
        recovery.isBack(kind, device.current, this.devices.current, added, this.#startsFound);
      if (isBack() && (await isAllowed(kind)) && (await this.#restore(kind, isBack))) restored = true;
    }
    const { microphones, cameras, speakers } = added;
    if (!restored && microphones.length + cameras.length + speakers.length > 0)
      this.#tell({ type: 'added', devices: added });
  }

  /** The user has granted access again: here, or in another tab, which must not turn this one's camera on. */
  async #allowed(kind: DeviceKind): Promise<void> {
    const { device } = this.#slots[kind];
    await this.#restore(kind, () => device.current.problem === 'denied' && !document.hidden);
    await this.#enumeration.refresh();
  }

  /** Goes back to the device that was lost, or to any if there was none, if `isDue` then. Returns whether it did. */
  async #restore(kind: DeviceKind, isDue: () => boolean): Promise<boolean> {
    const slot = this.#slots[kind];
    let done = false;
    await this.#queue.append([kind], async () => {
      if (!isDue()) return;
      const { chosen, recovery } = slot;
      const { wanted } = recovery;
      slot.chosen = wanted?.id ?? chosen;
      recovery.wanted = null;
      await this.#acquire([kind]);
      slot.chosen = chosen;
      const { state } = slot.device.current;
      done = state === 'on' || state === 'off';
      const { label } = this.#enumeration.resolve(kind, slot.device.current);
      if (done) this.#tell({ type: 'restored', kind, label });
    });
    return done;
  }

  #tell(change: DeviceChange): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        report(error);
      }
    }
  }

  #release(kind: DeviceKind): void {
    const slot = this.#slots[kind];
    const { capture } = slot;
    capture?.stop();
    slot.capture = null;
    Object.assign(slot.recovery, { wanted: null, lostInUse: false });
    slot.device.set({ ...slot.device.current, state: 'off', problem: null });
    if (capture !== null) this.#publish();
  }

  #fail(kind: DeviceKind, error: unknown): void {
    const { capture, device } = this.#slots[kind];
    if (capture === null) device.set({ ...OFF, state: 'failed', problem: problemOf(error) });
    else this.#show(capture); // the one before goes on
  }

  #publish(): void {
    const captures = KINDS.map((kind) => this.#slots[kind].capture).filter((capture) => capture !== null);
    this.stream.set(new MediaStream(captures.map(({ sent }) => sent)));
    const measured = this.#slots.microphone.capture?.measured ?? null;
    if (this.#measured.current.getTracks()[0] !== (measured ?? undefined))
      this.#measured.set(new MediaStream(measured === null ? [] : [measured]));
  }
}
