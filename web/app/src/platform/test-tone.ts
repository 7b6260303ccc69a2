/** Hertz of the notes, and seconds from one to the next. */
const notes = [523, 659, 784, 1047];
const apart = 0.16;
/** Seconds that a note takes to fade. */
const lasts = 0.5;
const loudness = 0.2;

/** Plays a few notes by a speaker, to hear whether it works. Resolves when they have faded; rejects if it can't play. */
export async function testTone(speaker: string): Promise<void> {
  const context = new AudioContext();
  const output = new MediaStreamAudioDestinationNode(context);
  const element = new Audio();
  element.srcObject = output.stream; // not every browser can choose the speaker of a context
  try {
    await element.setSinkId(speaker);
    await element.play();
    const tones = notes.map((frequency, index) => note(output, frequency, context.currentTime + index * apart));
    await new Promise((resolve) => tones.at(-1)?.addEventListener('ended', resolve));
  } finally {
    element.srcObject = null;
    await context.close();
  }
}

function note(output: MediaStreamAudioDestinationNode, frequency: number, at: number): OscillatorNode {
  const { context } = output;
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(loudness, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + lasts);
  const tone = new OscillatorNode(context, { frequency });
  tone.connect(volume).connect(output);
  tone.start(at);
  tone.stop(at + lasts);
  return tone;
}
