import { expect, test } from 'vitest';
import { Link, type Spare } from '../src/link.ts';

interface Track {
  readonly kind: 'video';
  readonly readyState: 'live';
}

const CAMERA: Track = { kind: 'video', readyState: 'live' };
const STREAM = { getTracks: () => [CAMERA] } as unknown as MediaStream;

test('of tracks that are given one right after the other the last one is sent', async () => {
  const sender = {
    track: CAMERA as Track | null,
    getParameters: () => ({ encodings: [] }),
    async replaceTrack(track: Track | null): Promise<void> {
      await Promise.resolve(); // as a browser: the sender has it later
      sender.track = track;
    },
  };
  const transceiver = { sender, receiver: { track: { kind: 'video' } }, direction: 'sendrecv' };
  const connection = { getTransceivers: () => [transceiver], remoteDescription: {}, close: () => undefined };
  const link = new Link({
    spare: { connection, channel: {}, errors: [] } as unknown as Spare,
    polite: true,
    opens: false,
    outgoing: { stream: null, screen: null },
    takes: () => true,
    links: 1,
    to: null,
    say: () => undefined,
    reachable: () => true,
    onTrack: () => undefined,
    onState: () => undefined,
    onBroken: () => undefined,
  });
  link.publish({ stream: STREAM, screen: null });
  link.close();
  await new Promise((resolve) => setTimeout(resolve));
  expect(sender.track).toBe(CAMERA);
});

test('a line goes one way where nothing of the other side is taken', () => {
  const lines: { direction: string; readonly receiver: object; readonly sender: object }[] = [];
  const connection = {
    getTransceivers: () => lines,
    addTransceiver: (kind: string) => {
      const sender = { track: null, getParameters: () => ({ encodings: [] }) };
      lines.push({ direction: 'sendrecv', receiver: { track: { kind } }, sender });
    },
    setLocalDescription: () => new Promise(() => undefined),
    remoteDescription: null,
    close: () => undefined,
  };
  const link = new Link({
    spare: { connection, channel: {}, errors: [] } as unknown as Spare,
    polite: true,
    opens: true,
    outgoing: { stream: null, screen: null },
    takes: (name) => name === 'microphone',
    links: 1,
    to: null,
    say: () => undefined,
    reachable: () => true,
    onTrack: () => undefined,
    onState: () => undefined,
    onBroken: () => undefined,
  });
  expect(lines.map(({ direction }) => direction)).toEqual(['sendrecv', 'sendonly', 'sendonly', 'sendonly']);
  link.close();
});
