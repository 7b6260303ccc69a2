import type { DeviceChange } from '@eyeline/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Call } from '../src/model/call';
import { browserName } from '../src/model/devices/browser-name';
import { deviceNames } from '../src/model/devices/device-names';
import { LocalDevices } from '../src/model/local-devices';
import { settled, World } from './fake-platform';
import { type FakeMedia, FakePeer, FakeRoom, off } from './fakes';
import { lazyCode } from './loaded-chat';

let world: World;
let room: FakeRoom;
let call: Call;
let devices: LocalDevices;
let media: FakeMedia;

beforeEach(() => begin(new World()));

afterEach(() => call.end());

async function begin(of: World): Promise<void> {
  world = of;
  room = new FakeRoom('tea', 'Alice');
  devices = new LocalDevices(world);
  await devices.start();
  call = new Call(world, room, devices, { link: 'https://eyeline.example/call/r/tea', hostLink: null });
  call.lazy.bring(lazyCode);
  await settled();
  const made = world.media.at(-1);
  if (made === undefined) throw new Error('no media');
  media = made;
}

const posted = () => call.notices.posted.value.map(({ words, action }) => [words, action?.label]);

/** Presses the button of the only notice. */
function press(): void {
  const [notice] = call.notices.posted.value;
  if (notice === undefined) throw new Error('no notice');
  call.notices.answer(notice);
}

const lost = (kind: 'microphone' | 'camera', problem: 'missing' | 'denied' | 'busy'): void => {
  media[kind].set({ ...off, state: 'failed', problem });
  media.tell({ type: 'lost', kind, label: 'Jabra', problem });
};

test('a microphone that was replaced is told, with a button to choose another', () => {
  media.tell({ type: 'replaced', kind: 'microphone', from: 'Jabra', to: 'Built-in Microphone' });
  expect(posted()).toEqual([['Jabra is gone. Now using Built-in Microphone.', 'Change']]);
  press();
  expect(call.menu.value).toBe('microphone');
});

test('a microphone that is back within seconds withdraws the notice that it is gone: you were heard all the time', () => {
  media.tell({ type: 'replaced', kind: 'microphone', from: 'Jabra', to: 'Built-in Microphone' });
  media.tell({ type: 'restored', kind: 'microphone', label: 'Jabra' });
  expect([posted(), call.notices.shown.value]).toEqual([[], 'Back to Jabra.']);
  media.tell({ type: 'restored', kind: 'microphone', label: 'Jabra' });
  expect(call.notices.shown.value).toBe('Jabra is back. People can hear you again.');
});

test('a microphone whose replacement is lost too is no longer said to be replaced', () => {
  media.tell({ type: 'replaced', kind: 'microphone', from: 'Jabra', to: 'Built-in Microphone' });
  lost('microphone', 'missing');
  expect(posted()).toEqual([['Nobody can hear you: no microphone found.', 'Try again']]);
  media.tell({ type: 'restored', kind: 'microphone', label: 'Jabra' });
  expect(call.notices.shown.value).toBe('Jabra is back. People can hear you again.');
});

test.each([
  ['missing', 'Nobody can hear you: no microphone found.', 'Try again'],
  ['busy', 'Nobody can hear you: another program is using the microphone.', 'Try again'],
  ['denied', 'Nobody can hear you: your browser no longer allows the microphone.', 'Show me how'],
] as const)(
  'a microphone that is lost (%s) is told with its reason for as long as it is so',
  (problem, words, button) => {
    lost('microphone', problem);
    world.pass(60);
    expect(posted()).toEqual([[words, button]]);
    media.microphone.set({ ...off, state: 'on', id: 'built-in' });
    expect(posted()).toEqual([]);
  },
);

test('access to both that is revoked is one notice, whose button shows what to do', () => {
  lost('microphone', 'denied');
  lost('camera', 'denied');
  expect(posted()).toEqual([
    ['Nobody can hear or see you: your browser no longer allows the microphone and camera.', 'Show me how'],
  ]);
  press();
  expect(call.menu.value).toBe('microphone');
});

test('a device that is back is told, and whether you are still muted', () => {
  const back: DeviceChange = { type: 'restored', kind: 'microphone', label: 'Jabra' };
  media.tell(back);
  expect(call.notices.shown.value).toBe('Jabra is back. People can hear you again.');
  media.microphone.set({ ...off, id: 'jabra' });
  media.tell(back);
  expect(call.notices.shown.value).toBe('Jabra is back. You’re still muted.');
  media.tell({ type: 'restored', kind: 'camera', label: '' });
  expect(call.notices.shown.value).toBe('Your camera is back. People can see you again.');
});

test('a headset that is plugged in is offered, and taken for both directions', () => {
  const jabra = { id: 'jabra', label: 'Jabra' };
  const output = { id: 'jabra-out', label: 'Jabra' };
  media.devices.set({ ...media.devices.current, speakers: [output] });
  media.tell({ type: 'added', devices: { microphones: [jabra], cameras: [], speakers: [output] } });
  expect(posted()).toEqual([['Jabra found.', 'Use it']]);
  press();
  expect([media.microphone.current.id, world.speaker.id]).toEqual(['jabra', 'jabra-out']);
});

test('a headset whose parts are listed one after another is told once, and taken whole', () => {
  const output = { id: 'jabra-out', label: 'Jabra' };
  media.devices.set({ ...media.devices.current, speakers: [output] });
  const told: string[] = [];
  call.notices.heard.subscribe((words) => told.push(words));
  media.tell({ type: 'added', devices: { microphones: [], cameras: [], speakers: [output] } });
  world.pass(1);
  media.tell({ type: 'added', devices: { microphones: [{ id: 'jabra', label: 'Jabra' }], cameras: [], speakers: [] } });
  expect(told.slice(1)).toEqual(['Jabra found.']);
  press();
  expect([media.microphone.current.id, world.speaker.id]).toEqual(['jabra', 'jabra-out']);
  media.tell({ type: 'added', devices: { microphones: [{ id: 'new', label: 'Jabra' }], cameras: [], speakers: [] } });
  press();
  expect(media.microphone.current.id).toBe('new');
});

/** A call whose code for devices isn't loaded yet. */
async function beginEarly(): Promise<void> {
  call.end();
  world = new World();
  devices = new LocalDevices(world);
  await devices.start();
  call = new Call(world, new FakeRoom('tea', 'Alice'), devices, {
    link: 'https://eyeline.example/r/tea',
    hostLink: null,
  });
  const made = world.media.at(-1);
  if (made === undefined) throw new Error('no media');
  media = made;
}

test('a headset that was plugged in before the notices were loaded is offered once they are, and only once', async () => {
  await beginEarly();
  const [jabra, output] = [
    { id: 'jabra', label: 'Jabra' },
    { id: 'jabra-out', label: 'Jabra' },
  ];
  media.devices.set({ ...media.devices.current, speakers: [output] });
  media.tell({ type: 'added', devices: { microphones: [jabra], cameras: [], speakers: [output] } });
  expect(posted()).toEqual([]);
  call.lazy.bring(lazyCode);
  await settled();
  expect(posted()).toEqual([['Jabra found.', 'Use it']]);
  press();
  expect([media.microphone.current.id, world.speaker.id, posted()]).toEqual(['jabra', 'jabra-out', []]);
});

test('a microphone that was lost early is told unless it has come back; of many changes the newest are kept', async () => {
  await beginEarly();
  media.tell({ type: 'lost', kind: 'camera', label: '', problem: 'missing' });
  media.microphone.set({ ...off, state: 'failed', problem: 'missing' });
  media.tell({ type: 'lost', kind: 'microphone', label: '', problem: 'missing' });
  call.lazy.bring(lazyCode);
  expect(posted()).toEqual([['Nobody can hear you: no microphone found.', 'Try again']]);
  await beginEarly();
  for (let n = 0; n < 9; n += 1)
    media.tell({
      type: 'added',
      devices: { microphones: [], cameras: [{ id: `${n}`, label: `Cam ${n}` }], speakers: [] },
    });
  const offered: string[] = [];
  const stop = call.notices.heard.subscribe((words) => offered.push(words));
  call.lazy.bring(lazyCode);
  stop();
  expect([offered.at(1), offered.length, offered.at(-1)]).toEqual(['Cam 1 found.', 9, 'Cam 8 found.']);
});

test('a speaker that cannot be chosen is not offered', async () => {
  const silent = new World();
  silent.choosesSpeakers = false;
  call.end();
  await begin(silent);
  media.tell({ type: 'added', devices: { microphones: [], cameras: [], speakers: [{ id: 'x', label: 'Jabra' }] } });
  expect(posted()).toEqual([]);
});

test('you are told that you talk while muted: once a minute, not for a single noise, and not any more once unmuted', async () => {
  await devices.turn('microphone', false);
  media.level.set(0.5);
  media.level.set(0);
  world.pass(0.7);
  world.pass(5);
  expect(posted()).toEqual([]);
  media.level.set(0.5);
  world.pass(1.5);
  expect(posted()).toEqual([['You’re muted, and you’re talking.', 'Unmute']]);
  press();
  await settled();
  expect(media.microphone.current.state).toBe('on');
  await devices.turn('microphone', false);
  world.pass(30);
  expect(posted()).toEqual([]);
  media.level.set(0);
  world.pass(31);
  media.level.set(0.5);
  world.pass(1.5);
  expect(posted().length).toBe(1);
  await devices.turn('microphone', true);
  expect(posted()).toEqual([]);
});

test('while the browser asks for permission, the page says what to click', () => {
  media.camera.set({ ...off, state: 'asking' });
  expect(posted()).toEqual([['Your browser is asking for permission. Click “Allow”.', undefined]]);
  media.camera.set({ ...off, state: 'on' });
  expect(posted()).toEqual([]);
});

test('the others are told when somebody’s microphone is gone for good, and when it is back', () => {
  const bob = new FakePeer('Bob', {} as MediaStream);
  room.peers.set([bob]);
  const microphone = (state: 'on' | 'none') => bob.media.set({ ...bob.media.current, microphone: state });
  microphone('none');
  world.pass(0.5);
  microphone('on');
  world.pass(5);
  expect(call.notices.shown.value).toBeNull();
  microphone('none');
  world.pass(2);
  expect(call.notices.shown.value).toBe('Bob’s microphone stopped working. You can’t hear them.');
  microphone('on');
  expect(call.notices.shown.value).toBe('You can hear Bob again.');
});

test('the others are told when somebody’s camera is gone for good, and nothing when they turn it off', () => {
  const bob = new FakePeer('Bob', {} as MediaStream);
  room.peers.set([bob]);
  const camera = (state: 'on' | 'none', cameraFailed = false) =>
    bob.media.set({ ...bob.media.current, camera: state, cameraFailed });
  world.pass(5);
  camera('none');
  world.pass(5);
  camera('on');
  expect(call.notices.shown.value).toBeNull();
  camera('none', true);
  world.pass(2);
  expect(call.notices.shown.value).toBe('Bob’s camera stopped working. You can’t see them.');
  camera('on');
  expect(call.notices.shown.value).toBe('You can see Bob again.');
});

test('the others hear of a camera of ours that is lost, and not of one that is off', async () => {
  media.camera.set({ ...off, state: 'failed', problem: 'missing' });
  expect(room.cameraFailed).toBe(true);
  media.camera.set(off);
  expect(room.cameraFailed).toBe(false);
});

test('the speaker is remembered, and the system’s own is used while it is not there', async () => {
  call.lazy.devices.value?.speaker.choose('loud');
  expect(world.speaker.id).toBe('loud');
  media.devices.set({ microphones: [], cameras: [], speakers: [] });
  expect(world.speaker.id).toBe('');
  const later = new World();
  later.memory.set('eyeline:speaker', 'loud');
  call.end();
  await begin(later);
  expect(world.speaker.id).toBe('loud');
});

test('a speaker from the browser’s own picker is used, although it is not listed yet', async () => {
  const firefox = new World();
  firefox.speaker.pick = async () => ({ id: 'picked', label: 'Jabra' });
  call.end();
  await begin(firefox);
  await call.lazy.devices.value?.speaker.pick();
  expect([world.speaker.id, call.lazy.devices.value?.speaker.options.value.at(-1)?.label]).toEqual(['picked', 'Jabra']);
});

test('noise suppression is remembered: off for music, or by RNNoise', async () => {
  await call.lazy.devices.value?.noise.choose('off');
  expect(media.processing).toEqual({ noiseSuppression: false });
  await call.lazy.devices.value?.noise.choose('rnnoise');
  expect(media.processing).toEqual({ noiseSuppression: false, process: world.denoise });
  const later = new World();
  later.memory.set('eyeline:noise', 'off');
  call.end();
  await begin(later);
  expect(media.processing).toEqual({ noiseSuppression: false });
});

test('where RNNoise does not run, the browser’s own noise suppression is used and the page says so', async () => {
  media.processes = false;
  await call.lazy.devices.value?.noise.choose('rnnoise');
  const noise = call.lazy.devices.value?.noise;
  expect([noise?.mode.value, noise?.failed.value, media.processing]).toEqual(['browser', true, {}]);
});

test('only a phone with two cameras can switch between them, and the back camera is not mirrored', async () => {
  expect([call.lazy.devices.value?.canFlip.value, call.me.mirrored.value]).toEqual([false, true]);
  media.devices.set({
    ...media.devices.current,
    cameras: [
      { id: 'user', label: '' },
      { id: 'environment', label: '' },
    ],
  });
  media.camera.set({ ...media.camera.current, facing: 'user' });
  expect(call.lazy.devices.value?.canFlip.value).toBe(true);
  await devices.flip();
  expect([media.camera.current.facing, call.me.mirrored.value]).toEqual(['environment', false]);
});

test('a denied microphone opens what says how to allow it', async () => {
  media.microphone.set({ ...off, state: 'failed', problem: 'denied' });
  media.problem = { microphone: 'denied', camera: null };
  await call.toggle('microphone');
  expect(call.menu.value).toBe('microphone');
});

test('devices of one name are numbered', () => {
  const cameras = ['Webcam', 'Phone', 'Webcam', ''].map((label, id) => ({ id: `${id}`, label }));
  const names = deviceNames(cameras, (index) => `Camera ${index + 1}`).map(({ name }) => name);
  expect(names).toEqual(['Webcam (1)', 'Phone', 'Webcam (2)', 'Camera 4']);
});

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36', 'chromium'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'firefox'],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    'safari',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1',
    'phone',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
    'phone',
  ],
  ['something else', 'other'],
])('%s is %s', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name);
});
