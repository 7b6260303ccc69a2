import type { AudioOutput } from './audio-output';
import type { Speakers } from './platform';
import { testTone } from './test-tone';

/** Only some browsers have their own picker, in which the person allows the page to use a speaker. */
interface WithPicker {
  readonly selectAudioOutput?: () => Promise<MediaDeviceInfo>;
}

/**
 * Plays all sound of the page by one speaker: that of its media elements, now and later, and what it plays to `output`.
 * null if it can't be chosen.
 */
export function speakers(output: AudioOutput): Speakers | null {
  const devices: (MediaDevices & WithPicker) | undefined = navigator.mediaDevices;
  if (devices === undefined || !('setSinkId' in HTMLMediaElement.prototype)) return null;
  const follow = () => {
    for (const element of document.querySelectorAll<HTMLMediaElement>('audio, video')) {
      if (element.sinkId !== output.speaker) element.setSinkId(output.speaker).catch(() => undefined); // it was unplugged just now
    }
  };
  const observer = new MutationObserver(follow);
  return {
    use(id) {
      if (id === output.speaker) return;
      output.speaker = id;
      observer.disconnect();
      if (id !== '') observer.observe(document.body, { childList: true, subtree: true });
      follow();
    },
    pick:
      devices.selectAudioOutput === undefined
        ? null
        : async () => {
            const picked = await devices.selectAudioOutput?.();
            return picked === undefined ? null : { id: picked.deviceId, label: picked.label };
          },
    test: () => testTone(output.speaker),
  };
}
