import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Call } from '../src/model/call';
import { LocalDevices } from '../src/model/local-devices';
import { settled, World } from './fake-platform';
import { chatLine, direct, FakePeer, FakeRoom, looking, off } from './fakes';
import { lazyCode, loadedChat } from './loaded-chat';

const bob = () => new FakePeer('Bob', {} as MediaStream);
let world: World;
let room: FakeRoom;
let call: Call;

beforeEach(async () => {
  world = new World();
  room = new FakeRoom('tea', 'Alice');
  const devices = new LocalDevices(world);
  await devices.start();
  call = new Call(world, room, devices, { link: 'https://eyeline.example/call/r/tea', hostLink: null });
});

test('people who were here before are not announced, people who come and go are', () => {
  expect(call.notices.shown.value).toBeNull();
  room.peers.set([bob()]);
  expect(call.notices.shown.value).toBe('Bob joined');
  room.peers.set([]);
  expect(call.notices.shown.value).toBe('Bob left');
  world.pass(4);
  expect(call.notices.shown.value).toBeNull();
});

test('whoever joins with a name that looks like somebody else’s has a number while both are here', () => {
  const [carol, mallory] = ['Carol', 'Саrol'].map((name, at) => new FakePeer(name, {} as MediaStream, `carol-${at}`));
  if (carol === undefined || mallory === undefined) throw new Error();
  const names = () => call.others.value.map((one) => one.name);
  room.peers.set([carol, mallory]);
  expect(call.notices.shown.value).toBe('Саrol (2) joined');
  expect(names()).toEqual(['Carol', 'Саrol (2)']);
  room.peers.set([carol]);
  expect(call.notices.shown.value).toBe('Саrol (2) left');
  room.peers.set([mallory]);
  expect(names()).toEqual(['Саrol']);
});

test('somebody who stays is the same person on the stage', () => {
  const peer = bob();
  room.peers.set([peer]);
  const before = call.others.value[0];
  room.peers.set([peer, new FakePeer('Carol', {} as MediaStream)]);
  expect(call.others.value[0]).toBe(before);
});

describe('somebody whose browser crashed and who comes back before their seat is given up', () => {
  const ready = (identity: string | null) => ({ state: 'ready', emoji: [], identity }) as const;
  const names = () => call.others.value.map(({ id, name }) => [id, name]);
  const [old, back] = [new FakePeer('Cleo', {} as MediaStream, 'old'), new FakePeer('Cleo', {} as MediaStream, 'back')];

  beforeEach(() => {
    for (const peer of [old, back]) {
      peer.connection.set(direct);
      peer.safety.set(ready(null));
    }
    room.peers.set([old]);
    old.safety.set(ready('key'));
    old.safety.set({ state: 'comparing' }); // over the next connection
    old.connection.set({ ...direct, state: 'lost' });
    room.peers.set([old, back]);
  });

  test('is there once, as soon as they prove that they have the same long-term key', () => {
    expect(names()).toEqual([
      ['old', 'Cleo'],
      ['back', 'Cleo (2)'],
    ]);
    back.safety.set(ready('key'));
    expect([names(), call.notices.shown.value]).toEqual([[['back', 'Cleo']], 'Cleo (2) joined']);
    room.peers.set([back]);
    expect([names(), call.notices.shown.value]).toEqual([[['back', 'Cleo']], 'Cleo (2) joined']);
  });

  test('is not hidden by somebody of that name with another key, or none', () => {
    back.safety.set(ready('another'));
    expect(names().map(([id]) => id)).toEqual(['old', 'back']);
  });

  test('is there twice while both of their tabs are connected', () => {
    back.safety.set(ready('key'));
    old.connection.set(direct);
    expect(names().map(([id]) => id)).toEqual(['old', 'back']);
  });
});

test('a lost connection is announced, and so is its return', () => {
  const peer = bob();
  room.peers.set([peer]);
  peer.connection.set({ ...direct, state: 'lost' });
  expect(call.notices.heard.value).toBe('Lost Bob. Trying again…');
  peer.connection.set({ ...direct, state: 'looking' });
  peer.connection.set(direct);
  expect(call.notices.shown.value).toBe('Bob is back');
});

test('somebody we cannot connect to is shown anyway', async () => {
  room.peers.set([]);
  const peer = bob();
  peer.connection.set(looking);
  room.peers.set([peer]);
  expect(call.others.value).toEqual([]);
  world.pass(0.4);
  await settled();
  expect(call.others.value.map((one) => one.name)).toEqual(['Bob']);
});

test('what prevents a connection is announced once, and that person can be tried again', async () => {
  const peer = bob();
  room.peers.set([peer]);
  peer.connection.set({ ...looking, verdict: 'no-relay' });
  await vi.waitFor(() => expect(call.notices.heard.value).toMatch(/^This server offers no relay/));
  call.notices.tell('');
  peer.connection.set({ ...looking, verdict: 'no-relay', roundTripMs: 1 });
  await settled();
  expect(call.notices.heard.value).toBe('');
  call.retry('bob');
  expect(peer.retried).toBe(1);
});

test('muting is announced and published', async () => {
  const before = room.published.length;
  await call.toggle('microphone');
  expect(call.isOn('microphone')).toBe(false);
  expect(call.notices.heard.value).toBe('Microphone muted');
  expect(room.published.length).toBeGreaterThan(before);
});

test('a camera that starts later is published', async () => {
  await call.toggle('camera');
  await call.toggle('camera');
  expect(room.published.at(-1)).toEqual({ name: 'You' });
});

test('a camera that does not start says why', async () => {
  await call.toggle('camera');
  world.media[0]?.camera.set(off);
  Object.assign(world.media[0] ?? {}, { problem: { camera: 'busy', microphone: null } });
  await call.toggle('camera');
  expect(call.notices.shown.value).toContain('Another program is using the camera');
});

test('inviting copies the link and says so', async () => {
  await call.invite();
  expect(world.copied).toEqual(['https://eyeline.example/call/r/tea']);
  expect(call.copied.value).toBe(true);
});

test('with others in the call, inviting also shows the other ways', async () => {
  await call.invite();
  expect(call.sharing.value).toBe(false); // alone: they are on the page
  room.peers.set([bob()]);
  await call.invite();
  expect(call.sharing.value).toBe(true);
});

test('without a clipboard the link is shown', async () => {
  world.clipboard = false;
  await call.invite();
  expect(call.sharing.value).toBe(true);
});

test('the keys in the tooltips work, others do not', async () => {
  expect(['m', 'v', 'c', 'i', 'x', 'escape'].map((key) => call.press(key))).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  await settled();
  expect(call.panel.value).toBe('chat');
});

test('a key does nothing where there is no button for it', () => {
  expect(call.press('f')).toBe(true);
  call.showPanel(null);
  room.moderation.rules.set({ ...room.moderation.rules.current, files: false });
  expect(call.press('f')).toBe(false);
  expect(call.panel.value).toBeNull();
});

test('nothing is sent while nobody is there to read it', () => {
  const chat = loadedChat(call);
  chat.draft.value = 'hello?';
  call.say();
  expect(chat.lines.value).toEqual([]);
  room.peers.set([bob()]);
  call.say();
  expect(chat.lines.value).toHaveLength(1);
});

test('controls hide after three seconds, but not while they are needed', () => {
  room.peers.set([bob()]);
  expect(call.controls.shown.value).toBe(true);
  world.pass(3);
  expect(call.controls.shown.value).toBe(false);
  call.controls.hold('keyboard', true);
  world.pass(60);
  expect(call.controls.shown.value).toBe(true);
});

test('controls stay while you are alone', () => {
  world.pass(60);
  expect(call.controls.shown.value).toBe(true);
});

test('a click starts all sound that was blocked', () => {
  const heard: string[] = [];
  call.silenced('bob', () => heard.push('bob'));
  call.silenced('carol', () => heard.push('carol'));
  call.unsilence();
  expect(heard).toEqual(['bob', 'carol']);
  expect(call.silent.value.size).toBe(0);
});

test('the connection panel closes when its person leaves', () => {
  room.peers.set([bob()]);
  call.showConnection('bob');
  room.peers.set([]);
  expect(call.connectionShown.value).toBeNull();
});

test('your window keeps the corner that you moved it to', () => {
  call.stage.measured({
    all: { x: 0, y: 0, width: 1000, height: 600 },
    free: { x: 0, y: 0, width: 1000, height: 600 },
  });
  call.stage.dragged(-700, -400);
  call.stage.dropped();
  room.peers.set([bob()]);
  expect(call.stage.corner.value).toBe('top-left');
});

test('a short pause still counts as speaking', () => {
  const level = world.media[0]?.level;
  level?.set(0.5);
  level?.set(0);
  world.pass(0.5);
  expect(call.me.speaking.value).toBe(true);
  world.pass(0.2);
  expect(call.me.speaking.value).toBe(false);
});

test('somebody who may only watch is told so, is neither seen nor heard, and cannot chat', async () => {
  room.permissions.set(new Set());
  const watching = 'You can watch and listen here.';
  expect(call.notices.shown.value).toBe(watching);
  expect(call.isOn('microphone')).toBe(false);
  world.pass(4);
  for (const key of ['m', 'v']) {
    expect(call.press(key)).toBe(true);
    expect(call.notices.shown.value).toBe(watching);
    world.pass(4);
  }
  expect([call.isOn('microphone'), call.isOn('camera')]).toEqual([false, false]);
  const peer = bob();
  room.peers.set([peer]);
  peer.sent.length = 0;
  const chat = loadedChat(call);
  peer.sent.length = 0;
  chat.draft.value = 'Hello';
  call.say();
  expect(peer.sent).toEqual([]);
});

test('messages that arrive before the chat code is loaded are in the chat once it is, in order', () => {
  const peer = bob();
  room.peers.set([peer]);
  room.hear(peer, chatLine('first', 1, { id: '1' }));
  room.hear(peer, chatLine('second', 2, { id: '2' }));
  const chat = loadedChat(call);
  room.hear(peer, chatLine('third', 3, { id: '3' }));
  expect(chat.lines.value.map(({ text }) => text)).toEqual(['first', 'second', 'third']);
  expect(peer.sent).toEqual([expect.objectContaining({ kind: 'chat-ask' })]);
});

test('of messages that arrive before the chat code is loaded a thousand are kept', () => {
  const peer = bob();
  room.peers.set([peer]);
  for (let id = 1; id <= 1001; id += 1) room.hear(peer, chatLine('tea', id, { id: `${id}` }));
  expect(loadedChat(call).lines.value).toHaveLength(1000);
});

test('files pasted before the file code is loaded are offered once it is', async () => {
  const peer = bob();
  room.peers.set([peer]);
  const file = new File(['a'], 'a.txt');
  const item = { kind: 'file', getAsFile: () => file, webkitGetAsEntry: () => null };
  call.takeFiles([item] as unknown as DataTransferItemList, null);
  expect([peer.offered.length, call.panel.value]).toEqual([0, 'files']);
  call.lazy.bring(lazyCode);
  await settled();
  expect(peer.offered.length).toBe(1);
  call.lazy.bring(lazyCode);
  await settled();
  expect(peer.offered.length).toBe(1);
});

test('somebody who may not send files is told so when they try', async () => {
  room.permissions.set(new Set(['microphone', 'camera', 'chat']));
  const peer = bob();
  room.peers.set([peer]);
  call.lazy.bring(lazyCode);
  await call.lazy.files.value?.send([new File(['a'], 'a.txt')]);
  expect(peer.offered).toEqual([]);
  expect(call.notices.shown.value).toBe('You can receive files here, but not send any.');
});

test('a call with a time limit says so minutes before the end, and again in the last minute', () => {
  expect(call.timeLimit.words.value).toBeNull();
  room.endsAt.set(world.now() + 3_600_000);
  expect(call.timeLimit.words.value).toBeNull();
  for (let passed = 0; passed < 3200; passed += 100) world.pass(100);
  world.pass(99);
  expect(call.timeLimit.words.value).toBeNull();
  world.pass(1);
  expect(call.timeLimit.words.value).toMatch(/^This call ends at \d\d:\d\d( [AP]M)?\.$/);
  world.pass(240);
  expect(call.timeLimit.words.value).toBe('This call ends in less than a minute.');
});

test('a time limit that was removed is no longer shown', () => {
  room.endsAt.set(world.now() + 30_000);
  expect(call.timeLimit.words.value).toBe('This call ends in less than a minute.');
  room.endsAt.set(null);
  expect(call.timeLimit.words.value).toBeNull();
});

test('somebody who sends too much is shown as that, and can be ignored', () => {
  const peer = bob();
  room.peers.set([peer]);
  expect(call.others.value[0]?.flooding.value).toBe(false);
  peer.flooding.set(true);
  expect(call.others.value[0]?.flooding.value).toBe(true);
  call.ignore(peer.id);
  expect([peer.ignored, call.notices.shown.value]).toEqual([true, 'You ignore Bob']);
});
