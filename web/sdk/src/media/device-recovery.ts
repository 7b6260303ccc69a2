import type { Device, DeviceKind, DeviceList } from './device.ts';
import { type DevicePermission, permissionOf } from './device-permission.ts';

/** How often within {@link WITHIN_MS} a device that ends is replaced. A broken one may end at once, again and again. */
const RECOVERIES = 3;
const WITHIN_MS = 10_000;

/** Options of that kind in a list of devices. */
export function optionsOf(kind: DeviceKind, list: DeviceList): DeviceList['microphones'] {
  return kind === 'microphone' ? list.microphones : list.cameras;
}

/** Why a device ended that nobody turned off: unplugged, access revoked, or taken by another program. */
export function lossOf(
  kind: DeviceKind,
  id: string | null,
  list: DeviceList,
  permission: DevicePermission,
): 'denied' | 'missing' | 'busy' {
  const options = optionsOf(kind, list);
  const listed = options.some((option) => option.id === id);
  // Firefox and "reset permission" in Chromium: the browser would ask again. Then it lists the device, or none by name.
  if (permission === 'denied' || (permission === 'prompt' && (listed || options.length === 0))) return 'denied';
  return listed ? 'busy' : 'missing';
}

/** Whether the browser gives a device without asking the user. */
export async function isAllowed(kind: DeviceKind): Promise<boolean> {
  const permission = await permissionOf(kind);
  return permission === 'granted' || permission === 'unknown';
}

/** One device that was lost or never found, and what it would take to have it back. */
export class DeviceRecovery {
  /** The device to go back to as soon as it's listed; null if the one in use is the right one. */
  wanted: { readonly id: string; readonly label: string } | null = null;
  /** Whether the device went away while it was in use, and wasn't turned off or started since. */
  lostInUse = false;
  readonly #at: number[] = [];

  /** Whether it may be replaced once more; counts it. */
  mayReplace(nowMs: number): boolean {
    const recent = this.#at.filter((at) => nowMs - at < WITHIN_MS);
    this.#at.splice(0, this.#at.length, ...recent, nowMs);
    return recent.length < RECOVERIES;
  }

  /**
   * Whether devices that are listed now are a reason to start it: the wanted one, or any if there was none. One that
   * failed for another reason is only replaced by what was just plugged in: it could come on much later by surprise.
   * One that has not been in use only comes on if `startsFound`.
   */
  isBack(kind: DeviceKind, device: Device, list: DeviceList, added: DeviceList, startsFound: boolean): boolean {
    if (device.state !== 'failed')
      return this.wanted !== null && optionsOf(kind, list).some(({ id }) => id === this.wanted?.id);
    if (device.problem === 'denied' || device.problem === 'insecure') return false;
    if (!startsFound && !this.lostInUse) return false;
    return optionsOf(kind, device.problem === 'missing' ? list : added).length > 0;
  }
}
