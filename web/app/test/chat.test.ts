import type { Json } from '@eyeline/sdk';
import { beforeEach, describe, expect, test } from 'vitest';
import { Chat } from '../src/model/chat';
import { FakePeer, FakeRoom, refusal } from './fakes';
import { settled, World } from './outside';

const bob = new FakePeer('Bob', {} as MediaStream);
let world: World;
let room: FakeRoom;
let chat: Chat;

beforeEach(() => {
  world = new World();
  room = new FakeRoom('tea', 'Alice');
  chat = new Chat(world, room);
});

const say = (text: string) => {
  chat.draft.value = text;
  chat.send();
};

test('a line is shown as sent only once everybody has it', async () => {
  let arrive = () => {};
  room.delivery = () => new Promise((resolve) => (arrive = resolve));
  say('hello');
  expect(chat.lines.value[0]?.delivery).toBe('sending');
  arrive();
  await settled();
  expect(chat.lines.value[0]?.delivery).toBe('delivered');
});

test('a line that Bob did not get says so', async () => {
  room.delivery = () => Promise.reject(refusal('gone', 'Bob'));
  say('hello');
  await settled();
  expect(chat.lines.value[0]).toMatchObject({ delivery: 'missed', missed: 'Bob' });
});

test('on the wire a line is kind, id and text', () => {
  say(' two\nlines ');
  expect(room.sent).toEqual([{ kind: 'chat', id: expect.stringMatching(/^\d+-1$/), text: 'two\nlines' }]);
});

test('an empty draft and one that is too long stay where they are', () => {
  say('  ');
  say('x'.repeat(4001));
  expect(chat.excess.value).toBe(1);
  expect(room.sent).toEqual([]);
  expect(chat.draft.value).toHaveLength(4001);
});

test('control characters of others are seen as such', () => {
  chat.receive(bob, { kind: 'chat', id: '1', text: 'a\u0000b\r\nc\td' });
  expect(chat.lines.value[0]?.text).toBe('a\ufffdb\nc\td');
});

test('ten thousand characters are cut', () => {
  chat.receive(bob, { kind: 'chat', id: '1', text: 'x'.repeat(10_000) });
  expect(chat.lines.value[0]?.text).toBe(`${'x'.repeat(4000)}…`);
});

const strange: Json[] = [
  null,
  1,
  'chat',
  [],
  {},
  { kind: 'chat' },
  { kind: 'chat', id: 1, text: 'x' },
  { kind: 'chat', id: '1', text: [] },
];
test.each([...strange, { kind: 'chat', id: '1', text: ' \n' }, { kind: 'file', id: '1', text: 'x' }])(
  '%o is not a line',
  (message) => {
    expect(chat.receive(bob, message)).toBeNull();
    expect(chat.lines.value).toEqual([]);
  },
);

test('the same id twice is two lines, each with its own key', () => {
  for (const text of ['one', 'two']) chat.receive(bob, { kind: 'chat', id: '1', text });
  expect(new Set(chat.lines.value.map((line) => line.key)).size).toBe(2);
});

test('what came while the chat was closed is unread until it opens', () => {
  chat.receive(bob, { kind: 'chat', id: '1', text: 'hello' });
  expect(chat.unread.value).toBe(1);
  chat.show(true);
  chat.receive(bob, { kind: 'chat', id: '2', text: 'again' });
  expect(chat.unread.value).toBe(0);
});

test('five hundred lines are kept', () => {
  for (let id = 0; id < 600; id += 1) chat.receive(bob, { kind: 'chat', id: `${id}`, text: `${id}` });
  expect(chat.lines.value).toHaveLength(500);
  expect(chat.lines.value[0]?.text).toBe('100');
});

describe('what was written before somebody came', () => {
  const asks = (peer: FakePeer) => chat.receive(peer, { kind: 'chat-ask' });
  const before = (...lines: Json[]) => chat.receive(bob, { kind: 'chat-before', lines });
  const texts = () => chat.lines.value.map((line) => line.text);
  beforeEach(() => world.pass(60));

  test('everybody is asked once', () => {
    const carol = new FakePeer('Carol', {} as MediaStream);
    chat.meet([carol]);
    chat.meet([carol]);
    expect(carol.sent).toEqual([{ kind: 'chat-ask' }]);
  });

  test('who asks is told what we wrote ourselves, in parts that fit', () => {
    chat.receive(bob, { kind: 'chat', id: '1', text: 'not mine to tell' });
    for (let n = 1; n <= 120; n += 1) say(`line ${n}`);
    const carol = new FakePeer('Carol', {} as MediaStream);
    asks(carol);
    const lines = carol.sent.flatMap((message) => (message as { lines: { text: string }[] }).lines);
    expect(lines.map(({ text }) => text)).toEqual(Array.from({ length: 100 }, (_, n) => `line ${n + 21}`));
    expect(carol.sent).toHaveLength(20);
  });

  test('who asks without end is not answered without end', () => {
    say('hello');
    const mallory = new FakePeer('Mallory', {} as MediaStream);
    for (let times = 0; times < 100; times += 1) asks(mallory);
    expect(mallory.sent).toHaveLength(20);
  });

  test('it is put where its time is, is theirs who tell it, and is no news', () => {
    chat.receive(bob, { kind: 'chat', id: '3', text: 'third' });
    expect(before({ id: '2', text: 'second', at: 2 }, { id: '1', text: 'first', at: 1 })).toBeNull();
    expect(texts()).toEqual(['first', 'second', 'third']);
    expect(chat.lines.value[0]).toMatchObject({ name: 'Bob', mine: false, at: 1 });
    expect(chat.unread.value).toBe(1);
  });

  test('what we have already does not come twice', () => {
    chat.receive(bob, { kind: 'chat', id: '1', text: 'hello' });
    before({ id: '1', text: 'hello', at: 1 });
    before({ id: '2', text: 'before', at: 1 });
    before({ id: '2', text: 'before', at: 1 });
    expect(texts()).toEqual(['before', 'hello']);
  });

  test('it does not come twice from who lost their seat and took another', () => {
    chat.receive(bob, { kind: 'chat', id: '1', text: 'hello' });
    const again = new FakePeer('Bob', {} as MediaStream, 'bob-2');
    chat.receive(again, { kind: 'chat-before', lines: [{ id: '1', text: 'hello', at: 1 }] });
    expect(texts()).toEqual(['hello']);
  });

  test('nobody hides what another wrote by its id', () => {
    chat.receive(bob, { kind: 'chat', id: '1', text: 'yes' });
    const mallory = new FakePeer('Mallory', {} as MediaStream);
    const told = { kind: 'chat-before', lines: [{ id: '1', text: 'no', at: 1 }] };
    for (const peer of [mallory, new FakePeer('Bob', {} as MediaStream, 'mallory-2')]) chat.receive(peer, told);
    expect(texts()).toEqual(['no', 'no', 'yes']);
  });

  test('nobody writes from the future', () => {
    before({ id: '1', text: 'tomorrow', at: Number.MAX_SAFE_INTEGER });
    say('now');
    expect(texts()).toEqual(['tomorrow', 'now']);
  });

  test.each<Json>([
    [null],
    'lines',
    {},
    [{ id: '1', text: 'x' }],
    [{ id: '1', text: 'x', at: '1' }],
    [{ id: '1', text: 'x', at: -1 }],
    [{ id: 'x'.repeat(65), text: 'x', at: 1 }],
  ])('%o are no lines', (lines) => {
    chat.receive(bob, { kind: 'chat-before', lines });
    expect(chat.lines.value).toEqual([]);
  });
});
