import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AudioLevel } from '../src/media/audio-level.ts';
import { Source } from '../src/value.ts';

/** Every sample has this value: the browser's audio is the test. */
let sample = 0;
let contexts: Context[] = [];

class Context {
  closed = false;
  source: unknown = null;

  constructor() {
    contexts.push(this);
  }

  createMediaStreamSource(stream: unknown): { connect(): void } {
    this.source = stream;
    return { connect: () => undefined };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

class Analyser {
  readonly fftSize = 4;

  getFloatTimeDomainData(samples: Float32Array): void {
    samples.fill(sample);
  }
}

class Sound {
  readonly #audio: readonly string[];

  constructor(audio: readonly string[]) {
    this.#audio = audio;
  }

  getAudioTracks(): readonly string[] {
    return this.#audio;
  }
}

const stream = (...audio: readonly string[]): MediaStream => new Sound(audio) as unknown as MediaStream;

/** The amplitude of a signal of that many decibels. */
const amplitude = (decibels: number): number => 10 ** (decibels / 20);

beforeEach(() => {
  vi.useFakeTimers();
  sample = 0;
  contexts = [];
  vi.stubGlobal('AudioContext', Context);
  vi.stubGlobal('AnalyserNode', Analyser);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The level that subscribers get for such a sound. */
function levelAt(decibels: number): number {
  const level = new AudioLevel(new Source(stream('microphone')));
  let told = Number.NaN;
  const stop = level.subscribe((value) => {
    told = value;
  });
  sample = amplitude(decibels);
  vi.advanceTimersByTime(1550);
  stop();
  return told;
}

test('the level is 0 up to -60 dB, 1 from -10 dB on, and grows evenly between', () => {
  expect([-100, -61, -60, -50, -35, -10, 0].map(levelAt)).toEqual([0, 0, 0, 0.2, 0.5, 1, 1]);
});

test('measuring starts 1.5 s after the first subscriber, and each level is reported once', () => {
  const level = new AudioLevel(new Source(stream('microphone')));
  const told: number[] = [];
  level.subscribe((value) => told.push(value));
  sample = amplitude(-35);
  vi.advanceTimersByTime(1499);
  expect(contexts).toEqual([]);
  vi.advanceTimersByTime(1 + 50);
  expect([told, level.current]).toEqual([[0, 0.5], 0.5]);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([0, 0.5]);
  sample = amplitude(0);
  vi.advanceTimersByTime(50);
  expect(told).toEqual([0, 0.5, 1]);
});

test('measuring goes on until the last subscriber is gone, and then uses no processor time', () => {
  const level = new AudioLevel(new Source(stream('microphone')));
  const told: number[] = [];
  const first = level.subscribe(() => undefined);
  const second = level.subscribe((value) => told.push(value));
  sample = amplitude(-35);
  vi.advanceTimersByTime(1550);
  first();
  sample = amplitude(0);
  vi.advanceTimersByTime(50);
  expect(told).toEqual([0, 0.5, 1]);
  expect(contexts.map(({ closed }) => closed)).toEqual([false]);
  second();
  expect(contexts.map(({ closed }) => closed)).toEqual([true]);
  expect([level.current, vi.getTimerCount()]).toEqual([0, 0]);
});

test('nothing is measured for a subscriber that unsubscribes within 1.5 s', () => {
  new AudioLevel(new Source(stream('microphone'))).subscribe(() => undefined)();
  vi.advanceTimersByTime(5000);
  expect(contexts).toEqual([]);
});

test('after everyone unsubscribed, the next subscriber gets the level', () => {
  const level = new AudioLevel(new Source(stream('microphone')));
  sample = amplitude(-35);
  level.subscribe(() => undefined)();
  const told: number[] = [];
  level.subscribe((value) => told.push(value));
  vi.advanceTimersByTime(1550);
  expect(told).toEqual([0, 0.5]);
});

test('when the stream changes, the new one is measured, and one without audio is silent', () => {
  const source = new Source(stream('microphone'));
  const level = new AudioLevel(source);
  level.subscribe(() => undefined);
  sample = amplitude(-35);
  vi.advanceTimersByTime(1550);
  const next = stream('another');
  source.set(next);
  expect(contexts.map(({ closed }) => closed)).toEqual([true, false]);
  expect(contexts[1]?.source).toBe(next);
  source.set(stream());
  expect(contexts.map(({ closed }) => closed)).toEqual([true, true]);
  vi.advanceTimersByTime(50);
  expect(level.current).toBe(0);
});
