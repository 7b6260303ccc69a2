import { expect, test, vi } from 'vitest';
import { Link, type LinkOptions, type Spare } from '../src/link.ts';

interface Track {
  readonly kind: 'video';
  readonly readyState: 'live';
}

const CAMERA: Track = { kind: 'video', readyState: 'live' };
const STREAM = { getTracks: () => [CAMERA] } as unknown as MediaStream;

function linkOn(connection: object, options: Partial<LinkOptions>): Link {
  return new Link({
    spare: { connection, channel: {}, errors: [] } as unknown as Spare,
    polite: true,
    opens: true,
    outgoing: { stream: null, screen: null },
    takes: () => true,
    links: 1,
    to: null,
    say: () => undefined,
    gatherWithin: 4000,
    reachable: () => true,
    onTrack: () => undefined,
    onState: () => undefined,
    onBroken: () => undefined,
    ...options,
  });
}

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
  const link = linkOn(connection, { opens: false });
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
  const link = linkOn(connection, { takes: (name) => name === 'microphone' });
  expect(lines.map(({ direction }) => direction)).toEqual(['sendrecv', 'sendonly', 'sendonly', 'sendonly']);
  link.close();
});

class Gathering {
  onicecandidate: ((event: { readonly candidate: object | null }) => void) | null = null;
  readonly remoteDescription = null;
  readonly getTransceivers = () => [];
  readonly addTransceiver = () => undefined;
  readonly setLocalDescription = async () => undefined;
  readonly close = () => undefined;
}

test('a connection is given up when the browser has found no address of its own in time', async () => {
  vi.useFakeTimers();
  const onBroken = vi.fn();
  linkOn(new Gathering(), { onBroken });
  await vi.advanceTimersByTimeAsync(3999);
  expect(onBroken).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(onBroken).toHaveBeenCalledExactlyOnceWith('nothing-gathered');
  vi.useRealTimers();
});

test.each(['an address was found', 'the broker is away', 'it was closed'])(
  'no connection is given up when %s',
  async (why) => {
    vi.useFakeTimers();
    const onBroken = vi.fn();
    const connection = new Gathering();
    const link = linkOn(connection, { onBroken, reachable: () => why !== 'the broker is away' });
    await vi.advanceTimersByTimeAsync(1000);
    if (why === 'an address was found') connection.onicecandidate?.({ candidate: { candidate: 'candidate:1' } });
    if (why === 'it was closed') link.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(onBroken).not.toHaveBeenCalled();
    vi.useRealTimers();
  },
);

test('that all was gathered is no address', async () => {
  vi.useFakeTimers();
  const onBroken = vi.fn();
  const connection = new Gathering();
  linkOn(connection, { onBroken });
  await vi.advanceTimersByTimeAsync(1000);
  connection.onicecandidate?.({ candidate: null });
  await vi.advanceTimersByTimeAsync(3000);
  expect(onBroken).toHaveBeenCalledOnce();
  vi.useRealTimers();
});
