import { type AudioOutput, outputOf } from './audio-output';
import type { Sound } from './platform';

interface Tune {
  /** Hertz of each note. */
  readonly notes: readonly number[];
  /** Seconds from one note to the next, and that a note takes to fade. */
  readonly apart: number;
  readonly lasts: number;
  /** At its loudest; 1 is the most. */
  readonly gain: number;
}

const tunes: { readonly [S in Sound]: Tune } = {
  message: { notes: [660, 880], apart: 0.09, lasts: 0.25, gain: 0.08 },
  arrival: { notes: [523, 659, 784], apart: 0.13, lasts: 0.4, gain: 0.1 },
  knock: { notes: [262, 262, 330], apart: 0.17, lasts: 0.16, gain: 0.22 },
  ring: { notes: [784, 988, 784, 988, 784, 988], apart: 0.16, lasts: 0.3, gain: 0.2 },
  ringback: { notes: [440], apart: 0, lasts: 1.2, gain: 0.08 },
};

/** Plays short sounds, synthesized in the browser. */
export function chime(output: AudioOutput): (sound: Sound) => void {
  let context: AudioContext | null = null;
  let to: AudioNode | null = null;
  let playing = 0;
  return (sound) => {
    context ??= new AudioContext();
    to ??= outputOf(context, output);
    playing += 1;
    const [audio, node] = [context, to];
    const tune = tunes[sound];
    const tones = tune.notes.map((frequency, index) =>
      play(node, tune, frequency, audio.currentTime + index * tune.apart),
    );
    // An open context keeps playing silence, which uses the processor all the time.
    tones.at(-1)?.addEventListener('ended', () => {
      playing -= 1;
      if (playing > 0) return; // it has started again in the meantime
      context = null;
      to = null;
      void audio.close();
    });
  };
}

function play(to: AudioNode, { gain, lasts }: Tune, frequency: number, at: number): OscillatorNode {
  const { context } = to;
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(gain, at + 0.01);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + lasts);
  const tone = new OscillatorNode(context, { frequency });
  tone.connect(loudness).connect(to);
  tone.start(at);
  tone.stop(at + lasts);
  return tone;
}
