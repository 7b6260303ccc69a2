import { beforeEach, expect, test, vi } from 'vitest';
import { CodeEntry } from '../src/model/start/code-entry';
import { pageWords } from '../src/strings/pages';
import { settled, World } from './fake-platform';
import { FakePeer, FakeRoom } from './fakes';

const key = 'AAECAwQFBgcICQoLDA0ODw';
let world: World;
let entry: CodeEntry;

beforeEach(() => {
  world = new World('');
  entry = new CodeEntry(world);
});

test('of a pasted text only the link stays', () => {
  expect(entry.paste(`Join my call:\nhttps://eyeline.example/call/r/tea#${key}\nSee you!`)).toBe(true);
  expect(entry.code.value).toBe(`https://eyeline.example/call/r/tea#${key}`);
});

test.each(['tea', 'See you!', 'https://eyeline.example/call/r/tea', ''])('“%s” is pasted as it is', (text) => {
  expect(entry.paste(text)).toBe(false);
  expect(entry.code.value).toBe('');
});

test('words lead to the call of the person who said them', async () => {
  const room = new FakeRoom('', 'Guest');
  world.answer = async () => room;
  world.welcomed = false;
  entry.type('aardvark kangaroo yo-yo zucchini napkin');
  const joined = entry.join();
  expect(entry.following.value).toBe(true);
  await vi.waitFor(() => expect(world.lobbies).toHaveLength(1), 20_000);
  world.lobbies[0]?.members.set([{ id: 'alice', name: 'Host', order: 0 }]);
  await settled();
  room.hear(new FakePeer('Host', {} as MediaStream), { kind: 'invitation', path: `r/tea#${key}` });
  await joined;
  expect(world.address.path.value).toBe(`r/tea#${key}`);
  expect(entry.following.value).toBe(false);
});

test('a page that shows something else by then is not taken away', async () => {
  world.welcomed = false;
  entry.type('aardvark kangaroo yoyo zucchini napkin');
  const joined = entry.join();
  await vi.waitFor(() => expect(world.lobbies).toHaveLength(1), 20_000);
  entry.end();
  await joined;
  expect(world.address.path.value).toBe('');
  expect(world.lobbies[0]?.left).toBe(true);
});

test('nor is it taken to a room while the words are looked up', async () => {
  entry.type('Our weekly team tea time');
  const joined = entry.join();
  entry.end();
  await joined;
  expect(world.address.path.value).toBe('');
});

test('a slip of the tongue is put right and asked about', async () => {
  entry.type('aardvark kangarro yoyo zucchini napkin');
  await entry.join();
  expect(entry.problem.value).toEqual({ is: 'nearly', words: ['aardvark', 'kangaroo', 'yoyo', 'zucchini', 'napkin'] });
  expect(entry.code.value).toBe('aardvark kangaroo yoyo zucchini napkin');
  expect(world.lobbies).toEqual([]);
});

test('four words of an invitation are questioned once, and open a room only if Join is pressed again', async () => {
  entry.type('aardvark kangaroo yoyo zucchini');
  await entry.join();
  expect(entry.problem.value).toEqual({ is: 'miscounted', count: 4 });
  expect(pageWords.home.problem({ is: 'miscounted', count: 4 })).toMatch(
    /^Invitations have five words; you typed four\./,
  );
  expect(world.address.path.value).toBe('');
  await entry.join();
  expect(world.address.path.value).toBe('r/aardvark-kangaroo-yoyo-zucchini');
});

test('five words of another kind are the name of a room', async () => {
  entry.type('Our weekly team tea time');
  await entry.join();
  expect(world.address.path.value).toBe('r/our-weekly-team-tea-time');
});

test('without HTTPS words can’t be followed, and the page says so', async () => {
  world.secure = false;
  entry.type('aardvark kangaroo yoyo zucchini napkin');
  await entry.join();
  expect(entry.problem.value).toEqual({ is: 'insecure' });
});

test('the name of a new call without its key is questioned before the lobby, once', async () => {
  entry.type('2kmk 81jd C9XA w8wc');
  await entry.join();
  expect(entry.problem.value).toEqual({ is: 'keyless' });
  expect(world.address.path.value).toBe('');
  await entry.join();
  expect(world.address.path.value).toBe('r/2kmk-81jd-c9xa-w8wc');
});

test.each([`2kmk-81jd-c9xa-w8wc#${key}`, 'https://eyeline.example/call/r/2kmk-81jd-c9xa-w8wc', 'team-chat-next-week'])(
  '%s is not questioned',
  async (code) => {
    entry.type(code);
    await entry.join();
    expect(entry.problem.value).toBeNull();
  },
);
