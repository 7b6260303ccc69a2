import { beforeEach, expect, test } from 'vitest';
import { Call } from '../src/model/call';
import { LocalDevices } from '../src/model/local-devices';
import { World } from './fake-platform';
import { FakePeer, FakeRoom } from './fakes';

let world: World;
let room: FakeRoom;
let call: Call;
const desktop = { x: 0, y: 0, width: 1408, height: 868 };

beforeEach(() => {
  world = new World();
  room = new FakeRoom('tea', 'Alice');
  start();
});

function start(): void {
  call = new Call(world, room, new LocalDevices(world), { link: 'https://eyeline.example/r/tea', hostLink: null });
  call.stage.measured({ all: desktop, free: desktop });
}

const person = (name: string) => new FakePeer(name, { name } as unknown as MediaStream, name.toLowerCase());
const shape = () => call.stage.layout.value.shape;
const isLarge = (index: number) => (call.stage.layout.value.boxes[index]?.width ?? 0) > 0.6 * desktop.width;

test('a pinned person is large until they are unpinned', () => {
  room.peers.set([person('Bob'), person('Carol'), person('Dave')]);
  const before = shape();
  call.stage.pin('carol');
  expect([0, 1, 2, 3].filter(isLarge)).toEqual([1]);
  call.stage.pin('carol');
  expect(shape()).toBe(before);
});

test('pinning somebody else unpins the first', () => {
  room.peers.set([person('Bob'), person('Carol'), person('Dave')]);
  call.stage.pin('carol');
  call.stage.pin('bob');
  expect([0, 1, 2, 3].filter(isLarge)).toEqual([0]);
});

test('of two people nobody can be pinned, and somebody pinned is no longer so when the third leaves', () => {
  const [bob, carol] = [person('Bob'), person('Carol')];
  room.peers.set([bob, carol]);
  call.stage.pin('bob');
  expect(call.stage.pinned.value?.name).toBe('Bob');
  room.peers.set([bob]);
  expect([call.stage.pins.value, call.stage.pinned.value, call.stage.layout.value.pair]).toEqual([false, null, true]);
});

test('when a pinned person leaves the others share the stage', () => {
  const [bob, carol, dave] = [person('Bob'), person('Carol'), person('Dave')];
  room.peers.set([bob, carol, dave]);
  call.stage.pin('dave');
  room.peers.set([bob, carol]);
  expect([call.stage.pinned.value, shape()]).toEqual([null, 'columns 1+2']);
});

test('a shared screen gives way to a pinned person, and takes the stage again after', () => {
  const bob = person('Bob');
  room.peers.set([bob, person('Carol')]);
  bob.screen.set({} as MediaStream);
  expect(call.stage.front.value?.person.name).toBe('Bob');
  call.stage.pin('carol');
  expect([call.stage.front.value, isLarge(1)]).toEqual([null, true]);
  call.stage.pin(null);
  expect(call.stage.front.value?.person.name).toBe('Bob');
});

test('your own picture is hidden from you alone, also in the next call, until you show it', () => {
  room.peers.set([person('Bob')]);
  call.stage.showSelf(false);
  expect(call.stage.layout.value.boxes).toEqual([desktop]);
  start();
  expect([call.stage.selfView.value, call.stage.layout.value.boxes.length]).toEqual([false, 1]);
  call.stage.showSelf(true);
  start();
  expect([call.stage.selfView.value, call.stage.layout.value.boxes.length]).toEqual([true, 2]);
});

test('a portrait picture is beside yours only while its camera is on', () => {
  const bob = person('Bob');
  room.peers.set([bob]);
  call.stage.sized('bob', { width: 720, height: 1280 });
  expect(call.stage.layout.value.split).toBe(true);
  bob.media.set({ ...bob.media.current, camera: 'off' });
  expect(call.stage.layout.value.split).toBe(false);
});
