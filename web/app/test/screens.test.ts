import { beforeEach, expect, test } from 'vitest';
import { Call } from '../src/model/call';
import { LocalDevices } from '../src/model/local-devices';
import { screenWords } from '../src/strings/screens';
import { settled, World } from './fake-platform';
import { direct, FakePeer, FakeRoom } from './fakes';

/** A stream whose only track counts how often it was stopped. */
class Shared {
  stopped = 0;
  readonly stream = { getTracks: () => [this] } as unknown as MediaStream;

  stop(): void {
    this.stopped += 1;
  }
}

const person = (name: string) => new FakePeer(name, {} as MediaStream);
const someScreen = () => new Shared().stream;
const refused = (message: string, name = 'NotAllowedError') => Object.assign(new Error(message), { name });

let world: World;
let room: FakeRoom;
let call: Call;
let mine: Shared;

beforeEach(() => {
  world = new World();
  room = new FakeRoom('tea', 'Alice');
  call = new Call(world, room, new LocalDevices(world), { link: 'https://eyeline.example/r/tea', hostLink: null });
  mine = new Shared();
  world.captureScreen = async () => mine.stream;
});

const heard = () => call.notices.heard.value;
const shown = () => call.screens.shown.value.map((one) => one.person.name);
const front = () => call.screens.front.value?.person.name;

test('your screen is shown to the others until you stop, and then it is no longer captured', async () => {
  expect(call.press('s')).toBe(true);
  await settled();
  expect(room.screen.current).toBe(mine.stream);
  expect(call.screens.sharing.value).toBe(true);
  expect(heard()).toBe(screenWords.sharing);
  call.press('s');
  expect(room.screen.current).toBeNull();
  expect(mine.stopped).toBe(1);
  expect(heard()).toBe(screenWords.stopped);
});

test('sharing also ends when the browser ends it', async () => {
  await call.screens.toggle();
  room.screen.set(null);
  expect(call.screens.sharing.value).toBe(false);
  expect(heard()).toBe(screenWords.stopped);
});

test('on a phone you cannot share, and the key does nothing', () => {
  world.captureScreen = null;
  const there = new Call(world, room, new LocalDevices(world), { link: '', hostLink: null });
  expect(there.screens.mayShare.value).toBe(false);
  expect(there.press('s')).toBe(false);
});

test.each([
  ['thought better of it', refused('Permission denied'), 3, null],
  ['was kept from it by the system', refused('Permission denied by system'), 3, screenWords.problem('system')],
  ['was not asked', refused('Permission denied'), 0, screenWords.problem('unasked')],
  ['chose what can not be read', refused('', 'NotReadableError'), 3, screenWords.problem('unknown')],
  ['met a browser that throws anything', 'no', 3, screenWords.problem('unknown')],
])('who %s is told what helps, and nothing that they know', async (_who, error, seconds, words) => {
  world.captureScreen = async () => {
    world.pass(seconds);
    throw error;
  };
  await call.screens.toggle();
  expect(call.notices.shown.value).toBe(words);
  expect(call.screens.sharing.value).toBe(false);
});

test('while the browser asks, it is not asked again', async () => {
  let asked = 0;
  world.captureScreen = async () => {
    asked += 1;
    return mine.stream;
  };
  await Promise.all([call.screens.toggle(), call.screens.toggle()]);
  expect(asked).toBe(1);
  expect(room.screen.current).toBe(mine.stream);
});

test('when the host turns off sharing, yours ends with a notice, and others are not shown', async () => {
  const bob = person('Bob');
  room.peers.set([bob]);
  bob.screen.set(someScreen());
  await call.screens.toggle();
  room.moderation.setRules({ screens: false });
  expect(room.screen.current).toBeNull();
  expect(mine.stopped).toBe(1);
  expect(call.notices.shown.value).toBe(screenWords.switchedOff);
  expect(shown()).toEqual([]);
  expect(call.screens.mayShare.value).toBe(false);
  room.moderation.setRules({ screens: true });
  expect(shown()).toEqual(['Bob']);
});

test('a screen chosen only after that, or after the call, is released', async () => {
  const end = (over: () => void) => {
    world.captureScreen = async () => {
      over();
      return mine.stream;
    };
    return call.screens.toggle();
  };
  await end(() => room.moderation.setRules({ screens: false }));
  room.moderation.setRules({ screens: true });
  await end(() => room.leave());
  expect(mine.stopped).toBe(2);
  expect(room.screen.current).toBeNull();
});

test('a call that ends releases the screen', async () => {
  await call.screens.toggle();
  call.end();
  expect(mine.stopped).toBe(1);
});

test('the newest screen is on the stage, until another is chosen or it ends', () => {
  const [bob, carol, dave] = [person('Bob'), person('Carol'), person('Dave')];
  room.peers.set([bob, carol, dave]);
  carol.screen.set(someScreen());
  expect(heard()).toBe(screenWords.shares('Carol'));
  bob.screen.set(someScreen());
  expect([shown(), front()]).toEqual([['Carol', 'Bob'], 'Bob']);
  call.screens.choose('carol');
  expect([shown(), front()]).toEqual([['Carol', 'Bob'], 'Carol']);
  dave.screen.set(someScreen());
  expect(front()).toBe('Dave');
  dave.screen.set(null);
  expect(heard()).toBe(screenWords.ended('Dave'));
  expect([shown(), front()]).toEqual([['Carol', 'Bob'], 'Bob']);
});

test('a screen goes with its person, and that is announced once', () => {
  const bob = person('Bob');
  room.peers.set([bob]);
  bob.screen.set(someScreen());
  room.peers.set([]);
  expect(shown()).toEqual([]);
  expect(call.screens.front.value).toBeNull();
  expect(heard()).toBe('Bob left');
});

test('somebody who joins a call with a shared screen sees it', () => {
  const bob = person('Bob');
  bob.screen.set(someScreen());
  room.peers.set([bob]);
  expect(front()).toBe('Bob');
});

test('the screen of a person whose connection is lost stays, as they do', () => {
  const bob = person('Bob');
  room.peers.set([bob]);
  bob.screen.set(someScreen());
  bob.connection.set({ ...direct, state: 'lost' });
  expect(shown()).toEqual(['Bob']);
});

test('on the stage the screen has its own aspect ratio once it is known, and people line up', () => {
  const room16 = { x: 0, y: 0, width: 1408, height: 780 };
  call.stage.measured({ all: room16, free: room16 });
  const bob = person('Bob');
  room.peers.set([bob]);
  expect(call.stage.layout.value.pair).toBe(true);
  bob.screen.set(someScreen());
  const aspect = () => {
    const [box] = call.stage.layout.value.screens;
    return (box?.width ?? 0) / (box?.height ?? 1);
  };
  expect(call.stage.layout.value.pair).toBe(false);
  expect(aspect()).toBeCloseTo(16 / 9);
  call.stage.sized('screen bob', { width: 0, height: 0 });
  expect(aspect()).toBeCloseTo(16 / 9);
  call.stage.sized('screen bob', { width: 800, height: 1000 });
  expect(aspect()).toBeCloseTo(0.8);
  bob.screen.set(null);
  expect(call.stage.layout.value.pair).toBe(true);
});

test('blocked sound of a screen is forgotten with the screen', () => {
  const bob = person('Bob');
  room.peers.set([bob]);
  bob.screen.set(someScreen());
  call.silenced('bob', () => undefined);
  call.silenced(call.screens.shown.value[0]?.key ?? '', () => undefined);
  bob.screen.set(null);
  expect([...call.silent.value.keys()]).toEqual(['bob']);
  room.peers.set([]);
  expect(call.silent.value.size).toBe(0);
});
