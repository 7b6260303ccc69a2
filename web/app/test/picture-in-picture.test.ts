import { beforeEach, expect, test } from 'vitest';
import { Call } from '../src/model/call';
import { LocalDevices } from '../src/model/local-devices';
import { settled, World } from './fake-platform';
import { FakePeer, FakeRoom } from './fakes';
import { lazyCode } from './loaded-chat';

let world: World;
let room: FakeRoom;
let call: Call;
/** What was opened, and whether it's still open. */
let opened: { readonly what: unknown; open: boolean; closed: () => void }[];

const body = { tag: 'body' } as unknown as HTMLElement;
const person = (name: string) => new FakePeer(name, { name } as unknown as MediaStream, name.toLowerCase());

beforeEach(() => {
  world = new World();
  room = new FakeRoom('tea', 'Alice');
  opened = [];
});

function record(what: unknown, closed: () => void) {
  const window = { what, open: true, closed };
  opened.push(window);
  return {
    close: () => {
      window.open = false;
    },
  };
}

/** A browser whose small window shows what we draw, or one video. */
const browsers = {
  page: () => {
    world.windows = { shows: 'page', open: async (_size, closed) => ({ body, ...record('page', closed) }) };
  },
  video: () => {
    world.windows = { shows: 'video', open: async (stream, closed) => record(stream, closed) };
  },
};

async function start(...people: readonly FakePeer[]) {
  const devices = new LocalDevices(world);
  await devices.start();
  room.peers.set(people);
  call = new Call(world, room, devices, { link: 'https://eyeline.example/r/tea', hostLink: null });
  call.lazy.bring(lazyCode);
  await settled();
  const view = call.lazy.view.peek();
  if (view === null) throw new Error('no view');
  return view.pictureInPicture;
}

const window = (index: number) => opened[index] ?? { what: null, open: false, closed: () => {} };

test('o opens the window with the call, and closes it', async () => {
  browsers.page();
  const small = await start(person('Bob'));
  call.press('o');
  await settled();
  expect([small.open.value, small.body.value]).toEqual([true, body]);
  call.press('o');
  expect([small.open.value, small.body.value, window(0).open]).toEqual([false, null, false]);
});

test('a browser without picture-in-picture has no key for it', async () => {
  const small = await start(person('Bob'));
  expect([small.possible.value, call.press('o')]).toEqual([false, false]);
});

test('the window is closed with the call', async () => {
  browsers.page();
  const small = await start(person('Bob'));
  await small.toggle();
  call.end();
  expect(window(0).open).toBe(false);
});

test('a window that opens after the call has ended is closed at once', async () => {
  browsers.page();
  const small = await start(person('Bob'));
  const opening = small.toggle();
  call.end();
  await opening;
  expect([window(0).open, small.open.value]).toEqual([false, false]);
});

test('somebody who closes the window can open it again', async () => {
  browsers.page();
  const small = await start(person('Bob'));
  await small.toggle();
  window(0).closed();
  expect(small.open.value).toBe(false);
  await small.toggle();
  expect([opened.length, small.open.value]).toEqual([2, true]);
});

test.each([
  [2, false],
  [3, true],
])('%i presses before the window is there open one window: whether it stays open is %s', async (presses, open) => {
  browsers.page();
  const small = await start(person('Bob'));
  await Promise.all(Array.from({ length: presses }, () => small.toggle()));
  expect([opened.length, window(0).open, small.open.value]).toEqual([1, open, open]);
  expect(call.notices.shown.value).toBeNull();
});

test('a window that reports late that it was closed leaves the next one alone', async () => {
  browsers.page();
  const small = await start(person('Bob'));
  await small.toggle();
  await small.toggle();
  await small.toggle();
  window(0).closed();
  expect([window(1).open, small.open.value]).toEqual([true, true]);
});

test('it shows whoever is large on the stage, else everybody as far as there is room', async () => {
  browsers.page();
  const names = () => small.people().map(({ name }) => name);
  const small = await start(...['Bob', 'Carol', 'Dave', 'Erin', 'Frank', 'Grace', 'Heidi'].map(person));
  expect(names()).toEqual(['Bob', 'Carol', 'Dave', 'Erin', 'Frank', 'Grace']);
  call.stage.pin('heidi');
  expect(names()).toEqual(['Heidi']);
});

test('where only one video fits, it is the one of the speaker whose camera is on', async () => {
  browsers.video();
  const [bob, carol, dave] = [person('Bob'), person('Carol'), person('Dave')];
  bob.media.set({ ...bob.media.current, camera: 'off' });
  bob.speaking.set(true);
  dave.speaking.set(true);
  const small = await start(bob, carol, dave);
  await small.toggle();
  expect(window(0).what).toBe(dave.stream);
});

test('where only a video can be shown and nobody is seen, there is a notice', async () => {
  browsers.video();
  const bob = person('Bob');
  bob.media.set({ ...bob.media.current, camera: 'off' });
  const small = await start(bob);
  await small.toggle();
  expect([opened.length, small.open.value]).toEqual([0, false]);
  expect(JSON.stringify(call.notices.shown.value)).toContain('did not open a small window');
});

test('going to another tab opens it where the browser allows that, unless you are alone, and says nothing if refused', async () => {
  browsers.page();
  const small = await start();
  world.actions?.enterPictureInPicture();
  await settled();
  expect(opened.length).toBe(0);
  room.peers.set([person('Bob')]);
  await settled();
  world.actions?.enterPictureInPicture();
  await settled();
  expect(small.open.value).toBe(true);
  await small.toggle();
  world.windows = { shows: 'page', open: () => Promise.reject(new Error('not allowed')) };
  const refusing = await start(person('Bob'));
  world.actions?.enterPictureInPicture();
  await settled();
  expect([refusing.open.value, call.notices.shown.value]).toEqual([false, null]);
});

test('the browser’s own buttons mute, turn the camera off and hang up, and show what is on', async () => {
  await start(person('Bob'));
  expect(world.shownOn).toEqual({ microphone: true, camera: true });
  world.actions?.toggleMicrophone();
  await settled();
  world.actions?.toggleCamera();
  await settled();
  expect(world.shownOn).toEqual({ microphone: false, camera: false });
  world.actions?.hangUp();
  expect(room.ended.current?.code).toBe('left');
  call.end();
  expect(world.actions).toBeNull();
});
