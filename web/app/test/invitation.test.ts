import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followWords } from '../src/model/invitation/follow-words';
import { Invitation } from '../src/model/invitation/invitation';
import { rendezvousOf } from '../src/model/invitation/spoken-words';
import { Notices } from '../src/model/notices';
import { settled, World } from './fake-platform';
import { FakePeer, FakeRoom, refusal } from './fakes';

const path = 'r/tea#AAECAwQFBgcICQoLDA0ODw';
const words = ['aardvark', 'kangaroo', 'yoyo', 'zucchini', 'napkin'];
let world: World;
let notices: Notices;
let invitation: Invitation;

beforeEach(() => {
  world = new World('r/tea');
  notices = new Notices(world.after);
  invitation = new Invitation(world, world.url + path, notices);
});

afterEach(() => invitation.end());

const guest = (id = 'bob') => new FakePeer('Guest', {} as MediaStream, id);

/** The rendezvous in which the words are open. */
async function opened(): Promise<FakeRoom> {
  const room = new FakeRoom('', 'Host');
  world.answer = async () => room;
  invitation.say();
  await vi.waitFor(() => expect(invitation.spoken.value?.state.value.is).toBe('open'), 20_000);
  return room;
}

test('the share sheet gets a sentence that names the server, and the link', async () => {
  const share = vi.fn(async () => {});
  world.share = share;
  await new Invitation(world, world.url + path, notices).share();
  expect(share).toHaveBeenCalledWith({
    title: 'Video call',
    text: 'Join my call on eyeline.example:',
    url: world.url + path,
  });
});

test('a closed share sheet is not an error', async () => {
  world.share = () => Promise.reject(new DOMException('closed', 'AbortError'));
  await new Invitation(world, world.url + path, notices).share();
});

test('the invitation that is copied is a sentence and the link, on a line of its own', async () => {
  await invitation.copy();
  expect(world.copied[0]?.split('\n').slice(0, 2)).toEqual(['Join my call on eyeline.example:', world.url + path]);
  expect(notices.shown.value).toBe('Invitation copied. Paste it into a message.');
  world.clipboard = false;
  await invitation.copy();
  expect(notices.shown.value).toBe('Your browser blocked copying. Copy the link by hand.');
});

test('the calendar file has the link, the time, and who runs the server', () => {
  world.operator = { name: 'Tea, Society', imprint: null, contact: null };
  expect(invitation.save('2026-11-30T09:30', 90)).toBe(true);
  const { name = '', text = '', type } = world.texts[0] ?? {};
  expect([name, type]).toEqual(['call.ics', 'text/calendar']);
  expect(text).toContain('SUMMARY:Video call · Tea\\, Society\r\n');
  expect(text).toContain(`URL:${world.url}${path}`);
  const utc = (local: string) => new Date(local).toISOString().replace(/[-:]|\.000/g, '');
  expect(text).toContain(`DTSTART:${utc('2026-11-30T09:30')}\r\nDTEND:${utc('2026-11-30T11:00')}\r\n`);
});

test.each(['', 'T', '2026-13-01T10:00', '12026-01-01T10:00', '2026-11-30T'])(
  '“%s” is not a date and a time',
  (local) => {
    expect(invitation.save(local, 60)).toBe(false);
    expect(world.texts).toEqual([]);
  },
);

test('an hour from now is suggested, at its start', () => {
  expect(invitation.suggestedStart()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:00$/);
  expect(new Date(invitation.suggestedStart()).getTime()).toBeGreaterThan(world.now());
});

test('a link without a key needs no words: its name can be said', () => {
  expect(invitation.speaks).toBe(true);
  expect(new Invitation(world, `${world.url}r/tea`, notices).speaks).toBe(false);
});

test('whoever comes by the words gets the link, once', async () => {
  const room = await opened();
  const [bob, carol] = [guest(), guest('carol')];
  room.peers.set([bob]);
  room.peers.set([bob, carol]);
  await settled();
  expect([bob.sent, carol.sent]).toEqual([[{ kind: 'invitation', path }], [{ kind: 'invitation', path }]]);
  expect(invitation.spoken.value?.state.value).toMatchObject({ taken: 2 });
});

test('the words meet in a room that only they lead to, under a key', async () => {
  await opened();
  const state = invitation.spoken.value?.state.value;
  const said = state?.is === 'open' ? state.words : [];
  const { room, key } = await rendezvousOf(said, world.url);
  expect(world.visits.at(-1)).toMatchObject({ room, secret: key });
});

test('after ten minutes the words lead nowhere, nor after Stop, nor after the call', async () => {
  const room = await opened();
  world.pass(599);
  expect(room.ended.current).toBeNull();
  world.pass(1);
  expect(room.ended.current).not.toBeNull();
  expect(invitation.spoken.value?.state.value).toEqual({ is: 'over' });
  const second = await opened();
  invitation.spoken.value?.stop();
  expect(second.ended.current).not.toBeNull();
  const third = await opened();
  invitation.end();
  expect(third.ended.current).not.toBeNull();
});

test('a server that does not allow it says so', async () => {
  world.answer = () => Promise.reject(refusal('pass-needed'));
  invitation.say();
  await vi.waitFor(
    () => expect(invitation.spoken.value?.state.value).toEqual({ is: 'failed', code: 'pass-needed' }),
    20_000,
  );
});

/** Somebody follows the words; the room is what they enter. */
async function following(): Promise<{ readonly room: FakeRoom; readonly followed: ReturnType<typeof followWords> }> {
  const room = new FakeRoom('', 'Guest');
  world.welcomed = false;
  world.answer = async () => room;
  const followed = followWords(world, words, new AbortController().signal);
  await vi.waitFor(() => expect(world.lobbies).toHaveLength(1), 20_000);
  world.lobbies[0]?.members.set([{ id: 'alice', name: 'Host', order: 0 }]);
  await settled();
  return { room, followed };
}

test('the guest gets the link, and leaves the rendezvous', async () => {
  const { room, followed } = await following();
  room.hear(guest('alice'), { kind: 'invitation', path });
  expect(await followed).toEqual({ is: 'call', path });
  expect(room.ended.current?.code).toBe('left');
});

test('a guest follows only an invitation to a call with a key, on this server', async () => {
  const { room, followed } = await following();
  const stranger = guest('alice');
  room.hear(stranger, { kind: 'invitation', path: 'https://elsewhere.example/r/tea#AAECAwQFBgcICQoLDA0ODw' });
  room.hear(stranger, { kind: 'invitation', path: '//elsewhere.example/r/tea#AAECAwQFBgcICQoLDA0ODw' });
  room.hear(stranger, { kind: 'invitation', path: 'r/tea' });
  room.hear(stranger, { kind: 'invitation', path: `${path}&host=AAECAwQFBgcICQoLDA0ODw` });
  room.hear(stranger, { kind: 'invitation', path: 7 });
  room.hear(stranger, { kind: 'other', path });
  room.hear(stranger, ['invitation', path]);
  room.hear(stranger, null);
  await settled();
  world.pass(30);
  expect(await followed).toEqual({ is: 'silent' });
});

test('a guest who gives up while the words are worked on goes nowhere', async () => {
  const abort = new AbortController();
  const followed = followWords(world, words, abort.signal);
  abort.abort();
  expect([await followed, world.lobbies]).toEqual([{ is: 'silent' }, []]);
});

test('nobody at the rendezvous, or a refusal: the guest is told', async () => {
  expect(await followWords(world, words, new AbortController().signal)).toEqual({ is: 'nobody' });
  world.welcomed = false;
  const followed = followWords(world, words, new AbortController().signal);
  await vi.waitFor(() => expect(world.lobbies).toHaveLength(2), 20_000);
  world.lobbies[1]?.refused.set(refusal('busy'));
  expect(await followed).toEqual({ is: 'refused', code: 'busy', message: 'busy' });
});
