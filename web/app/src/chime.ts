/** Hertz of the two notes, and seconds from one to the next. */
const notes = [660, 880];
const apart = 0.09;

/** A short, quiet sound, made by the browser itself. */
export function chime(): () => void {
  let context: AudioContext | null = null;
  return () => {
    context ??= new AudioContext();
    for (const [index, frequency] of notes.entries()) play(context, frequency, context.currentTime + index * apart);
  };
}

function play(context: AudioContext, frequency: number, at: number): void {
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.08, at + 0.01);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.25);
  const tone = new OscillatorNode(context, { frequency });
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.25);
}
