import type { ProcessedTrack } from '@eyeline/sdk';
import { RnnoiseWorkletNode } from '@sapphi-red/web-noise-suppressor';
import wasm from '@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm?url';
import worklet from '@sapphi-red/web-noise-suppressor/rnnoiseWorklet.js?url';

/** Hertz that RNNoise works with. */
const SAMPLE_RATE = 48_000;

/** Removes noise from a microphone's track with RNNoise. Rejects if the browser can't. */
export async function denoise(microphone: MediaStreamTrack): Promise<ProcessedTrack> {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  try {
    await context.resume();
    if (context.state !== 'running') throw new Error('no audio context runs'); // it would send silence
    const [wasmBinary] = await Promise.all([load(wasm), context.audioWorklet.addModule(worklet)]);
    const node = new RnnoiseWorkletNode(context, { maxChannels: 1, wasmBinary });
    const output = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    context
      .createMediaStreamSource(new MediaStream([microphone]))
      .connect(node)
      .connect(output);
    const [track] = output.stream.getAudioTracks();
    if (track === undefined) throw new Error('no track');
    const stop = () => {
      node.destroy();
      track.stop();
      void context.close();
    };
    return { track, stop };
  } catch (error) {
    void context.close();
    throw error;
  }
}

async function load(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`RNNoise can't be loaded: ${response.status}`);
  return response.arrayBuffer();
}
