import { beforeEach, describe, expect, test } from 'vitest';
import { type ChatParticipant, Conversation } from '../src/chat/conversation.ts';
import { CHAT_TEXT_MAX } from '../src/chat/messages.ts';

const NOW = 1_700_000_000_000;
const DAY_MS = 24 * 3600 * 1000;
const alice = { id: 'alice', name: 'Alice' };
const bob: ChatParticipant = { id: 'bob', name: 'Bob', reachable: true };
const carol: ChatParticipant = { id: 'carol', name: 'Carol', reachable: true };

let chat: Conversation;

beforeEach(() => {
  chat = new Conversation(alice, 'page');
  chat.setParticipants(alice, [bob]);
});

const clocks = (): readonly number[] => chat.lines.map(({ clock }) => clock);
const bobWrites = (id: string, clock: number): void => {
  const line = { id, clock, at: NOW, revision: 0, text: 'hello', reply: null, to: null };
  chat.receive(bob, { ...line, kind: 'chat' }, NOW);
};

describe("a line's clock", () => {
  test('is the time at which it was written', () => {
    chat.write('first', NOW);
    chat.write('second', NOW + 1000);
    expect(clocks()).toEqual([NOW, NOW + 1000]);
  });

  test('is later than that of all lines before it, also if our own clock was set back', () => {
    chat.write('first', NOW);
    chat.write('second', NOW);
    chat.write('third', NOW - 60_000);
    bobWrites('1', NOW + 60_000);
    chat.write('fourth', NOW);
    expect(clocks()).toEqual([NOW, NOW + 1, NOW + 2, NOW + 60_000, NOW + 60_001]);
  });

  test('advances by at most a day at once: our own clock may have been set wrong', () => {
    chat.write('first', NOW);
    chat.write('a day later', NOW + DAY_MS);
    chat.write('more than a day later', NOW + 2 * DAY_MS + 1);
    expect(clocks()).toEqual([NOW, NOW + DAY_MS, NOW + DAY_MS + 1]);
  });

  test('is believed up to a day ahead of ours', () => {
    bobWrites('1', NOW + DAY_MS);
    bobWrites('2', NOW + DAY_MS + 1);
    bobWrites('3', NOW + 2 * DAY_MS);
    expect(clocks()).toEqual([NOW + DAY_MS, NOW + DAY_MS + 1, NOW + DAY_MS + 2]);
    chat = new Conversation(alice, 'page');
    bobWrites('1', NOW + DAY_MS + 1);
    expect(clocks()).toEqual([1]);
  });
});

test.each([
  ['blank', ' \n', null],
  ['too long', 'x'.repeat(CHAT_TEXT_MAX + 1), null],
  ['blank, for one participant', ' ', 'bob'],
  ['for somebody who is not here', 'hello', 'carol'],
])('a line that is %s is not written', (_, text, to) => {
  expect(chat.write(text, NOW, { to })).toBe(null);
  expect(chat.lines).toEqual([]);
});

test('a line of the maximum length is written', () => {
  expect(chat.write('x'.repeat(CHAT_TEXT_MAX), NOW)).not.toBe(null);
});

test('where newcomers get no earlier lines, that also holds after others come and go', () => {
  chat.history = false;
  chat.write('before', NOW);
  chat.setParticipants(alice, [bob, carol]);
  chat.write('since', NOW + 1000);
  chat.setParticipants(alice, [carol]);
  chat.setParticipants(alice, [carol, bob]);
  const asked = (from: ChatParticipant): readonly string[] =>
    chat
      .receive(from, { kind: 'chat-ask', ask: 'a', back: true, have: [] }, NOW)
      .sends.flatMap(({ message }) => (message as unknown as { lines: { text: string }[] }).lines)
      .map(({ text }) => text);
  expect([asked(carol), asked(bob)]).toEqual([['since'], []]);
});
