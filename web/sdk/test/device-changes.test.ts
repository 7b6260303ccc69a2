import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepCameraSize } from '../src/media/camera-size.ts';
import type { DeviceChange, ProcessedTrack } from '../src/media/device.ts';
import { LocalMedia } from '../src/media/local-media.ts';
import { builtIn, DevicesWorld, earpiece, type Hardware, headset, settled, Track, webcam } from './devices-world.ts';

let world: DevicesWorld;
let media: LocalMedia;
let told: DeviceChange[];

beforeEach(() => begin());

afterEach(() => {
  media.stop();
  expect(world.live, 'nothing stays on after the end').toEqual([]);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function begin(...hardware: readonly Hardware[]): void {
  world = new DevicesWorld(...(hardware.length === 0 ? [builtIn, headset, webcam] : hardware));
  media = new LocalMedia();
  told = [];
  media.onChange((change) => told.push(change));
}

/** Names of the tracks that are sent. */
const sent = () => media.stream.current.getTracks().map(({ label }) => label);

test('a microphone that is unplugged is replaced at once, and taken back when it is plugged in again', async () => {
  await media.start({ microphoneId: 'headset' });
  expect(sent()).toEqual(['Jabra Evolve', 'Webcam']);
  await world.unplug('headset');
  expect(sent()).toEqual(['Built-in Microphone', 'Webcam']);
  expect(media.microphone.current).toMatchObject({ state: 'on', id: 'built-in', label: 'Built-in Microphone' });
  await world.plug(headset);
  expect(media.microphone.current).toMatchObject({ state: 'on', id: 'headset' });
  expect(world.live.map(({ label }) => label).sort()).toEqual(['Jabra Evolve', 'Jabra Evolve', 'Webcam']); // and its clone
  expect(told).toEqual([
    { type: 'replaced', kind: 'microphone', from: 'Jabra Evolve', to: 'Built-in Microphone' },
    { type: 'restored', kind: 'microphone', label: 'Jabra Evolve' },
  ]);
});

test('a muted microphone that is replaced and taken back stays muted', async () => {
  await media.start({ microphoneId: 'headset' });
  await media.setMicrophone(false);
  await world.unplug('headset');
  const states = [media.microphone.current.state, media.stream.current.getAudioTracks()[0]?.enabled];
  await world.plug(headset);
  states.push(media.microphone.current.state, media.stream.current.getAudioTracks()[0]?.enabled);
  expect(states).toEqual(['off', false, 'off', false]);
});

test('without another microphone the loss is told with its reason, and any that is plugged in later is used', async () => {
  begin(headset, webcam);
  await media.start();
  await world.unplug('headset');
  expect(media.microphone.current).toMatchObject({ state: 'failed', problem: 'missing' });
  expect(media.camera.current.state).toBe('on');
  await world.plug(builtIn);
  expect(media.microphone.current.state).toBe('on');
  expect(told).toEqual([
    { type: 'lost', kind: 'microphone', label: 'Jabra Evolve', problem: 'missing' },
    { type: 'restored', kind: 'microphone', label: 'Built-in Microphone' },
  ]);
});

test.each(['denied', 'prompt'] as const)(
  'access that is revoked (%s) is not asked for again, and returns when it is granted',
  async (state) => {
    await media.start();
    const asked = world.asked.length;
    await world.permit('microphone', state);
    expect(media.microphone.current).toMatchObject({ state: 'failed', problem: 'denied' });
    expect(told).toEqual([{ type: 'lost', kind: 'microphone', label: 'Built-in Microphone', problem: 'denied' }]);
    await world.plug(earpiece);
    expect(world.asked.length).toBe(asked);
    await world.permit('microphone', 'granted');
    expect(media.microphone.current.state).toBe('on');
    expect(told.at(-1)).toEqual({ type: 'restored', kind: 'microphone', label: 'Built-in Microphone' });
  },
);

test('access that was denied from the start is used as soon as it is granted', async () => {
  world.permissions.camera.state = 'denied';
  world.permissions.microphone.state = 'denied';
  await media.start();
  expect([media.microphone.current.problem, media.camera.current.problem]).toEqual(['denied', 'denied']);
  await world.permit('camera', 'granted');
  expect([media.microphone.current.state, media.camera.current.state]).toEqual(['failed', 'on']);
});

test('access that is granted in another tab does not turn on the camera of this one', async () => {
  world.permissions.camera.state = 'denied';
  await media.start({ microphone: false });
  Object.assign(document, { hidden: true });
  await world.permit('camera', 'granted');
  expect(media.camera.current).toMatchObject({ state: 'failed', problem: 'denied' });
  await media.setCamera(true);
  expect(media.camera.current.state).toBe('on');
});

test('a device that was turned off is not started by what is plugged in or granted', async () => {
  await media.start({ microphoneId: 'headset' });
  await world.unplug('headset');
  await media.release('microphone');
  await media.setCamera(false);
  await world.plug(headset);
  await world.permit('camera', 'granted');
  expect(world.live).toEqual([]);
  expect([media.microphone.current.state, media.camera.current.state]).toEqual(['off', 'off']);
});

test('a camera that is lost while it waits to be turned off stays off', async () => {
  await media.start();
  const [, camera] = world.made;
  const calls = [media.choose('microphone', 'headset'), media.setCamera(false)];
  camera?.ends();
  await Promise.all(calls);
  await settled();
  expect(media.camera.current.state).toBe('off');
  expect(world.live.map(({ kind }) => kind)).not.toContain('video');
});

test('a chosen microphone that is missing at the start is taken once it is plugged in', async () => {
  begin(builtIn, webcam);
  await media.start({ microphoneId: 'headset' });
  expect(media.microphone.current.id).toBe('built-in');
  await world.plug(headset);
  expect(media.microphone.current.id).toBe('headset');
});

test('in a call, what was missing at the start is told when it is plugged in, and not turned on', async () => {
  begin(builtIn);
  await media.start();
  expect(media.camera.current.problem).toBe('missing');
  media.setStartsFound(false);
  await world.plug(webcam);
  expect(sent()).toEqual(['Built-in Microphone']);
  expect(told).toEqual([
    { type: 'added', devices: { microphones: [], cameras: [{ id: 'webcam', label: 'Webcam' }], speakers: [] } },
  ]);
  await media.choose('camera', 'webcam');
  expect(sent()).toEqual(['Built-in Microphone', 'Webcam']);
});

test('in a call, a camera that is lost while in use still comes back by itself', async () => {
  await media.start();
  media.setStartsFound(false);
  await world.unplug('webcam');
  expect(media.camera.current.state).toBe('failed');
  await world.plug(webcam);
  expect(media.camera.current.state).toBe('on');
  await media.setCamera(false);
  await world.unplug('webcam');
  await media.setCamera(true);
  await world.plug(webcam);
  expect(media.camera.current).toMatchObject({ state: 'failed', problem: 'missing' });
});

test('a camera that another program uses is not started by other hardware, but by a camera that is plugged in', async () => {
  world.taken = true;
  await media.start({ microphone: false });
  expect(media.camera.current.problem).toBe('busy');
  world.taken = false;
  await world.plug(earpiece);
  expect([media.camera.current.state, world.live]).toEqual(['failed', []]);
  await world.plug({ ...webcam, deviceId: 'second', label: 'Second Webcam' });
  expect(media.camera.current.state).toBe('on');
});

test('a camera that does not say which way it looks is turned the other way each time', async () => {
  begin(webcam);
  await media.start({ microphone: false });
  for (const _ of [1, 2, 3]) await media.flipCamera();
  const facing = world.asked.map(({ video }) => Reflect.get(Object(video), 'facingMode')?.ideal);
  expect(facing).toEqual([undefined, 'environment', 'user', 'environment']);
});

test('a default of which no device is known is lost and replaced like any other', async () => {
  begin({ kind: 'audioinput', deviceId: 'default', label: 'Default' }, builtIn);
  await media.start({ camera: false });
  await world.unplug('default');
  expect(told).toEqual([{ type: 'replaced', kind: 'microphone', from: 'Default', to: 'Built-in Microphone' }]);
});

test('the device behind the default is the one that is lost and taken back', async () => {
  begin({ kind: 'audioinput', deviceId: 'default', label: 'Default - Jabra Evolve' }, headset, builtIn);
  await media.start({ camera: false });
  expect(media.microphone.current.id).toBe('default');
  const [track] = world.made;
  world.hardware = [{ kind: 'audioinput', deviceId: 'default', label: 'Default - Built-in Microphone' }, builtIn];
  track?.ends();
  await settled();
  await world.plug(headset);
  expect(told).toEqual([
    { type: 'replaced', kind: 'microphone', from: 'Jabra Evolve', to: 'Built-in Microphone' },
    { type: 'restored', kind: 'microphone', label: 'Jabra Evolve' },
  ]);
  expect(media.microphone.current.id).toBe('headset');
});

test('a microphone that keeps ending is not started for ever', async () => {
  await media.start({ camera: false });
  for (let time = 0; time < 10; time += 1) {
    world.live[0]?.ends();
    await settled();
  }
  expect(world.asked.length).toBe(1 + 3);
  expect(media.microphone.current).toMatchObject({ state: 'failed', problem: 'busy' });
});

test('what is plugged in and not used is told once, by name', async () => {
  begin(builtIn, webcam);
  await media.start();
  await world.plug(headset);
  expect(told).toEqual([
    { type: 'added', devices: { microphones: [{ id: 'headset', label: 'Jabra Evolve' }], cameras: [], speakers: [] } },
  ]);
});

test('of two changes right after one another no device is told twice', async () => {
  begin(builtIn, webcam);
  await media.start();
  await Promise.all([world.plug(headset), world.plug(earpiece)]);
  const added = told.flatMap((change) => (change.type === 'added' ? Object.values(change.devices).flat() : []));
  expect(added.map(({ id }) => id)).toEqual(['headset', 'earpiece']);
});

test('devices that only get their names with the permission are not told as new', async () => {
  world.permissions.microphone.state = 'prompt';
  await media.start({ microphone: false });
  world.permissions.microphone.state = 'granted';
  await world.plug(earpiece);
  expect(told).toEqual([
    { type: 'added', devices: { microphones: [], cameras: [], speakers: [{ id: 'earpiece', label: 'Jabra Evolve' }] } },
  ]);
});

test('while the browser asks for permission, the devices say so', async () => {
  world.permissions.camera.state = 'prompt';
  const states: string[] = [];
  media.camera.subscribe(({ state }) => states.push(state));
  let answer = (): void => undefined;
  const give = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = async (asked) => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return give(asked);
  };
  const started = media.start();
  await settled();
  expect(states).toEqual(['off', 'starting', 'asking']);
  answer();
  await started;
  expect(states.at(-1)).toBe('on');
});

test('a phone switches between its front and its back camera', async () => {
  begin(
    { kind: 'videoinput', deviceId: 'front', label: 'Front Camera', facingMode: 'user' },
    { kind: 'videoinput', deviceId: 'back', label: 'Back Camera', facingMode: 'environment' },
  );
  await media.start({ microphone: false });
  expect(media.camera.current.facing).toBe('user');
  await media.flipCamera();
  expect(media.camera.current).toMatchObject({ state: 'on', id: 'back', facing: 'environment' });
  await media.flipCamera();
  expect(media.camera.current.id).toBe('front');
  expect(world.live.map(({ label }) => label)).toEqual(['Front Camera']);
});

test('a camera that is off stays off while another one is chosen, and is that one when it is turned on', async () => {
  const other = { ...webcam, deviceId: 'other', label: 'Other Webcam' };
  begin(builtIn, webcam, other);
  await media.start();
  await media.setCamera(false);
  await media.choose('camera', 'other');
  expect(media.camera.current).toMatchObject({ state: 'off', id: 'other', label: 'Other Webcam' });
  expect(sent()).toEqual(['Built-in Microphone']);
  await media.setCamera(true);
  expect(sent()).toEqual(['Built-in Microphone', 'Other Webcam']);
  await media.setCamera(false);
  await media.flipCamera();
  expect(sent()).toEqual(['Built-in Microphone']);
});

test('audio processing replaces the track that is sent, and muting silences both', async () => {
  await media.start({ camera: false });
  const clean = new Track('audio', 'clean');
  const process = async () => ({ track: clean as unknown as MediaStreamTrack, stop: () => clean.stop() });
  expect(await media.setAudioProcessing({ noiseSuppression: false, process })).toBe(true);
  expect(world.asked.at(-1)?.audio).toMatchObject({ noiseSuppression: false, autoGainControl: false });
  expect(sent()).toEqual(['clean']);
  await media.setMicrophone(false);
  const [raw] = world.live;
  expect([raw?.label, raw?.enabled, clean.enabled]).toEqual(['Built-in Microphone', false, false]);
  expect(await media.setAudioProcessing({})).toBe(true);
  expect([sent(), clean.readyState, media.microphone.current.state]).toEqual([['Built-in Microphone'], 'ended', 'off']);
});

test('if audio processing fails, the microphone is sent as it is', async () => {
  vi.stubGlobal('queueMicrotask', () => undefined);
  await media.start({ camera: false });
  expect(await media.setAudioProcessing({ process: () => Promise.reject(new Error('no worklet')) })).toBe(false);
  expect(sent()).toEqual(['Built-in Microphone']);
});

test('audio processing that fails when it is stopped leaves no microphone on', async () => {
  vi.stubGlobal('queueMicrotask', () => undefined); // which would throw the page's error
  await media.start({ camera: false });
  const broken = () => {
    throw new Error('no node');
  };
  await media.setAudioProcessing({ process: async (track) => ({ track, stop: broken }) });
  await media.release('microphone');
  expect([world.live, media.microphone.current.state]).toEqual([[], 'off']);
});

test('audio processing that takes too long is left out, and ended when it begins after all', async () => {
  vi.useFakeTimers();
  await media.start({ camera: false });
  const clean = new Track('audio', 'clean');
  let begin: (processed: ProcessedTrack) => void = () => undefined;
  const begun = new Promise<ProcessedTrack>((resolve) => {
    begin = resolve;
  });
  const processes = media.setAudioProcessing({ process: () => begun });
  await vi.advanceTimersByTimeAsync(5000);
  expect(await processes).toBe(false);
  expect([sent(), media.microphone.current.state]).toEqual([['Built-in Microphone'], 'on']);
  begin({ track: clean as unknown as MediaStreamTrack, stop: () => clean.stop() });
  await settled();
  expect([sent(), clean.readyState]).toEqual([['Built-in Microphone'], 'ended']);
});

test('nothing stays on after the end, although audio processing has not begun', async () => {
  await media.start();
  void media.setAudioProcessing({ process: () => new Promise(() => undefined) });
  await settled();
  expect(world.live.map(({ label }) => label)).toContain('Built-in Microphone');
  media.stop();
  expect(world.live).toEqual([]);
});

test('the level of a muted microphone is still measured, but for Firefox, where the microphone itself turns off', async () => {
  await media.start({ camera: false });
  await media.setMicrophone(false);
  expect(world.live.map(({ enabled }) => enabled)).toEqual([false, true]);
  media.stop();
  begin();
  Object.assign(navigator, { userAgent: 'Firefox/153.0' });
  await media.start({ camera: false });
  await media.setMicrophone(false);
  expect(world.live.map(({ enabled }) => enabled)).toEqual([false]);
});

test('a camera that another page made small is asked again for its size, one that can no more is not', async () => {
  vi.useFakeTimers();
  const small = new Track('video', 'Webcam', { deviceId: 'webcam', width: 640, height: 480 });
  small.capabilities = { width: { max: 1920 }, height: { max: 1080 } };
  const ended = new AbortController();
  keepCameraSize(small as unknown as MediaStreamTrack, ended.signal);
  document.dispatchEvent(new Event('visibilitychange'));
  vi.advanceTimersByTime(10_000);
  expect(small.applied.length).toBe(2);
  expect(small.applied[0]).toMatchObject({ deviceId: 'kept', width: { ideal: 1280 } });
  Object.assign(small.settings, { width: 1280, height: 720 });
  vi.advanceTimersByTime(10_000);
  ended.abort();
  Object.assign(small.settings, { width: 640, height: 480 });
  vi.advanceTimersByTime(60_000);
  expect(small.applied.length).toBe(2);
  const old = new Track('video', 'Old', { width: 640, height: 480 });
  old.capabilities = { width: { max: 640 }, height: { max: 480 } };
  keepCameraSize(old as unknown as MediaStreamTrack, new AbortController().signal);
  vi.advanceTimersByTime(60_000);
  expect(old.applied).toEqual([]);
  vi.useRealTimers();
});
