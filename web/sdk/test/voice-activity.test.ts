import { expect, test } from 'vitest';
import { VoiceActivity } from '../src/media/voice-activity.ts';

test('speech lasts while there is sound, and through the gaps between words', () => {
  const voice = new VoiceActivity();
  expect(voice.update(0.02, 1000)).toBe(false);
  expect(voice.update(0.021, 1100)).toBe(true);
  expect(voice.update(0, 1599)).toBe(true);
  expect(voice.update(0, 1600)).toBe(false);
});
