/** A browser with cameras and microphones that the test plugs in and out, and permissions that it grants and revokes. */

import { vi } from 'vitest';
import type { DeviceKind } from '../src/media/device.ts';

export class Track {
  enabled = true;
  readyState = 'live';
  muted = false;
  readonly kind: string;
  readonly label: string;
  readonly settings: MediaTrackSettings;
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  readonly clones: Track[] = [];
  /** Constraints that were applied. */
  readonly applied: MediaTrackConstraints[] = [];
  capabilities: MediaTrackCapabilities = {};

  constructor(kind: string, label = kind, settings: MediaTrackSettings = { deviceId: kind }) {
    this.kind = kind;
    this.label = label;
    this.settings = settings;
  }

  getSettings(): MediaTrackSettings {
    return this.settings;
  }

  getConstraints(): MediaTrackConstraints {
    return { deviceId: 'kept' };
  }

  getCapabilities(): MediaTrackCapabilities {
    return this.capabilities;
  }

  async applyConstraints(constraints: MediaTrackConstraints): Promise<void> {
    this.applied.push(constraints);
  }

  clone(): Track {
    const clone = new Track(this.kind, this.label, this.settings);
    this.clones.push(clone);
    return clone;
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** The browser ends it. */
  ends(): void {
    this.readyState = 'ended';
    this.onended?.();
  }
}

export class Stream {
  readonly #tracks: readonly Track[];

  constructor(tracks: readonly Track[] = []) {
    if (!tracks.every((track) => track instanceof Track)) throw new TypeError('a stream has tracks only');
    this.#tracks = tracks;
  }

  getTracks(): readonly Track[] {
    return this.#tracks;
  }

  getAudioTracks(): readonly Track[] {
    return this.#tracks.filter(({ kind }) => kind === 'audio');
  }
}

export interface Hardware {
  readonly kind: MediaDeviceKind;
  readonly deviceId: string;
  readonly label: string;
  readonly facingMode?: string;
}

class Permission extends EventTarget {
  state: PermissionState = 'granted';
}

type Constraints = MediaTrackConstraints & { readonly deviceId?: { readonly exact: string } };

export class DevicesWorld {
  readonly permissions = { microphone: new Permission(), camera: new Permission() };
  /** Tracks that the browser has made. */
  readonly made: Track[] = [];
  /** What was asked of it. */
  readonly asked: { readonly audio: Constraints | false; readonly video: Constraints | false }[] = [];
  /** Whether another program has all devices. */
  taken = false;
  hardware: Hardware[];
  readonly #events = new EventTarget();

  constructor(...hardware: readonly Hardware[]) {
    this.hardware = [...hardware];
    vi.stubGlobal('MediaStream', Stream);
    vi.stubGlobal('document', new EventTarget());
    vi.stubGlobal('navigator', {
      userAgent: 'Chromium',
      permissions: { query: async ({ name }: { name: DeviceKind }) => this.permissions[name] },
      mediaDevices: Object.assign(this.#events, {
        enumerateDevices: async () =>
          this.hardware.map((one) => (this.#names(one) ? one : { ...one, deviceId: '', label: '' })),
        getUserMedia: async (asked: { audio: Constraints | false; video: Constraints | false }) => {
          this.asked.push(asked);
          const tracks = [this.#give('audioinput', asked.audio), this.#give('videoinput', asked.video)];
          const made = tracks.filter((track) => track !== null);
          this.made.push(...made);
          return new Stream(made);
        },
      }),
    });
  }

  /** The tracks that are on. */
  get live(): readonly Track[] {
    return this.made.flatMap((track) => [track, ...track.clones]).filter(({ readyState }) => readyState === 'live');
  }

  plug(hardware: Hardware): Promise<void> {
    this.hardware.push(hardware);
    return this.#changed();
  }

  /** Its tracks end, before or after the list changes. */
  async unplug(deviceId: string): Promise<void> {
    this.hardware = this.hardware.filter((one) => one.deviceId !== deviceId);
    for (const track of this.made) {
      if (track.settings.deviceId === deviceId && track.readyState === 'live') track.ends();
    }
    await this.#changed();
  }

  async permit(kind: DeviceKind, state: PermissionState): Promise<void> {
    this.permissions[kind].state = state;
    this.permissions[kind].dispatchEvent(new Event('change'));
    const lost = this.made.filter((track) => track.kind === (kind === 'camera' ? 'video' : 'audio'));
    if (state !== 'granted') for (const track of lost) if (track.readyState === 'live') track.ends();
    await settled();
  }

  async #changed(): Promise<void> {
    this.#events.dispatchEvent(new Event('devicechange'));
    await settled();
  }

  #names({ kind }: Hardware): boolean {
    if (kind === 'audiooutput') return true;
    return this.permissions[kind === 'audioinput' ? 'microphone' : 'camera'].state === 'granted';
  }

  #give(kind: MediaDeviceKind, constraints: Constraints | false): Track | null {
    if (constraints === false) return null;
    if (this.permissions[kind === 'audioinput' ? 'microphone' : 'camera'].state === 'denied')
      throw new DOMException('', 'NotAllowedError');
    const all = this.hardware.filter((one) => one.kind === kind);
    const id = constraints.deviceId?.exact;
    const { facingMode } = constraints;
    const ideal = typeof facingMode === 'object' && 'ideal' in facingMode ? facingMode.ideal : undefined;
    const found =
      id === undefined
        ? (all.find((one) => ideal !== undefined && one.facingMode === ideal) ?? all[0])
        : all.find((one) => one.deviceId === id);
    if (found === undefined) throw new DOMException('', 'NotFoundError');
    if (this.taken) throw new DOMException('', 'NotReadableError');
    const { deviceId, label, facingMode: facing } = found;
    const settings = { deviceId, ...(facing === undefined ? {} : { facingMode: facing }) };
    return new Track(kind === 'audioinput' ? 'audio' : 'video', label, settings);
  }
}

export const builtIn: Hardware = { kind: 'audioinput', deviceId: 'built-in', label: 'Built-in Microphone' };
export const headset: Hardware = { kind: 'audioinput', deviceId: 'headset', label: 'Jabra Evolve' };
export const earpiece: Hardware = { kind: 'audiooutput', deviceId: 'earpiece', label: 'Jabra Evolve' };
export const webcam: Hardware = { kind: 'videoinput', deviceId: 'webcam', label: 'Webcam' };

/** Lets pending promises settle. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
}
