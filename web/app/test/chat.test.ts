import type { Json } from '@eyeline/sdk';
import { type Signal, signal } from '@preact/signals';
import { beforeEach, describe, expect, test } from 'vitest';
import { Chat } from '../src/model/chat/chat';
import { forgetSent } from '../src/model/chat/sent-messages';
import { settled, World } from './fake-platform';
import { chatLine, direct, FakePeer, FakeRoom, refusal } from './fakes';

let bob: FakePeer;
let world: World;
let room: FakeRoom;
let chat: Chat;
let open: Signal<boolean>;

beforeEach(() => {
  bob = new FakePeer('Bob', {} as MediaStream);
  world = new World();
  room = new FakeRoom('tea', 'Alice');
  open = signal(false);
  chat = new Chat(world, room, open);
  chat.meet([bob]);
});

const say = (text: string) => {
  chat.draft.value = text;
  chat.send();
};
const hears = (text: string, id = '1') => chat.receive(bob, chatLine(text, 0, { id }));
const sentTo = (peer: FakePeer) => peer.sent.filter((message) => (message as { kind: string }).kind === 'chat');
const delivery = () => chat.lines.value[0]?.delivery;

test('a message is shown as sent only once everybody has it', async () => {
  let arrive = () => {};
  bob.delivery = () => new Promise((resolve) => (arrive = resolve));
  say('hello');
  expect(delivery()).toEqual({ state: 'sending', lacking: ['Bob'] });
  arrive();
  await settled();
  expect(delivery()?.state).toBe('sent');
});

test('a message waits for people who are unreachable', async () => {
  bob.delivery = () => new Promise(() => {});
  say('hello');
  bob.connection.set({ ...direct, state: 'lost' });
  expect(delivery()).toEqual({ state: 'waiting', lacking: ['Bob'] });
});

test('a message that Bob missed says so until he is back and gets it', async () => {
  bob.delivery = () => Promise.reject(refusal('gone', 'Bob'));
  say('hello');
  await settled();
  chat.meet([]);
  expect(delivery()).toEqual({ state: 'missed', lacking: ['Bob'] });
  bob.delivery = () => Promise.resolve();
  chat.meet([bob]);
  await settled();
  expect(delivery()?.state).toBe('sent');
  expect(sentTo(bob)).toHaveLength(2);
});

test('the same person on a new connection gets what the old one missed', async () => {
  bob.delivery = () => Promise.reject(refusal('gone', 'Bob'));
  say('hello');
  await settled();
  const again = new FakePeer('Bob', {} as MediaStream);
  chat.meet([again]);
  await settled();
  expect(sentTo(again)).toHaveLength(1);
  expect(delivery()?.state).toBe('sent');
});

test('an empty draft is not sent, nor one that is too long', () => {
  say('  ');
  say('x'.repeat(4001));
  expect(chat.excess.value).toBe(1);
  expect(sentTo(bob)).toEqual([]);
  expect(chat.draft.value).toHaveLength(4001);
});

test('control characters and lone surrogates in messages are made visible', () => {
  hears('a\u0000b\r\nc\td\ud800');
  expect(chat.lines.value[0]?.text).toBe('a\ufffdb\nc\td\ufffd');
});

test('a name cannot change the direction of text', () => {
  const carol = new FakePeer('Carol\u202e', {} as MediaStream);
  chat.receive(carol, chatLine('hi', 0));
  expect(chat.lines.value[0]?.name).toBe('Carol');
});

test.each<Json>([null, 1, [], {}, { kind: 'chat' }, { kind: 'file', id: '1', text: 'x' }])(
  '%o is not a message',
  (message) => {
    chat.receive(bob, message);
    expect([chat.lines.value, chat.unread.value]).toEqual([[], 0]);
  },
);

test('messages that arrive while the chat is closed are unread until it opens', () => {
  hears('hello');
  expect(chat.unread.value).toBe(1);
  open.value = true;
  hears('again', '2');
  expect(chat.unread.value).toBe(0);
});

test('a message that arrives twice is shown and counted once', () => {
  hears('hello');
  hears('hello');
  expect(chat.lines.value).toHaveLength(1);
  expect(chat.unread.value).toBe(1);
});

test('our own messages survive a reload in the same tab, and leaving deletes them', () => {
  say('before');
  const reloaded = new Chat(world, room, open);
  expect(reloaded.lines.value).toMatchObject([{ text: 'before', mine: true }]);
  forgetSent(world.session, room.name);
  expect(new Chat(world, room, open).lines.value).toEqual([]);
});

test('a duplicated tab does not show the messages of the tab that it was copied from as its own', () => {
  say('from the first tab');
  const duplicate = new FakeRoom('tea', 'Alice', 'another');
  duplicate.peers.set([new FakePeer('Alice', {} as MediaStream, room.me.id)]);
  expect(new Chat(world, duplicate, open).lines.value).toEqual([]);
  expect(new Chat(world, new FakeRoom('tea', 'Alice', 'another'), open).lines.value).toEqual([]); // when it is reloaded
});

test('our own messages survive a reload in which we lost our seat', () => {
  say('before');
  const reloaded = new FakeRoom('tea', 'Alice', 'another');
  reloaded.peers.set([bob]);
  expect(new Chat(world, reloaded, open).lines.value).toMatchObject([{ text: 'before', mine: true }]);
});

test('a reply quotes the current text of its message', () => {
  hears('what time?');
  const [asked] = chat.lines.value;
  if (asked !== undefined) chat.reply(asked);
  say('four');
  expect(chat.about.value).toBeNull();
  expect(chat.lines.value.at(-1)?.quote).toEqual({ mine: false, name: 'Bob', text: 'what time?' });
  chat.receive(bob, chatLine('when?', 0, { id: '1', revision: 1 }));
  expect(chat.lines.value.at(-1)?.quote?.text).toBe('when?');
});

test('messages that reply to each other in a cycle are shown', () => {
  chat.receive(bob, chatLine('one', 0, { id: '1', reply: 'bob/2' }));
  chat.receive(bob, chatLine('two', 1, { id: '2', reply: 'bob/1' }));
  expect(chat.lines.value.map(({ quote }) => quote?.text)).toEqual(['two', 'one']);
});

test('you can edit your last message, or cancel that', () => {
  say('teh tea');
  hears('yes?');
  chat.editLast();
  expect(chat.draft.value).toBe('teh tea');
  chat.cancel();
  expect(chat.draft.value).toBe('');
  chat.editLast();
  say('the tea');
  expect(chat.lines.value.map(({ text }) => text).sort()).toEqual(['the tea', 'yes?']);
  expect(sentTo(bob).at(-1)).toMatchObject({ text: 'the tea', revision: 1 });
});

test('an edit of a message to somebody who left is kept as a draft for somebody else', () => {
  chat.to.value = 'bob';
  say('for you');
  chat.editLast();
  chat.type('for you alone');
  chat.meet([]);
  chat.send();
  expect([chat.draft.value, chat.about.value, chat.addressed.value]).toEqual(['for you alone', null, false]);
  expect(chat.lines.value.map(({ text }) => text)).toEqual(['for you']);
});

test('a deleted message keeps its place and loses its text, also where it is quoted', () => {
  say('secret');
  const [line] = chat.lines.value;
  if (line !== undefined) chat.reply(line);
  say('about that');
  if (line !== undefined) chat.remove(line);
  expect(chat.lines.value.map(({ text, quote }) => [text, quote?.text])).toEqual([
    ['', undefined],
    ['about that', ''],
  ]);
});

test('a private message never goes to everyone, even after its recipient has left', () => {
  const carol = new FakePeer('Carol', {} as MediaStream);
  chat.meet([bob, carol]);
  chat.to.value = 'bob';
  say('psst');
  expect([sentTo(bob), sentTo(carol)].map(({ length }) => length)).toEqual([1, 0]);
  expect(chat.lines.value[0]).toMatchObject({ to: 'bob', toName: 'Bob' });
  chat.meet([carol]);
  say('are you there?');
  expect(chat.addressed.value).toBe(false);
  expect(sentTo(carol)).toEqual([]);
  expect(chat.draft.value).toBe('are you there?');
});

test('the reply to a private message is private', () => {
  chat.receive(bob, chatLine('psst', 0, { to: 'me' }));
  const [line] = chat.lines.value;
  if (line !== undefined) chat.reply(line);
  expect(chat.to.value).toBe('bob');
});

describe('the typing indicator', () => {
  const typed = (peer: FakePeer) => peer.sent.filter((message) => (message as { kind: string }).kind === 'chat-typing');
  const types = () => chat.receive(bob, { kind: 'chat-typing' });

  test('is shown until the message arrives, or for six seconds', () => {
    types();
    expect(chat.typing.names.value).toEqual(['Bob']);
    hears('done');
    expect(chat.typing.names.value).toEqual([]);
    types();
    world.pass(6);
    expect(chat.typing.names.value).toEqual([]);
  });

  test('disappears when they leave', () => {
    types();
    chat.meet([]);
    expect(chat.typing.names.value).toEqual([]);
  });

  test('is sent every three seconds at most, to reachable recipients', () => {
    const carol = new FakePeer('Carol', {} as MediaStream);
    chat.meet([bob, carol]);
    carol.connection.set({ ...direct, state: 'lost' });
    for (const text of ['h', 'he', 'hel']) chat.type(text);
    expect([typed(bob), typed(carol)].map(({ length }) => length)).toEqual([1, 0]);
    world.pass(3);
    chat.to.value = 'carol';
    carol.connection.set(direct);
    chat.type('hell');
    expect([typed(bob), typed(carol)].map(({ length }) => length)).toEqual([1, 1]);
  });
});

test('messages that arrive in a hidden page are unread until it is seen, even if the chat is open', () => {
  open.value = true;
  world.seen.value = false;
  hears('one', '1');
  expect(chat.unread.value).toBe(1);
  world.seen.value = true;
  expect(chat.unread.value).toBe(0);
});

test('the chat is saved as text', () => {
  hears('one\ntwo');
  say('mine');
  chat.editLast();
  say('my own');
  chat.save();
  const [saved] = world.texts;
  expect(saved?.name).toBe('chat-tea.txt');
  expect(saved?.text.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d/gm, 'then')).toBe(
    'then Bob: one\n    two\nthen Alice: my own (edited)\n',
  );
});

test('messages that arrive faster than the page is drawn are shown and announced once per picture', () => {
  world.frames = [];
  let shown = 0;
  chat.lines.subscribe(() => (shown += 1));
  const announced: string[] = [];
  chat = new Chat(world, room, open, (newest) => announced.push(newest.text));
  chat.meet([bob]);
  chat.lines.subscribe(() => (shown += 1));
  shown = 0;
  for (let n = 1; n <= 500; n += 1) hears(`line ${n}`, `${n}`);
  expect([chat.lines.value.length, shown, announced]).toEqual([1, 1, ['line 1']]);
  world.draw();
  expect([chat.lines.value.length, shown, announced]).toEqual([500, 2, ['line 1', 'line 500']]);
  expect(chat.unread.value).toBe(500);
  world.draw();
  hears('later', 'later');
  expect([shown, announced.at(-1)]).toEqual([3, 'later']);
});

test('a message that arrives together with our own is announced as well', () => {
  world.frames = [];
  const announced: string[] = [];
  chat = new Chat(world, room, open, (newest) => announced.push(newest.text));
  chat.meet([bob]);
  hears('one', '1');
  hears('two', '2');
  say('mine');
  world.draw();
  expect([announced, chat.unread.value]).toEqual([['one', 'two'], 2]);
});
