import { beforeEach, expect, test } from 'vitest';
import type { Attention } from '../src/model/attention/attention';
import { Call } from '../src/model/call';
import { LocalDevices } from '../src/model/local-devices';
import { settled, World } from './fake-platform';
import { chatLine, FakePeer, FakeRoom } from './fakes';
import { lazyCode } from './loaded-chat';

const person = (name: string) => new FakePeer(name, {} as MediaStream);
const bob = person('Bob');
let world: World;
let room: FakeRoom;
let call: Call;
let attention: Attention;

/** Alice is in a call. */
async function begin(): Promise<void> {
  room = new FakeRoom('tea', 'Alice');
  const devices = new LocalDevices(world);
  await devices.start();
  call = new Call(world, room, devices, { link: 'https://eyeline.example/call/r/tea', hostLink: null });
}

/** What is loaded shortly after the call begins. */
async function load(): Promise<void> {
  call.lazy.bring(lazyCode);
  await settled();
  const loaded = call.lazy.attention.peek();
  if (loaded === null) throw new Error('not loaded');
  attention = loaded;
}

beforeEach(async () => {
  world = new World();
  await begin();
  await load();
});

const writes = (text: string) => room.hear(bob, chatLine(text, world.now()));
const knocks = (...names: string[]) => room.moderation.knocks.set(names.map((name) => ({ id: `knock-${name}`, name })));
const notified = () => world.notified.map(({ title, body }) => [title, body]);

/** Alice looks at something else, and wants notifications. */
async function looksAway(): Promise<void> {
  await attention.notifications.toggle();
  world.seen.value = false;
}

test('the first person who comes is heard, further ones only if the page is hidden', () => {
  room.peers.set([bob]);
  expect(world.sounds).toEqual(['arrival']);
  world.pass(1);
  room.peers.set([bob, person('Carol')]);
  expect(world.sounds).toEqual(['arrival']);
  world.seen.value = false;
  world.pass(1);
  room.peers.set([bob, person('Carol'), person('Dave')]);
  expect(world.sounds).toEqual(['arrival', 'arrival']);
});

test('what can not be loaded is tried again, but not after the end of the call', async () => {
  let tries = 0;
  Object.assign(world, {
    alerts: async () => {
      tries += 1;
      throw new Error('the server is away');
    },
  });
  await begin();
  call.lazy.bring(lazyCode);
  await settled();
  world.pass(3);
  expect(tries).toBe(2);
  room.leave();
  call.end();
  await settled();
  world.pass(60);
  expect(tries).toBe(2);
});

test('people who were here before make no sound', async () => {
  const others = new FakeRoom('tea', 'Alice');
  others.peers.set([bob]);
  const before = new Call(world, others, new LocalDevices(world), { link: 'https://eyeline.example/', hostLink: null });
  before.lazy.bring(lazyCode);
  await settled();
  expect([before.lazy.attention.peek() === null, world.sounds]).toEqual([false, []]);
});

test('somebody who comes while the page is hidden is in its title, its icon and a notification until it is seen', async () => {
  await looksAway();
  room.peers.set([bob]);
  expect([attention.headline.value, world.marked, notified()]).toEqual(['Bob joined', true, [['Bob joined', '']]]);
  world.seen.value = true;
  expect([attention.headline.value, world.marked, notified()]).toEqual([null, false, []]);
});

test('every knock is heard, and the title and the icon show it for as long as somebody waits', async () => {
  await looksAway();
  knocks('Carol');
  expect([attention.headline.value, world.marked]).toEqual(['Carol is knocking', true]);
  expect(notified()).toEqual([['Carol is knocking', 'Open the call to let them in.']]);
  world.pass(1);
  knocks('Carol', 'Dave');
  expect(world.sounds).toEqual(['knock', 'knock']);
  world.seen.value = true;
  expect([attention.headline.value, world.marked]).toEqual(['Carol is knocking', true]);
  knocks();
  expect([attention.headline.value, world.marked]).toEqual([null, false]);
});

test('a name that cannot be decrypted knocks as somebody', () => {
  knocks('');
  expect(attention.headline.value).toBe('Somebody is knocking');
});

test('a knock and a message from before this was loaded are noticed, too', async () => {
  await begin();
  knocks('Carol');
  writes('one');
  expect(world.sounds).toEqual([]);
  await load();
  expect([world.sounds, attention.toast.shown.value?.text]).toEqual([['knock', 'message'], 'one']);
});

test('a host who asks to mute before this was loaded is heard once it is', async () => {
  await begin();
  room.peers.set([bob]);
  room.moderation.ask(bob.id);
  expect(call.notices.posted.value).toEqual([]);
  await load();
  expect(call.notices.posted.value.map(({ words }) => words)).toEqual(['Bob asks you to mute your microphone.']);
});

test('a message is heard while the chat is closed or the page hidden, and shown while the chat is closed', () => {
  writes('one');
  expect([world.sounds, attention.toast.shown.value?.text, world.marked]).toEqual([['message'], 'one', true]);
  expect(call.notices.heard.value).toBe('Bob wrote: one');
  call.showPanel('chat');
  expect([attention.toast.shown.value, world.marked]).toEqual([null, false]);
  world.pass(1);
  writes('two');
  expect(world.sounds).toHaveLength(1);
  world.seen.value = false;
  writes('three');
  expect([world.sounds.length, attention.toast.shown.value, world.marked]).toEqual([2, null, true]);
});

test('the same sound is played once a second at most, however many messages come', () => {
  for (let n = 0; n < 50; n += 1) writes(`line ${n}`);
  expect(world.sounds).toEqual(['message']);
  world.pass(1);
  writes('later');
  expect(world.sounds).toEqual(['message', 'message']);
});

test('a message is shown for six seconds in which the page is visible, unless it is deleted', () => {
  world.seen.value = false;
  writes('one');
  world.pass(600);
  world.seen.value = true;
  world.pass(5);
  expect(attention.toast.shown.value?.text).toBe('one');
  world.pass(1);
  expect(attention.toast.shown.value).toBeNull();
  room.hear(bob, chatLine('two', 1, { id: 'second' }));
  room.hear(bob, chatLine('', 2, { id: 'second', revision: 1 }));
  expect(attention.toast.shown.value).toBeNull();
});

test('a notification of a message has its text, but none while our screen is shared', async () => {
  await looksAway();
  writes('x'.repeat(900));
  expect(notified()).toEqual([['Bob', 'x'.repeat(200)]]);
  world.captureScreen = async () => ({ getVideoTracks: () => [] }) as unknown as MediaStream;
  await call.screens.toggle();
  writes('secret');
  expect(notified().at(-1)).toEqual(['Bob', 'New message']);
});

test('a click on a notification opens the chat, or the people who knock', async () => {
  await looksAway();
  writes('one');
  world.notified[0]?.open();
  expect(call.panel.value).toBe('chat');
  knocks('Carol');
  world.notified.at(-1)?.open();
  expect(call.panel.value).toBe('people');
});

test('there are no notifications unless they are turned on, nor while the page is visible', async () => {
  world.seen.value = false;
  writes('one');
  world.seen.value = true;
  await attention.notifications.toggle();
  writes('two');
  expect(notified()).toEqual([]);
});

test('notifications that the browser blocks stay off', async () => {
  world.allowsNotifications = false;
  expect([await attention.notifications.toggle(), attention.notifications.on.value]).toEqual([false, false]);
});

test('sounds that were turned off stay off in the next call', async () => {
  attention.sounds.toggle();
  await begin();
  await load();
  writes('one');
  expect([attention.sounds.on.value, world.sounds]).toEqual([false, []]);
});

test('while the server is away loading is tried again, and after the call the icon is as before', async () => {
  const { alerts } = world;
  Object.assign(world, { alerts: () => Promise.reject(new Error('away')) });
  await begin();
  call.lazy.bring(lazyCode);
  await settled();
  expect(call.lazy.attention.peek()).toBeNull();
  Object.assign(world, { alerts });
  world.pass(3);
  await settled();
  expect(call.lazy.attention.peek()).not.toBeNull();
  writes('one');
  call.end();
  expect(world.marked).toBe(false);
});
