// @vitest-environment happy-dom
import { signal } from '@preact/signals';
import { expect, test } from 'vitest';
import { Video } from '../../src/view/stage/video';
import { draw, now, stream } from './scene';

const track = (kind: string): MediaStreamTrack => ({ kind, id: `${kind}-${Math.random()}` }) as MediaStreamTrack;
const shown = (): MediaStream => {
  const source = document.querySelector('video')?.srcObject;
  if (!(source instanceof MediaStream)) throw new Error('the video shows no stream');
  return source;
};

test('your own video is played without the microphone, which would keep an audio output busy', () => {
  const camera = track('video');
  draw(<Video stream={stream(track('audio'), camera)} mine hidden={false} box={null} />);
  expect(shown().getTracks()).toEqual([camera]);
});

test('your own video goes on as it is when the microphone changes, and follows the camera', async () => {
  const [camera, other] = [track('video'), track('video')];
  const own = signal(stream(track('audio'), camera));
  const Own = () => <Video stream={own.value} mine hidden={false} box={null} />;
  draw(<Own />);
  const before = shown();
  await now(() => {
    own.value = stream(track('audio'), camera);
  });
  expect(shown()).toBe(before);
  await now(() => {
    own.value = stream(track('audio'), other);
  });
  expect(shown().getTracks()).toEqual([other]);
});

test("somebody else's video is played with their voice", () => {
  const theirs = stream(track('audio'), track('video'));
  draw(<Video stream={theirs} mine={false} hidden={false} box={null} />);
  expect(shown()).toBe(theirs);
});
