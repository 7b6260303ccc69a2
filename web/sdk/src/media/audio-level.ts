import { notify, type Value } from '../value.ts';

const EVERY_MS = 50;

/** Milliseconds until measuring starts: an AudioContext takes processor time that connecting needs more. */
const AFTER_MS = 1500;

/** The audio level of a stream's first audio track, 0 to 1; measured only while there is a subscriber. */
export class AudioLevel implements Value<number> {
  readonly #stream: Value<MediaStream>;
  readonly #listeners = new Set<(level: number) => void>();
  #current = 0;
  #stop: (() => void) | null = null;

  constructor(stream: Value<MediaStream>) {
    this.#stream = stream;
  }

  get current(): number {
    return this.#current;
  }

  subscribe(listener: (level: number) => void): () => void {
    this.#listeners.add(listener);
    notify(listener, this.#current);
    this.#stop ??= this.#startLater();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = null;
    };
  }

  #startLater(): () => void {
    let stop: (() => void) | null = null;
    const timer = setTimeout(() => {
      stop = this.#start();
    }, AFTER_MS);
    return () => {
      clearTimeout(timer);
      stop?.();
    };
  }

  #start(): () => void {
    let meter: Meter | null = null;
    const unfollow = this.#stream.subscribe((stream) => {
      meter?.end();
      meter = stream.getAudioTracks().length === 0 ? null : new Meter(stream);
    });
    const timer = setInterval(() => this.#tell(meter === null ? 0 : loudness(meter.power())), EVERY_MS);
    return () => {
      clearInterval(timer);
      unfollow();
      meter?.end();
      this.#current = 0;
    };
  }

  #tell(level: number): void {
    if (level === this.#current) return;
    this.#current = level;
    for (const listener of [...this.#listeners]) notify(listener, level);
  }
}

/** Measures a stream with an audio track. It takes processor time even while all is silent. */
class Meter {
  readonly #context = new AudioContext();
  readonly #analyser = new AnalyserNode(this.#context, { fftSize: 512 });
  readonly #samples = new Float32Array(this.#analyser.fftSize);

  constructor(stream: MediaStream) {
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  /** Mean square of the latest samples. */
  power(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
  }

  end(): void {
    void this.#context.close();
  }
}

/** Maps -60 dB to -10 dB onto 0 to 1. */
function loudness(power: number): number {
  const decibels = 10 * Math.log10(power + 1e-12);
  return Math.round(Math.min(1, Math.max(0, (decibels + 60) / 50)) * 100) / 100;
}
