import { expect, test, vi } from 'vitest';
import { ownedRoomName } from '../../sdk/src/signalling/signal-encryption';
import { App } from '../src/model/app';
import type { Call } from '../src/model/call';
import { secondsForThoseThere } from '../src/model/first-connection';
import type { LobbyModel } from '../src/model/start/lobby';
import { settled, World } from './fake-platform';
import { chatLine, FakePeer, FakeRoom, looking, refusal } from './fakes';
import { loadedChat } from './loaded-chat';

function at(app: App) {
  const page = app.page.value;
  return page.at === 'room' ? page.roomPage.state.value : page;
}

function lobby(app: App): LobbyModel {
  const place = at(app);
  if (place.at !== 'lobby') throw new Error(`at ${place.at}`);
  return place.lobby;
}

function call(app: App): Call {
  const place = at(app);
  if (place.at !== 'call') throw new Error(`at ${place.at}`);
  return place.call;
}

function say(call: Call, text: string): void {
  const chat = loadedChat(call);
  chat.type(text);
  chat.send();
}

async function joined(world: World): Promise<App> {
  const app = new App(world);
  lobby(app).type('Alice');
  await lobby(app).join();
  return app;
}

test('a new call is a room that cannot be guessed, and we are its host', async () => {
  const world = new World();
  const app = new App(world);
  await app.newCall();
  expect(world.address.path.value).toMatch(/^r\/[a-z0-9]{4}(-[a-z0-9]{4}){3}#[A-Za-z0-9_-]{22}$/);
  expect(at(app).at).toBe('lobby');
  const [{ room, owner } = { room: '', owner: null }] = world.visits;
  expect(room).toBe(await ownedRoomName(owner ?? ''));
});

test('somebody who may not enter is told so at once, and camera and microphone are released', async () => {
  const world = new World();
  world.address.go('r/tea');
  const app = new App(world);
  world.lobbies[0]?.refused.set(refusal('pass-needed'));
  await settled();
  expect(at(app)).toMatchObject({ at: 'over', code: 'pass-needed' });
  expect(world.lobbies[0]?.left).toBe(true);
});

test('a camera that is plugged in comes on by itself in the lobby, and is only offered in a call', async () => {
  const world = new World();
  world.address.go('r/tea');
  const app = new App(world);
  expect(world.media.at(-1)?.startsFound).toBe(true);
  lobby(app).type('Alice');
  await lobby(app).join();
  expect(world.media.at(-1)?.startsFound).toBe(false);
});

test.each([
  ['removed', []],
  ['ended', []],
  ['left', []],
  ['replaced', ['between us']],
])('what was said in a call that is over as %s: what the tab keeps of it', async (code, kept) => {
  const world = new World();
  world.address.go('r/tea');
  const room = new FakeRoom('tea', 'Alice');
  world.answer = async () => room;
  const app = await joined(world);
  say(call(app), 'between us');
  room.ended.set(refusal(code));
  await settled();
  world.answer = async () => new FakeRoom('tea', 'Alice');
  const again = await joined(world);
  expect(loadedChat(call(again)).lines.value.map(({ text }) => text)).toEqual(kept);
});

test('going to another address during a call deletes the stored messages', async () => {
  const world = new World();
  world.address.go('r/tea');
  const app = await joined(world);
  say(call(app), 'between us');
  world.address.go('');
  await settled();
  world.address.go('r/tea');
  const again = await joined(world);
  expect(loadedChat(call(again)).lines.value).toEqual([]);
});

test('a pass in the link is sent to the server, and is not in the copied link', async () => {
  const world = new World();
  world.address.go('r/tea#pass=e30.e30.sig');
  const app = await joined(world);
  expect(world.visits).toEqual([{ room: 'tea', secret: null, pass: 'e30.e30.sig', owner: null }]);
  expect(call(app).link).toMatch(/\/r\/tea$/);
});

test('with a pass, camera and microphone are requested once we know they may be used', async () => {
  const world = new World('r/tea#pass=e30.e30.sig');
  world.welcomed = false;
  const app = new App(world);
  await settled();
  const [media] = world.media;
  expect(media?.wish).toBeUndefined();
  world.lobbies[0]?.permissions.set(new Set(['microphone']));
  world.lobbies[0]?.members.set([]);
  await settled();
  expect(media?.wish).toMatchObject({ microphone: true, camera: false });
  expect(lobby(app).devices.isOn('camera')).toBe(false);
  await lobby(app).devices.toggle('camera');
  expect(media?.camera.current.state).toBe('off');
});

test('without a pass they are requested at once, and released if they may not be used', async () => {
  const world = new World('r/tea');
  world.welcomed = false;
  const app = new App(world);
  await settled();
  expect(lobby(app).devices.isOn('camera')).toBe(true);
  world.lobbies[0]?.permissions.set(new Set(['microphone', 'chat']));
  await settled();
  expect(world.media[0]?.released).toEqual(['camera']);
  expect(lobby(app).devices.isOn('camera')).toBe(false);
  expect(lobby(app).devices.isOn('microphone')).toBe(true);
});

test('without WebRTC a link says so, and asks for neither camera nor name', () => {
  const world = new World('r/tea');
  world.webrtc = false;
  const app = new App(world);
  expect(at(app).at).toBe('no-webrtc');
  expect([world.media, world.lobbies]).toEqual([[], []]);
});

test('an error in the page while joining is our own fault, not the server’s', async () => {
  const reported: unknown[] = [];
  vi.stubGlobal('queueMicrotask', (report: () => void) => reported.push(report));
  const world = new World('r/tea');
  world.answer = () => Promise.reject(new TypeError('x is not a function'));
  const app = new App(world);
  await settled();
  lobby(app).type('Alice');
  await lobby(app).join();
  expect([lobby(app).refusal.value?.code, reported.length]).toEqual(['page-error', 1]);
  vi.unstubAllGlobals();
});

test('without HTTPS a new call has no key, and a link with one says why it does not work', async () => {
  const world = new World();
  world.secure = false;
  const app = new App(world);
  await app.newCall();
  expect(world.address.path.value).not.toContain('#');
  world.address.go('r/tea#AAECAwQFBgcICQoLDA0ODw');
  expect(at(app).at).toBe('insecure');
});

test('the title of the lobby says where you are', () => {
  expect(new App(new World('r/2kmk-81jd-c9xa-w8wc')).title.value).toBe('Call lobby · Eyeline');
});

test('the key goes to the people who are invited, and never into the title', async () => {
  const world = new World('r/tea#AAECAwQFBgcICQoLDA0ODw');
  const app = await joined(world);
  expect(world.visits).toContainEqual({ room: 'tea', secret: 'AAECAwQFBgcICQoLDA0ODw', pass: null, owner: null });
  expect(call(app).link).toBe(`${world.url}r/tea#AAECAwQFBgcICQoLDA0ODw`);
  expect(app.title.value).not.toContain('AAEC');
});

test('somebody without the key is told to ask for the full link', () => {
  const world = new World('r/tea');
  const app = new App(world);
  world.lobbies[0]?.strangers.set(1);
  expect(lobby(app).status.value).toEqual({ is: 'keyless' });
});

test('somebody without the key of the link is counted, not connected', async () => {
  const world = new World('r/coffee#AAECAwQFBgcICQoLDA0ODw');
  const room = new FakeRoom('coffee', 'Alice');
  world.answer = async () => room;
  const app = await joined(world);
  expect(call(app).warnings.value).toEqual([]);
  room.strangers.set([{ id: 'mallory1', name: '', order: 1 }]);
  expect(call(app).warnings.value.map(({ words }) => words)).toEqual([
    'Somebody tried to join without the key in your link. They are not connected to you.',
  ]);
});

test("the host's link makes a host, and is gone from the address at once", async () => {
  const owner = 'AAECAwQFBgcICQoLDA0ODQ';
  const world = new World(`r/tea#AAECAwQFBgcICQoLDA0ODw&host=${owner}`);
  const app = await joined(world);
  expect(world.renamed).toEqual(['r/tea#AAECAwQFBgcICQoLDA0ODw']);
  expect(world.visits.at(-1)?.owner).toBe(owner);
  expect(call(app).link).not.toContain(owner);
  expect(call(app).people.hostLink).toBe(`${world.url}r/tea#AAECAwQFBgcICQoLDA0ODw&host=${owner}`);
  expect(new World().memory.get('eyeline:owner:tea')).toBeNull();
});

test('the lobby opens the room, asks for camera and microphone, and prepares a connection', async () => {
  const world = new World('r/tea');
  const app = new App(world);
  await settled();
  expect(lobby(app).status.value).toEqual({ is: 'here', names: [] });
  expect(world.media[0]?.wish).toEqual({ microphone: true, camera: true });
  expect(world.lobbies[0]?.prepared).toBeGreaterThan(0);
});

test('joining needs a name, and remembers it', async () => {
  const world = new World('r/tea');
  const app = new App(world);
  await lobby(app).join();
  expect(lobby(app).nameProblem.value).toEqual({ is: 'empty' });
  lobby(app).type('  Alice ');
  await lobby(app).join();
  expect(call(app).me.name).toBe('Alice');
  expect(world.memory.get('eyeline:name')).toBe('Alice');
});

test('a refusal leaves the lobby usable', async () => {
  const world = new World('r/tea');
  const app = new App(world);
  const [sdkLobby] = world.lobbies;
  if (sdkLobby === undefined) throw new Error('no visit');
  const answer = sdkLobby.answer;
  sdkLobby.answer = () => Promise.reject(refusal('room-full'));
  lobby(app).type('Alice');
  await lobby(app).join();
  expect(lobby(app).refusal.value?.code).toBe('room-full');
  sdkLobby.answer = answer;
  await lobby(app).join();
  expect(at(app).at).toBe('call');
});

test('one press joins once', async () => {
  const world = new World('r/tea');
  const app = new App(world);
  let tries = 0;
  Object.assign(world.lobbies[0] ?? {}, { answer: () => new Promise(() => (tries += 1)) });
  lobby(app).type('Alice');
  void lobby(app).join();
  void lobby(app).join();
  await settled();
  expect(tries).toBe(1);
});

test('after a reload during a call you are back without the lobby', async () => {
  const world = new World('r/tea');
  world.session.set('eyeline:in:tea', 'in');
  world.seat = new FakeRoom('tea', 'Alice');
  const app = new App(world);
  expect(at(app).at).toBe('returning');
  await settled();
  expect(call(app).me.name).toBe('Alice');
  expect(world.lobbies).toHaveLength(0);
});

test('the call is drawn once our offer is on its way, connected or not', async () => {
  const world = new World('r/tea');
  const bob = new FakePeer('Bob', {} as MediaStream);
  bob.connection.set(looking);
  world.session.set('eyeline:in:tea', 'in');
  world.seat = new FakeRoom('tea', 'Alice');
  world.seat.peers.set([bob]);
  const app = new App(world);
  await settled();
  expect(at(app).at).toBe('returning');
  world.pass(secondsForThoseThere);
  await settled();
  expect(call(app).others.value.map((one) => one.connection.value.state)).toEqual(['looking']);
});

test('if the seat is gone after a reload, the lobby opens', async () => {
  const world = new World('r/tea');
  world.session.set('eyeline:in:tea', 'in');
  const app = new App(world);
  await settled();
  expect(at(app).at).toBe('lobby');
});

test('after the call its length is known, over a reload too, and its chat can be saved if there was any', async () => {
  const world = new World('r/tea');
  world.pass(1);
  const room = new FakeRoom('tea', 'Alice');
  world.answer = async () => room;
  const app = await joined(world);
  world.pass(600);
  world.seat = new FakeRoom('tea', 'Alice');
  const reloaded = new App(world);
  await settled();
  say(call(reloaded), 'between us');
  world.pass(120);
  call(reloaded).leave();
  const left = at(reloaded);
  if (left.at !== 'over') throw new Error(`at ${left.at}`);
  expect(left.call?.seconds).toBe(720);
  left.call?.saveChat?.();
  expect(world.texts.map(({ name, text }) => [name, text.includes('between us')])).toEqual([['chat-tea.txt', true]]);
  call(app).leave();
  expect(at(app)).toMatchObject({ at: 'over', call: { saveChat: null } });
});

test('leaving stops the camera, forgets the seat, and offers a way back', async () => {
  const world = new World('r/tea');
  const app = await joined(world);
  expect(world.session.get('eyeline:in:tea')).not.toBeNull();
  call(app).leave();
  expect(at(app)).toMatchObject({ at: 'over', code: 'left' });
  expect(world.media[0]?.stopped).toBe(true);
  expect(world.session.get('eyeline:in:tea')).toBeNull();
  expect(app.title.value).toBe('You left · Eyeline');
});

test('leaving before the code for files is loaded ends what the page before a reload was transferring', async () => {
  const world = new World('r/tea');
  const keys = ['eyeline:sending:tea', 'eyeline:receiving:tea'];
  for (const key of keys) world.session.set(key, JSON.stringify([{ page: 'earlier', entries: [] }]));
  const app = await joined(world);
  call(app).leave();
  expect(keys.map((key) => world.session.get(key))).toEqual([null, null]);
});

test('rejoining is one click', async () => {
  const world = new World('r/tea');
  const app = await joined(world);
  call(app).leave();
  if (app.page.value.at === 'room') app.page.value.roomPage.rejoin();
  await settled();
  expect(at(app).at).toBe('call');
  expect(world.media).toHaveLength(2);
});

test('going home leaves the call', async () => {
  const world = new World('r/tea');
  const app = await joined(world);
  app.goHome();
  expect(at(app).at).toBe('home');
  expect(world.media[0]?.stopped).toBe(true);
  expect(world.session.get('eyeline:in:tea')).toBeNull();
});

test('a join that succeeds after you left is undone', async () => {
  const world = new World('r/tea');
  const app = new App(world);
  const room = new FakeRoom('tea', 'Alice');
  let enter = (_: FakeRoom) => {};
  Object.assign(world.lobbies[0] ?? {}, { answer: () => new Promise<FakeRoom>((resolve) => (enter = resolve)) });
  lobby(app).type('Alice');
  void lobby(app).join();
  app.goHome();
  enter(room);
  await settled();
  expect(room.ended.current?.code).toBe('left');
});

test('the microphone that was muted last time stays muted', async () => {
  const world = new World('r/tea');
  const app = await joined(world);
  await call(app).toggle('microphone');
  app.goHome();
  world.address.go('r/tea');
  expect(world.media[1]?.wish).toEqual({ microphone: false, camera: true });
});

test('stored settings may be anything', () => {
  const world = new World('r/tea');
  world.memory.set('eyeline:equipment', '{"camera": 7, "cameraId": {}');
  new App(world);
  expect(world.media[0]?.wish).toEqual({ microphone: true, camera: true });
});

test('the title shows who is there, how many messages are unread, and who is knocking', async () => {
  const world = new World('r/tea');
  const room = new FakeRoom('tea', 'Alice');
  const bob = new FakePeer('Bob', {} as MediaStream);
  world.session.set('eyeline:in:tea', 'in');
  world.seat = room;
  const app = new App(world);
  await settled();
  expect(app.title.value).toBe('Nobody else here · Eyeline');
  room.peers.set([bob]);
  loadedChat(call(app));
  room.hear(bob, chatLine('hello', 0));
  expect(app.title.value).toBe('(1) Bob · Eyeline');
  await settled();
  room.moderation.knocks.set([{ id: 'carol', name: 'Carol' }]);
  expect(app.title.value).toBe('(1) Carol is knocking · Eyeline');
});

test('an invalid room name is reported, and never sent to the server', () => {
  const world = new World('r/no_room');
  expect(at(new App(world)).at).toBe('bad-room');
  expect(world.lobbies).toHaveLength(0);
});

test.each(['r/tea%23KEY', 'r/tea#KEY.', 'r/tea#KEY)', 'r/tea#KEY%22', 'r/tea#KEY%E2%80%9D', 'r/tea%23KEY%2E'])(
  'the damaged link %s is understood, and repaired in the address bar',
  (path) => {
    const world = new World();
    const key = 'AAECAwQFBgcICQoLDA0ODw';
    world.address.go(path.replace('KEY', key));
    new App(world);
    expect(world.visits).toMatchObject([{ room: 'tea', secret: key }]);
    expect(world.renamed).toEqual([`r/tea#${key}`]);
  },
);

test('a key that is damaged for good leaves the path too, and an intact link is not touched', () => {
  const world = new World();
  world.address.go('r/tea%23short');
  expect(new App(world).page.value.at).toBe('bad-key');
  world.address.go('r/tea#AAECAwQFBgcICQoLDA0ODw');
  new App(world);
  expect(world.renamed).toEqual(['r/tea#short']);
});
