/** Which of the two devices that are sent. */
export type DeviceKind = 'microphone' | 'camera';

/** State of the camera or the microphone. */
export interface Device {
  /**
   * `off` is also a muted microphone. `asking`: the browser asks the user for permission. `failed`: see `problem`.
   */
  readonly state: 'off' | 'asking' | 'starting' | 'on' | 'failed';
  /**
   * Why it failed: access was `denied`, the device is `missing` or `busy` with another program, or the page is
   * `insecure` (neither HTTPS nor localhost). `interrupted` is one that is on, and that the system keeps from sending:
   * a phone call, a mute key, a camera shutter. null if all is well.
   */
  readonly problem: 'denied' | 'missing' | 'busy' | 'insecure' | 'unknown' | 'interrupted' | null;
  /** `deviceId` of the device in use, or of the one that would be if it's off; null if none. */
  readonly id: string | null;
  /** Name of the device in use; null if none. */
  readonly label: string | null;
  /** Which way a phone's camera looks: `user` is the front camera. null if the browser doesn't say. */
  readonly facing: 'user' | 'environment' | null;
}

/** A camera, microphone or speaker that can be chosen. */
export interface DeviceOption {
  /** `deviceId`, for `LocalMedia.choose`, or for `setSinkId` of a media element. */
  readonly id: string;
  /** Its name; empty before the user has granted access. */
  readonly label: string;
}

/** All devices that the browser lists; without those that it doesn't name before the user has granted access. */
export interface DeviceList {
  /** Audio inputs. */
  readonly microphones: readonly DeviceOption[];
  /** Video inputs. */
  readonly cameras: readonly DeviceOption[];
  /** Audio outputs. Firefox lists those that the user has chosen in its own picker; Safari lists none. */
  readonly speakers: readonly DeviceOption[];
}

/** A change of the devices in use, or of those that there are, that the user did not make in the page. */
export type DeviceChange =
  | {
      /** The device in use is gone, and another one was taken in its place. */
      readonly type: 'replaced';
      /** Which one. */
      readonly kind: DeviceKind;
      /** Name of the device that is gone. */
      readonly from: string;
      /** Name of the device in use now. */
      readonly to: string;
    }
  | {
      /** The device in use is gone, and nothing has taken its place. */
      readonly type: 'lost';
      /** Which one. */
      readonly kind: DeviceKind;
      /** Name of the device that is gone. */
      readonly label: string;
      /** Why, as in {@link Device.problem}. */
      readonly problem: Device['problem'];
    }
  | {
      /** A device that was lost, or one instead of it, is in use: it was plugged in again, or access was granted. */
      readonly type: 'restored';
      /** Which one. */
      readonly kind: DeviceKind;
      /** Name of the device in use now. */
      readonly label: string;
    }
  | {
      /** Devices were plugged in that are not in use. */
      readonly type: 'added';
      /** These. */
      readonly devices: DeviceList;
    };

/** How the microphone is processed before it's sent. */
export interface AudioProcessing {
  /** The browser's own noise suppression and automatic gain. Without them music keeps its sound. Default true. */
  readonly noiseSuppression?: boolean;
  /**
   * Makes another track of the microphone's, which is sent instead. If it rejects, or takes
   * more than 5 seconds, the microphone's own is sent.
   */
  readonly process?: (microphone: MediaStreamTrack) => Promise<ProcessedTrack>;
}

/** What {@link AudioProcessing.process} makes. */
export interface ProcessedTrack {
  /** The track that is sent. */
  readonly track: MediaStreamTrack;
  /** Called once, when the track is no longer needed. */
  stop(): void;
}

/** A device that is off. */
export const OFF: Device = { state: 'off', problem: null, id: null, label: null, facing: null };
