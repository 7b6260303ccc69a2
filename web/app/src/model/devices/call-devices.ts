import type { DeviceChange } from '@eyeline/sdk';
import { computed, type ReadonlySignal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import type { Kind, LocalDevices } from '../local-devices';
import type { Notices } from '../notices';
import type { Other } from '../person';
import { DeviceNotices } from './device-notices';
import { NoiseSuppression } from './noise-suppression';
import { Speaker } from './speaker';

/**
 * All about the devices of a call that isn't needed for its first picture: choosing them, and saying what happens and,
 * in `early`, what has happened in the call before.
 */
export class CallDevices {
  readonly local: LocalDevices;
  readonly speaker: Speaker;
  readonly noise: NoiseSuppression;
  /** Whether this is a phone with a front and a back camera. */
  readonly canFlip: ReadonlySignal<boolean>;
  readonly #notices: DeviceNotices;

  constructor(
    platform: Platform,
    local: LocalDevices,
    call: {
      readonly notices: Notices;
      readonly others: ReadonlySignal<readonly Other[]>;
      readonly openMenu: (kind: Kind) => void;
    },
    early: readonly DeviceChange[] = [],
  ) {
    this.local = local;
    this.speaker = new Speaker(platform, local);
    this.noise = new NoiseSuppression(platform, local);
    this.canFlip = computed(() => local.camera.value.facing !== null && local.available.value.cameras.length > 1);
    const { notices, others } = call;
    const open = (kind: Kind) => call.openMenu(kind);
    this.#notices = new DeviceNotices({
      platform,
      devices: local,
      speaker: this.speaker,
      notices,
      others,
      open,
      early,
    });
  }

  end(): void {
    this.#notices.end();
    this.speaker.end();
  }
}
