/** Hertz of the two notes, and seconds from one to the next. */
const notes = [660, 880];
const apart = 0.09;
/** Seconds that a note takes to fade. */
const lasts = 0.25;

/** A short, quiet sound, synthesized in the browser. */
export function chime(): () => void {
  let context: AudioContext | null = null;
  let playing = 0;
  return () => {
    context ??= new AudioContext();
    playing += 1;
    const audio = context;
    const tones = notes.map((frequency, index) => play(audio, frequency, audio.currentTime + index * apart));
    // An open context keeps playing silence, which uses the processor all the time.
    tones.at(-1)?.addEventListener('ended', () => {
      playing -= 1;
      if (playing > 0) return; // it has started again in the meantime
      context = null;
      void audio.close();
    });
  };
}

function play(context: AudioContext, frequency: number, at: number): OscillatorNode {
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.08, at + 0.01);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + lasts);
  const tone = new OscillatorNode(context, { frequency });
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + lasts);
  return tone;
}
