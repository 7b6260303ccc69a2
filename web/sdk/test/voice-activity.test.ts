import { expect, test } from 'vitest';
import { VoiceActivity } from '../src/media/voice-activity.ts';

test('speech lasts while there is sound, and through the gaps between words', () => {
  const voice = new VoiceActivity();
  let [energy, seconds] = [0, 0];
  const update = (level: number, now: number): boolean => {
    energy += level ** 2 * 0.1;
    seconds += 0.1;
    return voice.update({ energy, seconds }, now);
  };
  expect(update(1, 900)).toBe(false); // nothing to compare with
  expect(update(0.019, 1000)).toBe(false);
  expect(update(0.021, 1100)).toBe(true);
  expect(update(0, 1599)).toBe(true);
  expect(update(0, 1600)).toBe(false);
});

test("totals that start over, as on a new connection, don't count as sound", () => {
  const voice = new VoiceActivity();
  voice.update({ energy: 10, seconds: 10 }, 1000);
  expect(voice.update({ energy: 1, seconds: 1 }, 1100)).toBe(false);
  expect(voice.update(null, 1200)).toBe(false);
  expect(voice.update({ energy: 20, seconds: 20 }, 1300)).toBe(false);
});
