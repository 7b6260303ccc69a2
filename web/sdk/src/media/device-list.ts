import { Source } from '../value.ts';
import type { Device, DeviceKind, DeviceList, DeviceOption } from './device.ts';

const KINDS = { microphones: 'audioinput', cameras: 'videoinput', speakers: 'audiooutput' } as const;
const NAMES = ['microphones', 'cameras', 'speakers'] as const;

/** Chromium's names for what the system uses; the device itself is listed too. */
const ALIASES: ReadonlySet<string> = new Set(['default', 'communications']);

const NONE: DeviceList = { microphones: [], cameras: [], speakers: [] };

/** The devices that can be chosen, as the browser lists them. */
export class DeviceEnumeration {
  readonly devices = new Source<DeviceList>(NONE);
  readonly #changed: (added: DeviceList) => void;
  readonly #ended: AbortSignal;
  /** The kinds that were listed by name: without permission, the list only says whether there are devices. */
  #known: ReadonlySet<string> = new Set();
  /** One update after the other: two at once would both find the same devices new. */
  #updated = Promise.resolve();
  /** All that were listed so far, by kind and id. */
  readonly #seen = new Map<string, DeviceOption>();

  /** Calls `changed` after the browser has reported a change, with what was plugged in, until `ended` aborts. */
  constructor(changed: (added: DeviceList) => void, ended: AbortSignal) {
    this.#changed = changed;
    this.#ended = ended;
    const follow = (): void => {
      this.#updated = this.#updated.then(() => this.#update());
    };
    navigator.mediaDevices?.addEventListener('devicechange', follow, { signal: ended });
  }

  /** Reads the list again. Never rejects. */
  async refresh(): Promise<DeviceList> {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const { aborted } = this.#ended;
    if (aborted) return this.devices.current;
    const list = listOf((name) => options(all, KINDS[name]));
    this.#known = new Set(NAMES.filter((name) => all.every((one) => one.kind !== KINDS[name] || one.deviceId !== '')));
    for (const name of NAMES) for (const option of list[name]) this.#seen.set(name + option.id, option);
    this.devices.set(list);
    return list;
  }

  /** The device behind Chromium's "default", whose name ends in that of the device. Others are returned as they are. */
  resolve(kind: DeviceKind, { id, label }: Device): { readonly id: string | null; readonly label: string } {
    const name = label ?? '';
    const same = ([key, option]: readonly [string, DeviceOption]): boolean =>
      key.startsWith(kind) && !ALIASES.has(option.id) && option.label !== '' && name.endsWith(option.label);
    const found = id !== null && ALIASES.has(id) ? [...this.#seen].find(same)?.[1] : undefined;
    return found ?? { id, label: name };
  }

  async #update(): Promise<void> {
    const [before, known] = [this.devices.current, this.#known];
    const now = await this.refresh();
    if (this.#ended.aborted) return;
    const isNew = (name: keyof DeviceList, { id }: DeviceOption): boolean =>
      known.has(name) && !ALIASES.has(id) && before[name].every((old) => old.id !== id);
    this.#changed(listOf((name) => now[name].filter((option) => isNew(name, option))));
  }
}

function options(all: readonly MediaDeviceInfo[], kind: MediaDeviceKind): DeviceOption[] {
  return all
    .filter((device) => device.kind === kind && device.deviceId !== '')
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

function listOf(of: (name: keyof DeviceList) => readonly DeviceOption[]): DeviceList {
  return { microphones: of('microphones'), cameras: of('cameras'), speakers: of('speakers') };
}
