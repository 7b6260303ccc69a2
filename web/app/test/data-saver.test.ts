// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import { DataSaver } from '../src/model/data-saver';
import { settled } from './fake-platform';
import { aCall, person } from './view/scene';

async function saving() {
  const scene = await aCall([person('Bob')]);
  const [bob] = scene.call.others.value;
  return { ...scene, saver: new DataSaver(scene.call), camera: () => bob?.media.value.camera };
}

test('data saver limits all pictures to 180 lines, until it is turned off', async () => {
  const { saver, room, call } = await saving();
  await saver.toggle('saver');
  expect(room.limits).toEqual([180]);
  expect(call.isOn('camera')).toBe(true);
  await saver.toggle('saver');
  expect(room.limits).toEqual([180, null]);
  expect(saver.mode.value).toBe('off');
});

test('audio only turns our camera off and shows nobody’s, and brings both back', async () => {
  const { saver, room, call, camera } = await saving();
  await saver.toggle('audio');
  expect([call.isOn('camera'), camera(), room.limits.at(-1)]).toEqual([false, 'off', 0]);
  await saver.toggle('audio');
  expect([call.isOn('camera'), camera(), room.limits.at(-1)]).toEqual([true, 'on', null]);
});

test('a camera that was off stays off after audio only', async () => {
  const { saver, call } = await saving();
  await call.toggle('camera');
  await saver.toggle('audio');
  await saver.toggle('saver');
  expect(call.isOn('camera')).toBe(false);
});

test('turning the camera on ends audio only', async () => {
  const { saver, room, call } = await saving();
  await saver.toggle('audio');
  await call.toggle('camera');
  expect(saver.mode.value).toBe('off');
  expect(room.limits.at(-1)).toBeNull();
});

test('audio only says why there is no picture for as long as it lasts, and its button ends it', async () => {
  const { saver, call, world } = await saving();
  const posted = () => call.notices.posted.value.map(({ words, action }) => [words, action?.label]);
  await saver.toggle('audio');
  world.pass(600);
  expect(posted()).toEqual([
    ['Audio only: no camera pictures, yours or theirs. Shared screens still arrive.', 'Full video'],
  ]);
  call.notices.posted.value[0]?.action?.run();
  await settled();
  expect([saver.mode.value, call.isOn('camera'), posted()]).toEqual(['off', true, []]);
  await saver.toggle('audio');
  await saver.toggle('saver');
  expect(posted()).toEqual([]);
});

test('a second click while the camera goes off brings it back', async () => {
  const { saver, room, call } = await saving();
  await Promise.all([saver.toggle('audio'), saver.toggle('audio')]);
  expect([call.isOn('camera'), saver.mode.value, room.limits.at(-1)]).toEqual([true, 'off', null]);
});
