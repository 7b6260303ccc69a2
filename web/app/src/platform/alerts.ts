import type { AudioOutput } from './audio-output';
import { chime } from './chime';
import { notifications } from './notifications';
import { pageIcon } from './page-icon';
import type { Alerts } from './platform';

/** The real {@link Alerts}. */
export function alerts(output: AudioOutput): Alerts {
  return { play: chime(output), mark: pageIcon(), notifications: notifications() };
}
