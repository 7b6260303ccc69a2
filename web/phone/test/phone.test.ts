import { expect, test } from 'vitest';
import { settled } from '../../app/test/fake-platform';
import { Phone } from '../src/model/phone';
import type { Softphone } from '../src/model/softphone';
import { MessageError } from '../src/platform/user-agent';
import { bob, carol, type FakeAgent, type FakeCall, PhoneWorld } from './fake-user-agent';

interface SignedIn {
  readonly world: PhoneWorld;
  readonly phone: Phone;
  readonly softphone: Softphone;
  readonly agent: FakeAgent;
}

async function signedIn(world = new PhoneWorld()): Promise<SignedIn> {
  const phone = new Phone(world);
  phone.user.value = 'alice';
  phone.password.value = 'secret';
  phone.signIn();
  world.agent.registered();
  await settled();
  const softphone = phone.softphone.peek();
  if (softphone === null) throw new Error('not signed in');
  return { world, phone, softphone, agent: world.agent };
}

/** Calls Bob, and he answers. */
async function talking({ softphone, agent }: SignedIn, video = false): Promise<FakeCall> {
  await softphone.calls.dial(bob, video);
  const call = agent.calls.at(-1);
  if (call === undefined) throw new Error('no call');
  call.establish();
  return call;
}

test('a wrong password leads back to the form, which says so', async () => {
  const world = new PhoneWorld();
  const phone = new Phone(world);
  phone.user.value = 'alice';
  phone.password.value = 'wrong';
  phone.signIn();
  world.agent.refused(401);
  expect(phone.softphone.peek()).toBeNull();
  expect(phone.problem.peek()).toBe('wrong');
  expect([phone.user.peek(), phone.password.peek()]).toEqual(['alice', '']);
  expect(world.agent.stopped).toBe(true);
});

test('an empty form signs nobody in', () => {
  const world = new PhoneWorld();
  const phone = new Phone(world);
  phone.signIn();
  expect([phone.problem.peek(), world.agents]).toEqual(['empty', []]);
});

test('a link signs in with the name that a site issued, and fills in whom to call', () => {
  const world = new PhoneWorld();
  world.fragment = 'user=1764460800:alice&password=a%2Bb&to=bob';
  const phone = new Phone(world);
  expect(world.agent.account).toEqual({ user: 'alice', login: '1764460800:alice', password: 'a+b' });
  expect(phone.dialled.peek()).toBe('bob');
});

test('a reload keeps you signed in, and signing out ends that', async () => {
  const { world, phone } = await signedIn();
  new Phone(world);
  expect(world.agents).toHaveLength(2);
  phone.signOut();
  new Phone(world);
  expect(world.agents).toHaveLength(2);
});

test('a server that fails is asked again, and nobody is signed out', async () => {
  const { world, phone, softphone, agent } = await signedIn();
  agent.refused(503);
  expect(softphone.registration.peek()).toBe('away');
  world.pass(10);
  expect(agent.registrations).toBe(1);
  agent.refused(null);
  expect(phone.softphone.peek()).toBe(softphone);
});

test('a cut connection is said, and forgets who is online', async () => {
  const world = new PhoneWorld();
  const { softphone, agent } = await signedIn(world);
  agent.answer = { online: ['alice', 'bob'], iceServers: [{ urls: 'stun:stun.example' }] };
  world.pass(30);
  await settled();
  expect(softphone.people.list.value.map(({ name, online }) => [name, online])).toEqual([['bob', true]]);
  expect(agent.servers).toEqual([{ urls: 'stun:stun.example' }]);
  softphone.people.add(bob);
  agent.disconnected();
  expect(softphone.registration.peek()).toBe('away');
  expect(softphone.people.find(bob.uri)?.online).toBeNull();
});

test('whoever writes is looked up at once, and a flood of messages asks the server once', async () => {
  const { world, softphone, agent } = await signedIn();
  world.pass(5);
  agent.answer = { online: ['bob'], iceServers: [] };
  const asked = agent.asked;
  for (let count = 0; count < 20; count += 1) agent.receives(bob, 'Hello');
  await settled();
  expect([agent.asked - asked, softphone.people.find(bob.uri)?.online]).toEqual([1, true]);
  expect(world.sounds).toEqual(['message']);
});

test('a name that somebody sends is one line of at most 64 letters, and hides nothing', async () => {
  const { softphone, agent } = await signedIn();
  agent.receives({ uri: bob.uri, name: `Your\n\u202ebank${'k'.repeat(100)}` }, 'Hello');
  expect(softphone.people.find(bob.uri)?.name).toBe(`Your bank${'k'.repeat(55)}`);
});

test('nobody is shown by a name that is somebody else’s, whoever comes first', async () => {
  const { world, softphone, agent } = await signedIn();
  const mallory = { uri: 'sip:mallory@eyeline.example', name: 'B0b' };
  agent.receives(mallory, 'Hello');
  expect(softphone.nameOf(mallory)).toBe('B0b');
  agent.receives(bob, 'Hello');
  expect([mallory, bob].map((who) => softphone.nameOf(who))).toEqual(['mallory', 'bob']);
  agent.receives(carol, 'Hello');
  expect(softphone.nameOf({ ...mallory, name: 'Carol  Danvers' })).toBe('mallory');
  agent.answer = { online: ['dave'], iceServers: [] };
  world.pass(30);
  await settled();
  expect(softphone.nameOf({ ...mallory, name: 'Dave' })).toBe('mallory');
  expect(softphone.nameOf({ ...mallory, name: 'Alice' })).toBe('mallory');
});

test('what was typed becomes an address, or a problem that is said', async () => {
  const { softphone } = await signedIn();
  expect(softphone.find('bob')?.uri).toBe('sip:bob@eyeline.example');
  expect(softphone.find('dave@Other.Example')?.uri).toBe('sip:dave@other.example');
  expect(softphone.find('  ')).toBeNull();
  expect(softphone.badAddress.peek()).toBe('none');
});

test('the link to a call is dialled, unless its secret is in the link', async () => {
  const { softphone } = await signedIn();
  expect(softphone.find(' https://eyeline.example/call/r/tea ')?.uri).toBe('sip:tea@eyeline.example');
  expect(softphone.find('https://eyeline.example/call/r/tea#AAECAwQFBgcICQoLDA0ODw')).toBeNull();
  expect(softphone.badAddress.peek()).toBe('sealed');
  expect(softphone.find('https://elsewhere.example/r/tea')).toBeNull();
});

test('an incoming call rings with sound, title and icon until it is answered', async () => {
  const { world, phone, softphone, agent } = await signedIn();
  const call = agent.rings(carol);
  expect([world.sounds, world.marked]).toEqual([['ring'], true]);
  world.pass(3);
  expect(world.sounds).toEqual(['ring', 'ring']);
  expect(phone.title.value).toBe('Carol Danvers is calling · Eyeline phone');
  const [rings] = softphone.calls.incoming.value;
  if (rings !== undefined) await softphone.calls.answer(rings, false);
  expect([call.done, world.marked]).toEqual([['answer'], false]);
  world.pass(30);
  expect(world.sounds).toEqual(['ring', 'ring']);
});

test('a call that rings while nobody looks is a notification, if they are on', async () => {
  const { world, softphone, agent } = await signedIn();
  await softphone.ringing.notifications.peek()?.toggle();
  world.seen.value = false;
  agent.rings(carol, true);
  expect(world.notified.map(({ title, body }) => [title, body])).toEqual([['Carol Danvers is calling', 'Video call']]);
});

test('a call that nobody answered was missed, and is marked until it is seen', async () => {
  const { softphone, agent } = await signedIn();
  agent.rings(carol).now({ is: 'ended', why: 'cancelled', by: 'them' });
  expect(softphone.people.find(carol.uri)).toMatchObject({ unread: 1, name: 'Carol Danvers' });
  softphone.show(carol.uri);
  expect(softphone.people.find(carol.uri)?.unread).toBe(0);
});

test('a call answered on another device was not missed', async () => {
  const { softphone, agent } = await signedIn();
  agent.rings(carol).now({ is: 'ended', why: 'elsewhere', by: 'them' });
  expect(softphone.people.find(carol.uri)?.unread).toBe(0);
});

test('declining stops all devices; do not disturb only says busy', async () => {
  const { softphone, agent } = await signedIn();
  const declined = agent.rings(carol);
  softphone.calls.incoming.value[0]?.decline('declined');
  softphone.calls.busy.value = true;
  const busy = agent.rings(bob);
  expect([declined.done, busy.done]).toEqual([['declined'], ['busy']]);
  expect(softphone.calls.list.value).toEqual([]);
});

test('whoever calls a fifth time hears that we are busy', async () => {
  const { agent } = await signedIn();
  const calls = [bob, carol, bob, carol, bob].map((from) => agent.rings(from));
  expect(calls.map(({ done }) => done)).toEqual([[], [], [], [], ['busy']]);
});

test('answering a second call puts the first on hold, and switching turns that round', async () => {
  const one = await signedIn();
  const { softphone, agent } = one;
  const first = await talking(one);
  const second = agent.rings(carol);
  const [waiting] = softphone.calls.incoming.value;
  if (waiting !== undefined) await softphone.calls.answer(waiting, true);
  second.establish();
  expect(first.done).toEqual(['hold']);
  expect(softphone.calls.current.peek()?.remote).toBe(carol);
  const [behind] = softphone.calls.waiting.value;
  if (behind !== undefined) softphone.calls.switchTo(behind);
  expect([first.done, second.done]).toEqual([
    ['hold', 'resume'],
    ['answer', 'hold'],
  ]);
});

test('without a microphone no call is made, and one that rings goes on ringing', async () => {
  const { world, softphone, agent } = await signedIn();
  world.problems.microphone = 'denied';
  await softphone.calls.dial(bob, false);
  expect([agent.calls, softphone.calls.list.peek(), softphone.calls.problem.peek()]).toEqual([[], [], 'denied']);
  const call = agent.rings(carol);
  const [rings] = softphone.calls.incoming.value;
  if (rings !== undefined) await softphone.calls.answer(rings, false);
  expect([call.done, softphone.calls.incoming.value.length, softphone.calls.current.peek()]).toEqual([[], 1, null]);
});

test('without a camera a video call is a voice call, and says why', async () => {
  const one = await signedIn();
  one.world.problems.camera = 'busy';
  await talking(one, true);
  const call = one.softphone.calls.current.peek();
  expect([call?.camera.peek(), call?.cameraProblem.peek(), call?.state.peek()]).toEqual([null, 'busy', 'established']);
});

test('microphone and camera are released when a call ends, whoever ends it', async () => {
  const one = await signedIn();
  const call = await talking(one, true);
  expect([one.world.awake, one.world.warns]).toEqual([true, true]);
  call.now({ is: 'ended', why: 'over', by: 'them' });
  expect(one.world.tracks.map(({ kind, stopped }) => [kind, stopped])).toEqual([
    ['audio', true],
    ['video', true],
  ]);
  expect([one.world.awake, one.world.warns]).toEqual([false, false]);
});

test('hanging up while the browser asks for the microphone makes no call', async () => {
  const { world, softphone, agent } = await signedIn();
  const dialling = softphone.calls.dial(bob, false);
  softphone.calls.current.peek()?.hangUp();
  await dialling;
  expect(agent.calls).toEqual([]);
  expect(world.tracks.every(({ stopped }) => stopped)).toBe(true);
});

test('the camera is off only when its light is off', async () => {
  const one = await signedIn();
  const sip = await talking(one, true);
  const call = one.softphone.calls.current.peek();
  if (call === null) throw new Error('no call');
  await one.softphone.calls.toggleCamera(call);
  expect([one.world.tracks[1]?.stopped, sip.done]).toEqual([true, ['no video']]);
  await one.softphone.calls.toggleCamera(call);
  expect(sip.done).toEqual(['no video', 'video']);
});

test('a blind transfer leaves the call once the other has it', async () => {
  const one = await signedIn();
  const sip = await talking(one);
  const { transfer, current } = one.softphone.calls;
  const call = current.peek();
  if (call !== null) transfer.blind(call, carol);
  expect(sip.done).toEqual(['hold', 'transfer to sip:carol@eyeline.example']);
  sip.transferred({ is: 'done' });
  expect(sip.done.at(-1)).toBe('hang up');
  expect(transfer.state.peek()).toEqual({ is: 'done', to: carol });
});

test('a transfer that fails keeps the call', async () => {
  const one = await signedIn();
  const sip = await talking(one);
  const { transfer, current } = one.softphone.calls;
  const call = current.peek();
  if (call !== null) transfer.blind(call, carol);
  sip.transferred({ is: 'failed', status: 486 });
  expect(transfer.state.peek()).toEqual({ is: 'failed', to: carol, status: 486 });
  expect(call?.live.peek()).toBe(true);
});

test('an attended transfer connects the two calls, and leaves both', async () => {
  const one = await signedIn();
  const { calls } = one.softphone;
  const first = await talking(one);
  const call = calls.current.peek();
  if (call === null) throw new Error('no call');
  await calls.consult(call, carol);
  const second = one.agent.calls[1];
  second?.establish();
  expect(first.done).toEqual(['hold']);
  calls.transfer.complete();
  expect(first.done.at(-1)).toBe('transfer to the call with sip:carol@eyeline.example');
  first.transferred({ is: 'done' });
  expect([first.done.at(-1), second?.done.at(-1), calls.list.peek()]).toEqual(['hang up', 'hang up', []]);
});

test('asking first ends as a plain second call if the other does not answer', async () => {
  const one = await signedIn();
  const { calls } = one.softphone;
  await talking(one);
  const call = calls.current.peek();
  if (call === null) throw new Error('no call');
  await calls.consult(call, carol);
  one.agent.calls[1]?.now({ is: 'ended', why: 'busy', by: 'them' });
  expect(calls.transfer.state.peek()).toEqual({ is: 'none' });
  expect(calls.current.peek()).toBe(call);
});

test('whoever passes us on: the new call takes the place of theirs', async () => {
  const one = await signedIn();
  const sip = await talking(one);
  const next = one.agent.call(carol.uri);
  sip.now({ is: 'refer', to: carol, accept: () => next });
  await settled();
  next.establish();
  sip.now({ is: 'ended', why: 'over', by: 'them' });
  expect(one.softphone.calls.list.peek().map(({ remote }) => remote)).toEqual([carol]);
  expect(one.softphone.calls.current.peek()?.remote).toBe(carol);
});

test('a call that replaces ours is answered by itself', async () => {
  const one = await signedIn();
  const sip = await talking(one);
  const next = one.agent.call(carol.uri);
  sip.now({ is: 'replaced', call: next });
  await settled();
  expect(next.done).toEqual(['answer']);
  expect(one.world.sounds).toEqual([]);
});

test('messages are kept with their delivery, and new ones are marked until they are seen', async () => {
  const { world, softphone, agent } = await signedIn();
  await softphone.write(bob, 'Are you there?');
  agent.delivery = () => Promise.reject(new MessageError(480));
  await softphone.write(bob, 'Hello?');
  agent.receives({ ...bob, uri: 'sip:bob@EYELINE.example;transport=ws' }, 'Yes!');
  const contact = softphone.people.find(bob.uri);
  expect(contact?.entries.map((entry) => entry.kind === 'message' && [entry.text, entry.sent])).toEqual([
    ['Are you there?', 'sent'],
    ['Hello?', 'failed'],
    ['Yes!', 'sent'],
  ]);
  expect([contact?.unread, world.sounds]).toEqual([1, ['message']]);
});

test('people are kept for the next visit, and what was written only until the page is closed', async () => {
  const { world, softphone } = await signedIn();
  await softphone.write(bob, 'Are you there?');
  world.pass(1);
  const again = new PhoneWorld();
  for (const key of ['eyeline:phone:people:sip:alice@eyeline.example'])
    again.memory.set(key, world.memory.get(key) ?? '');
  const { softphone: later } = await signedIn(again);
  expect(later.people.list.value.map(({ name, entries }) => [name, entries])).toEqual([['bob', []]]);
});

test('what was written is stored before a hidden page is closed, and forgotten when somebody signs out', async () => {
  const { world, phone, softphone } = await signedIn();
  const written = () => (world.session.get('eyeline:phone:people:sip:alice@eyeline.example') ?? '').includes('secret');
  await softphone.write(bob, 'a secret');
  expect(written()).toBe(false);
  world.seen.value = false;
  expect(written()).toBe(true);
  phone.signOut();
  expect(written()).toBe(false);
});

test('a list that somebody has damaged is forgotten', async () => {
  const world = new PhoneWorld();
  world.memory.set('eyeline:phone:people:sip:alice@eyeline.example', '[{"uri":7}]');
  const { softphone } = await signedIn(world);
  expect(softphone.people.list.value).toEqual([]);
});
