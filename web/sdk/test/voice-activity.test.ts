import { expect, test } from 'vitest';
import { Voice } from '../src/media/voice-activity.ts';

test('somebody speaks while there is sound, and through the gaps between words', () => {
  const voice = new Voice();
  expect(voice.speaks(0.02, 1000)).toBe(false);
  expect(voice.speaks(0.021, 1100)).toBe(true);
  expect(voice.speaks(0, 1599)).toBe(true);
  expect(voice.speaks(0, 1600)).toBe(false);
});
