import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LocalMedia } from '../src/media/local-media.ts';
import { Stream, Track } from './devices-world.ts';

/** On a busy machine. */
const PATIENT = { timeout: 15_000 };

/** What was asked of the browser, and how to grant it. */
const asked: { readonly audio: unknown; readonly video: unknown; readonly grant: () => void }[] = [];

/** Tracks that the browser has made. */
const made: Track[] = [];

beforeEach(() => {
  asked.length = 0;
  made.length = 0;
  vi.stubGlobal('MediaStream', Stream);
  vi.stubGlobal('navigator', {
    userAgent: 'Chromium',
    mediaDevices: {
      addEventListener: () => {},
      enumerateDevices: async () => [],
      getUserMedia: ({ audio, video }: { audio: unknown; video: unknown }) =>
        new Promise((resolve) => {
          const kinds = [...(audio ? ['audio'] : []), ...(video ? ['video'] : [])];
          const grant = (): void => {
            const tracks = kinds.map((kind) => new Track(kind));
            made.push(...tracks);
            resolve(new Stream(tracks));
          };
          asked.push({ audio, video, grant });
        }),
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('the browser is asked for devices before any other code of the page runs', () => {
  void new LocalMedia().start();
  expect(asked.length).toBe(1);
});

test('a microphone that is muted while it starts is muted', async () => {
  const media = new LocalMedia();
  const started = media.start();
  await media.setMicrophone(false);
  asked[0]?.grant();
  await started;
  const [microphone] = media.stream.current.getTracks().filter((track) => track.kind === 'audio');
  expect(microphone?.enabled).toBe(false);
  expect(media.microphone.current.state).toBe('off');
  expect(media.camera.current.state).toBe('on');
});

test('a microphone that is turned on while it starts is started once', async () => {
  const media = new LocalMedia();
  const started = media.start({ camera: false });
  const on = media.setMicrophone(true);
  asked[0]?.grant();
  await Promise.all([started, on]);
  expect([asked.length, media.microphone.current.state]).toEqual([1, 'on']);
});

test('calls run one after the other, and a camera that was turned off meanwhile is stopped', async () => {
  const media = new LocalMedia();
  const started = media.start();
  const off = media.setCamera(false);
  expect(asked.length).toBe(1);
  asked[0]?.grant();
  await Promise.all([started, off]);
  expect(media.camera.current.state).toBe('off');
  expect(media.stream.current.getTracks().map((track) => track.kind)).toEqual(['audio']);
});

test('a device is on only once its track can be sent', async () => {
  const media = new LocalMedia();
  const started = media.start();
  const kinds: string[][] = [];
  media.camera.subscribe(({ state }) => {
    if (state === 'on') kinds.push(media.stream.current.getTracks().map((track) => track.kind));
  });
  asked[0]?.grant();
  await started;
  expect(kinds).toEqual([['audio', 'video']]);
});

test('a microphone that is released while it starts is closed, not muted', async () => {
  const media = new LocalMedia();
  const started = media.start();
  const released = media.release('microphone');
  asked[0]?.grant();
  await Promise.all([started, released]);
  expect(media.microphone.current.state).toBe('off');
  expect(media.stream.current.getTracks().map((track) => track.kind)).toEqual(['video']);
});

test('a microphone that the system mutes for more than a moment is interrupted until it is back, and can be muted meanwhile', async () => {
  vi.useFakeTimers();
  const media = new LocalMedia();
  const started = media.start({ camera: false });
  asked[0]?.grant();
  await started;
  const [track] = media.stream.current.getTracks() as unknown as Track[];
  if (track === undefined) throw new Error('no track');
  const says = () => [media.microphone.current.state, media.microphone.current.problem];
  const streams: unknown[] = [];
  media.stream.subscribe((stream) => streams.push(stream));
  track.muted = true;
  track.onmute?.();
  vi.advanceTimersByTime(999);
  expect(says()).toEqual(['on', null]);
  vi.advanceTimersByTime(1);
  expect(says()).toEqual(['on', 'interrupted']);
  await media.setMicrophone(false);
  expect([says(), track.enabled]).toEqual([['off', 'interrupted'], false]);
  track.muted = false;
  track.onunmute?.();
  expect(says()).toEqual(['off', null]);
  await media.setMicrophone(true);
  const told = streams.length;
  track.muted = true;
  track.onmute?.();
  vi.advanceTimersByTime(400);
  track.muted = false;
  track.onunmute?.();
  expect(streams.length).toBe(told + 1); // for a peer who joined meanwhile
  vi.advanceTimersByTime(500);
  track.muted = true;
  track.onmute?.();
  vi.advanceTimersByTime(999);
  expect(says()).toEqual(['on', null]);
});

test('on an insecure page both fail, with the reason', async () => {
  vi.stubGlobal('navigator', { userAgent: 'Chromium' });
  const media = new LocalMedia();
  await media.start();
  for (const device of [media.microphone, media.camera]) {
    expect([device.current.state, device.current.problem]).toEqual(['failed', 'insecure']);
  }
});

test('a subscriber that throws leaves the devices as they are shown: on, asked for once, and off after the end', async () => {
  vi.stubGlobal('queueMicrotask', () => undefined);
  const media = new LocalMedia();
  const started = media.start();
  for (const value of [media.stream, media.camera, media.microphone]) {
    value.subscribe(() => {
      throw new Error('a fault of the page');
    });
  }
  asked[0]?.grant();
  await started;
  expect([media.camera.current.state, media.microphone.current.state, asked.length]).toEqual(['on', 'on', 1]);
  media.stop();
  expect(made.map(({ readyState }) => readyState)).toEqual(['ended', 'ended']);
});

test('tracks that can not be kept are stopped, and shown as failed', async () => {
  vi.stubGlobal('queueMicrotask', () => undefined);
  vi.spyOn(Track.prototype, 'getSettings').mockImplementation(() => {
    throw new Error('a fault of the browser');
  });
  const media = new LocalMedia();
  const started = media.start();
  asked[0]?.grant();
  await started;
  expect([media.camera.current.state, media.microphone.current.state]).toEqual(['failed', 'failed']);
  expect(media.stream.current.getTracks()).toEqual([]);
  expect(made.map(({ readyState }) => readyState)).toEqual(['ended', 'ended']);
  vi.restoreAllMocks();
});

/** The browser refuses each request with the error that `why` gives for it, or grants it. */
function refuse(why: (request: { readonly audio: unknown; readonly video: unknown }) => string | null): void {
  Object.assign(navigator.mediaDevices, {
    getUserMedia: async ({ audio, video }: { audio: unknown; video: unknown }) => {
      asked.push({ audio, video, grant: () => undefined });
      const name = why({ audio, video });
      if (name !== null) throw new DOMException('', name);
      const kinds = [...(audio ? ['audio'] : []), ...(video ? ['video'] : [])];
      return new Stream(kinds.map((kind) => new Track(kind)));
    },
  });
}

test.each([
  ['NotAllowedError', 'denied'],
  ['SecurityError', 'denied'],
  ['NotFoundError', 'missing'],
  ['OverconstrainedError', 'missing'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
  ['OtherError', 'unknown'],
])('a camera that fails with %s is shown as %s', async (name, problem) => {
  refuse(() => name);
  const media = new LocalMedia();
  await media.setCamera(true);
  expect(media.camera.current).toMatchObject({ state: 'failed', problem, id: null, label: null });
  expect(media.microphone.current.state).toBe('off');
});

test('where there is no camera, the microphone works alone', async () => {
  refuse(({ video }) => (video ? 'NotFoundError' : null));
  const media = new LocalMedia();
  await media.start();
  expect([media.microphone.current.state, media.camera.current.problem]).toEqual(['on', 'missing']);
});

test.each([
  ['prompt', 1],
  ['granted', 3],
])('after a refusal, a device whose permission is "%s" is asked for so many times in all: %i', async (state, times) => {
  Object.assign(navigator, { permissions: { query: async () => ({ state }) } });
  refuse(() => 'NotAllowedError');
  const media = new LocalMedia();
  await media.start();
  expect(asked.length).toBe(times);
  expect([media.microphone.current.problem, media.camera.current.problem]).toEqual(['denied', 'denied']);
});

test('the devices that were chosen are asked for, and any other if one of them is gone', async () => {
  refuse(({ audio }) => (typeof audio === 'object' && 'deviceId' in (audio ?? {}) ? 'OverconstrainedError' : null));
  const media = new LocalMedia();
  await media.start({ microphoneId: 'headset', camera: false });
  expect(asked.map(({ audio }) => audio)).toEqual([{ deviceId: { exact: 'headset' } }, {}]);
  expect(media.microphone.current.state).toBe('on');
  await media.choose('camera', 'external');
  await media.setCamera(true);
  expect(asked[2]?.video).toMatchObject({ deviceId: { exact: 'external' }, width: { ideal: 1280 } });
  expect(asked[2]?.audio).toBe(false);
});

test('a device that is off is asked for when it is turned on, and only then', async () => {
  refuse(() => null);
  const media = new LocalMedia();
  await media.setMicrophone(false);
  await media.setCamera(false);
  expect(asked).toEqual([]);
  await media.setMicrophone(true);
  await media.setCamera(true);
  await media.setCamera(true);
  expect(asked.map(({ audio, video }) => [audio !== false, video !== false])).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(media.stream.current.getTracks().map((track) => track.kind)).toEqual(['audio', 'video']);
});

test('a device that is unplugged has failed, and the other one is still sent', async () => {
  refuse(() => null);
  const media = new LocalMedia();
  await media.start();
  const camera = media.stream.current.getTracks().find(({ kind }) => kind === 'video');
  camera?.onended?.(new Event('ended'));
  expect([media.camera.current.state, media.camera.current.problem]).toEqual(['failed', 'missing']);
  expect(media.stream.current.getTracks().map((track) => track.kind)).toEqual(['audio']);
  await media.setCamera(true);
  camera?.onended?.(new Event('ended')); // late news of the old one
  expect(media.camera.current.state).toBe('on');
});

test('the devices that can be chosen are those with an id, and they are listed again when one is plugged in', async () => {
  const all = [
    { kind: 'audioinput', deviceId: 'm', label: 'Microphone' },
    { kind: 'audioinput', deviceId: '', label: '' },
    { kind: 'audiooutput', deviceId: 's', label: 'Speaker' },
  ];
  const changes = new EventTarget();
  Object.assign(navigator.mediaDevices, {
    enumerateDevices: async () => all,
    addEventListener: changes.addEventListener.bind(changes),
  });
  refuse(() => null);
  const media = new LocalMedia();
  await media.start();
  expect(media.devices.current).toMatchObject({ microphones: [{ id: 'm', label: 'Microphone' }], cameras: [] });
  all.push({ kind: 'videoinput', deviceId: 'c', label: 'Camera' });
  changes.dispatchEvent(new Event('devicechange'));
  await vi.waitFor(() => expect(media.devices.current.cameras).toEqual([{ id: 'c', label: 'Camera' }]), PATIENT);
  media.stop();
  all.pop();
  changes.dispatchEvent(new Event('devicechange'));
  await new Promise((done) => setTimeout(done));
  expect(media.devices.current.cameras.length).toBe(1);
});
