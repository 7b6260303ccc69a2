import { beforeEach, describe, expect, test } from 'vitest';
import { type ChatEnvelope, type ChatParticipant, Conversation } from '../src/chat/conversation.ts';
import type { Json } from '../src/connection/messages.ts';

const NOW = 1_700_000_000_000;
const DAY_MS = 24 * 3600 * 1000;
const person = (name: string): ChatParticipant => ({ id: name.toLowerCase(), name, reachable: true });
const [alice, bob, carol, mallory] = ['Alice', 'Bob', 'Carol', 'Mallory'].map(person) as [
  ChatParticipant,
  ChatParticipant,
  ChatParticipant,
  ChatParticipant,
];

let chat: Conversation;
beforeEach(() => {
  chat = new Conversation(alice, 'page');
  chat.setParticipants(alice, [bob]);
});

const texts = (of = chat) => of.lines.map(({ text }) => text);
const line = (more: { readonly [key: string]: Json }): Json => ({
  ...{ id: '1', clock: NOW, at: NOW, revision: 0, text: 'hello', reply: null, to: null },
  ...more,
});
const live = (from: ChatParticipant, more: { readonly [key: string]: Json } = {}) =>
  chat.receive(from, { ...(line(more) as object), kind: 'chat' }, NOW);
const askOf = (sends: readonly ChatEnvelope[], to: ChatParticipant) =>
  sends
    .map(({ to: id, message }) => ({ id, message: message as { kind: string; ask: string } }))
    .find(({ id, message }) => id === to.id && message.kind === 'chat-ask')?.message.ask;
const tell = (from: ChatParticipant, ask: string, lines: Json[], last = true) =>
  chat.receive(from, { kind: 'chat-before', ask, last, lines }, NOW);

test('a line is by whoever sent it, whatever it says', () => {
  chat.setParticipants(alice, [bob, mallory]);
  live(mallory, { author: 'bob', name: 'Bob', via: 'Carol', mine: true, key: 'bob/1' });
  expect(chat.lines).toMatchObject([{ author: 'mallory', name: 'Mallory', key: 'mallory/1', via: '', mine: false }]);
});

test('a line is not shown as written later than now', () => {
  live(mallory, { at: NOW + 60_000 });
  live(mallory, { id: '2', at: NOW - 60_000 });
  expect(chat.lines.map(({ at }) => at)).toEqual([NOW, NOW - 60_000]);
});

describe('the order', () => {
  test('a reply is sorted after its line, whatever the two clocks say', () => {
    live(bob, { clock: NOW + 60_000 });
    chat.write('mine', NOW);
    expect(texts()).toEqual(['hello', 'mine']);
  });

  test('a line from the far future is sorted where it arrived, and advances no clock', () => {
    live(mallory, { clock: Number.MAX_SAFE_INTEGER, text: 'tomorrow' });
    live(mallory, { id: '2', clock: NOW + 2 * DAY_MS, text: 'as well' });
    chat.write('now', NOW);
    live(bob, { clock: NOW + 10 });
    expect(texts()).toEqual(['tomorrow', 'as well', 'now', 'hello']);
    expect(chat.lines.at(-1)?.clock).toBeLessThan(NOW + 1000);
  });

  test('a line less than a day ahead advances the clock, so that it does not stay at the end', () => {
    live(mallory, { clock: NOW + DAY_MS, text: 'ahead' });
    chat.write('after', NOW);
    expect(texts()).toEqual(['ahead', 'after']);
  });

  test('lines with equal clocks are sorted by author, then by id', () => {
    live(carol, { text: 'c' });
    live(bob, { id: '2', text: 'b2' });
    live(bob, { id: '1', text: 'b1' });
    expect(texts()).toEqual(['b1', 'b2', 'c']);
  });

  test('the newest ten thousand lines are kept', () => {
    for (let n = 0; n < 10_010; n += 1) live(bob, { id: `${n}`, clock: NOW + n, text: `${n}` });
    expect(chat.lines).toHaveLength(10_000);
    expect(chat.lines[0]?.text).toBe('10');
  });
});

describe('trust', () => {
  test('an answer without a question, or a second one, is ignored', () => {
    const ask = askOf(chat.setParticipants(alice, [bob, carol]), carol) ?? '';
    tell(bob, 'page-99', [line({ author: 'bob', name: 'Bob' })]);
    expect(texts()).toEqual([]);
    tell(carol, ask, [line({ author: 'carol', name: 'Carol' })]);
    tell(carol, ask, [line({ id: '2', author: 'carol', name: 'Carol' })]);
    expect(texts()).toEqual(['hello']);
  });

  test('nobody can write lines for a participant who is here, nor for us', () => {
    const ask = askOf(chat.setParticipants(alice, [bob, mallory]), mallory) ?? '';
    tell(mallory, ask, [line({ author: 'bob', name: 'Bob' }), line({ author: 'alice', name: 'Alice' })]);
    expect(texts()).toEqual([]);
  });

  test('a line passed on after its author left says who passed it on, until the author sends it', () => {
    const ask = askOf(chat.setParticipants(alice, [bob, mallory]), mallory) ?? '';
    tell(mallory, ask, [line({ author: 'carol', name: 'Carol', text: 'forged', revision: 7 })]);
    expect(chat.lines[0]).toMatchObject({ name: 'Carol', via: 'Mallory', mine: false });
    live(carol, { text: 'true' });
    expect(chat.lines).toMatchObject([{ text: 'true', via: '' }]);
  });

  test('only the author can edit a line', () => {
    live(bob, { text: 'yes' });
    chat.setParticipants(alice, []);
    const ask = askOf(chat.setParticipants(alice, [mallory]), mallory) ?? '';
    live(mallory, { text: 'other' }); // the same id, but another author
    tell(mallory, ask, [line({ author: 'bob', name: 'Bob', text: 'no', revision: 1 })]);
    expect(texts()).toEqual(['yes', 'other']);
    live(bob, { text: 'well', revision: 1 });
    expect(texts()).toEqual(['well', 'other']);
  });

  test('of two texts with the same revision the first one stays', () => {
    live(bob, { text: 'yes' });
    live(bob, { text: 'no' });
    expect(texts()).toEqual(['yes']);
  });

  test('our lines from before a reload come from our own tab, and can be edited', () => {
    const said = chat.write('before', NOW);
    const reloaded = new Conversation(alice, 'page2', [{ ...said?.line, delivery: undefined }, 'nonsense']);
    expect(reloaded.lines).toMatchObject([{ text: 'before', mine: true }]);
    reloaded.setParticipants(alice, [bob]);
    expect(reloaded.edit(said?.line.key ?? '', 'after')?.sends).toHaveLength(1);
  });
});

describe('what others get', () => {
  const ask = (from: ChatParticipant) =>
    chat.receive(from, { kind: 'chat-ask', ask: 'a', back: true, have: [] }, NOW).sends;
  const told = (sends: readonly ChatEnvelope[]) =>
    sends.flatMap(({ message }) => (message as { lines: { text: string }[] }).lines.map(({ text }) => text));

  test('our lines, and those of participants who left; the others send their own', () => {
    live(bob, { text: 'from Bob' });
    live(carol, { text: 'from Carol' });
    chat.write('from Alice', NOW);
    expect(told(ask(mallory)).sort()).toEqual(['from Alice', 'from Carol']);
  });

  test('only lines since they joined, if hosts have set it so', () => {
    chat.write('before', NOW);
    chat.setParticipants(alice, [bob, carol]);
    chat.write('since', NOW + 1000);
    expect(told(ask(carol))).toEqual(['before', 'since']);
    chat.history = false;
    expect(told(ask(carol))).toEqual(['since']);
    expect(told(ask(bob))).toEqual(['before', 'since']);
  });

  test('a private line goes to one participant, and never to anyone else', () => {
    chat.setParticipants(alice, [bob, carol]);
    expect(chat.write('psst', NOW, { to: 'bob' })?.sends.map(({ to }) => to)).toEqual(['bob']);
    live(bob, { id: 'p', text: 'reply', to: 'alice' });
    chat.setParticipants(alice, [carol]);
    expect(told(ask(carol))).toEqual([]);
    expect(told(ask(bob))).toEqual(['psst']);
  });

  test('a private line for another participant is dropped', () => {
    live(bob, { to: 'carol' });
    expect(texts()).toEqual([]);
  });

  test('every message fits into its frame', () => {
    for (let n = 0; n < 100; n += 1) chat.write('"\\\ud800\u0001'.repeat(1000), NOW);
    const sizes = ask(carol).map(({ message }) => JSON.stringify({ frame: 'message', n: NOW, data: message }).length);
    expect(Math.max(...sizes)).toBeLessThan(60 * 1024);
    expect(told(ask(bob))).toHaveLength(100);
  });

  test('a participant is answered at most twenty times a minute', () => {
    const answered = Array.from({ length: 100 }, () => ask(mallory)).filter((sends) => sends.length > 0);
    expect(answered).toHaveLength(20);
  });

  test('when a participant leaves, the others ask each other for the lines of that one', () => {
    chat.setParticipants(alice, [bob, carol]);
    expect(askOf(chat.setParticipants(alice, [bob]), bob)).toBeDefined();
  });
});

describe('delivery', () => {
  const say = () => chat.write('hello', NOW) ?? { sends: [], line: null };
  const state = () => chat.lines[0]?.delivery;

  test('a line is sent once every connected participant has it', () => {
    chat.setParticipants(alice, [bob, { ...carol, reachable: false }]);
    const { sends } = say();
    expect(state()).toEqual({ state: 'sending', lacking: ['Bob', 'Carol'] });
    for (const send of sends) if (send.to === 'bob') chat.delivered(send);
    expect(state()).toEqual({ state: 'waiting', lacking: ['Carol'] });
    for (const send of sends) chat.delivered(send);
    expect(state()).toEqual({ state: 'sent', lacking: [] });
  });

  test('a participant who left without a line gets it when they are back', () => {
    const { sends } = say();
    chat.setParticipants(alice, []);
    for (const send of sends) chat.failed(send);
    expect(state()).toEqual({ state: 'missed', lacking: ['Bob'] });
    const again = chat.setParticipants(alice, [bob]).filter(({ lines }) => lines.length > 0);
    expect(again).toHaveLength(1);
    for (const send of again) chat.delivered(send);
    expect(state()?.state).toBe('sent');
  });

  test('a participant who came back with another id and has the line is not listed as lacking it', () => {
    const { sends } = say();
    chat.setParticipants(alice, []);
    for (const send of sends) chat.failed(send);
    const seat = { ...bob, id: 'bob-2' };
    chat.setParticipants(alice, [seat]);
    const { sends: told } = chat.receive(seat, { kind: 'chat-ask', ask: 'a', back: true, have: [] }, NOW);
    for (const send of told) chat.delivered(send);
    expect(state()?.state).toBe('sent');
  });

  test('a line that was acknowledged by the one who has just left is sent', () => {
    const { sends } = say();
    chat.setParticipants(alice, []);
    for (const send of sends) chat.delivered(send);
    expect(state()).toEqual({ state: 'sent', lacking: [] });
  });

  test('an acknowledgement of the first text does not count for the edited one', () => {
    const { sends } = say();
    chat.edit(chat.lines[0]?.key ?? '', 'better');
    for (const send of sends) chat.delivered(send);
    expect(state()?.state).toBe('sending');
  });
});

test.each<Json>([
  null,
  [],
  'chat',
  { kind: 'chat' },
  line({ kind: 'chat', id: '' }),
  line({ kind: 'chat', id: 'x'.repeat(65) }),
  line({ kind: 'chat', clock: -1 }),
  line({ kind: 'chat', clock: 0.5 }),
  line({ kind: 'chat', at: '1' }),
  line({ kind: 'chat', revision: -1 }),
  line({ kind: 'chat', text: ' \n' }),
  line({ kind: 'chat', text: '' }),
  line({ kind: 'chat', reply: 'x'.repeat(200) }),
  line({ kind: 'chat', to: 1 }),
  { kind: 'chat-ask', ask: 1 },
  { kind: 'chat-before', ask: 'a', lines: {} },
])('%o adds nothing and changes nothing', (message) => {
  expect(chat.receive(bob, message, NOW)).toEqual({ added: null, sends: [] });
  expect(chat.lines).toEqual([]);
});

test('an id has 64 characters at most', () => {
  live(bob, { id: 'x'.repeat(64) });
  expect(chat.lines.map(({ id }) => id)).toEqual(['x'.repeat(64)]);
});

test('a text that is too long is truncated between characters', () => {
  live(bob, { text: `${'x'.repeat(3999)}\u{1f600}` });
  expect(chat.lines[0]?.text).toMatch(/^x+\ufffd…$/);
  expect(chat.lines[0]?.text).toHaveLength(4001);
});

describe('when there are too many lines', () => {
  const flood = (from: ChatParticipant, count: number, ahead: number): void => {
    for (let n = 0; n < count; n += 1) live(from, { id: `${n}`, clock: NOW + ahead + n, text: from.name });
  };
  const countOf = (name: string): number => chat.lines.filter((one) => one.name === name).length;

  test('the oldest of whoever sent most are dropped, and ours and those of the others stay', () => {
    chat.setParticipants(alice, [bob, carol, mallory]);
    for (let n = 0; n < 20; n += 1) chat.write(`mine ${n}`, NOW + n);
    flood(bob, 30, 0);
    flood(carol, 40, 0);
    flood(mallory, 12_000, 1000);
    expect(['Alice', 'Bob', 'Carol', 'Mallory'].map(countOf)).toEqual([20, 30, 40, 9910]);
    expect(chat.line('mallory/2089')).toBeUndefined();
    expect(chat.line('mallory/2090')).toBeDefined();
    flood(bob, 9000, 100_000);
    expect(['Alice', 'Carol'].map(countOf)).toEqual([20, 40]);
    expect(Math.abs(countOf('Bob') - countOf('Mallory'))).toBeLessThanOrEqual(1);
  });

  test('ours stay even if we wrote most', () => {
    const own = Array.from({ length: 6000 }, (_, n) => line({ id: `${n}`, author: 'alice', name: 'Alice' }));
    chat = new Conversation(alice, 'page', own);
    chat.setParticipants(alice, [bob, mallory]);
    flood(bob, 100, 0);
    flood(mallory, 5000, 1000);
    expect(['Alice', 'Bob', 'Mallory'].map(countOf)).toEqual([6000, 100, 3900]);
  });

  test('invented authors have the share of the one who passes their lines on', () => {
    chat = new Conversation(alice, 'page');
    const ask = askOf(chat.setParticipants(alice, [bob, mallory]), mallory) ?? '';
    flood(bob, 30, 0);
    for (let n = 0; n < 12_000; n += 100) {
      const lines = Array.from({ length: 100 }, (_, m) => line({ id: '1', author: `ghost-${n + m}`, name: 'Ghost' }));
      tell(mallory, ask, lines, false);
    }
    expect(['Bob', 'Ghost'].map(countOf)).toEqual([30, 9970]);
  });

  test('a newcomer is told some of everybody', () => {
    chat.setParticipants(alice, [carol, mallory]);
    flood(carol, 10, 0);
    const long = 'x'.repeat(4000);
    for (let n = 0; n < 1000; n += 1) live(mallory, { id: `${n}`, clock: NOW + 1000 + n, text: long });
    chat.write('mine', NOW);
    chat.setParticipants(alice, [bob]);
    const { sends } = chat.receive(bob, { kind: 'chat-ask', ask: 'a', back: true, have: [] }, NOW);
    const told = sends.flatMap(({ message }) => (message as unknown as { lines: { name: string }[] }).lines);
    const count = (name: string): number => told.filter((one) => one.name === name).length;
    expect([count('Alice'), count('Carol')]).toEqual([1, 10]);
    expect(count('Mallory')).toBeGreaterThan(400);
    expect(count('Mallory')).toBeLessThan(600);
  });
});
