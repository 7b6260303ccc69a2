import { beforeEach, expect, test, vi } from 'vitest';
import { RoomModeration } from '../src/signalling/moderation.ts';

const OPEN = { entry: 'open', files: true, history: true, screens: true };
const CAROL = { id: 'knock-1', name: 'Carol' };

let sent: object[];
let away: boolean;
let moderation: RoomModeration;

beforeEach(() => {
  sent = [];
  away = false;
  moderation = new RoomModeration((order) => !away && sent.push(order) > 0);
});

test('each order of a host is sent', () => {
  moderation.admit(CAROL);
  moderation.deny(CAROL);
  moderation.remove('b');
  moderation.setRole('b', 'co-host');
  moderation.askToMute('b');
  moderation.end();
  expect(sent).toEqual([
    { type: 'admit', knock: 'knock-1' },
    { type: 'deny', knock: 'knock-1' },
    { type: 'remove', peer: 'b' },
    { type: 'appoint', peer: 'b', role: 'co-host' },
    { type: 'ask-mute', peer: 'b' },
    { type: 'end' },
  ]);
});

test('while the server is away, each order throws instead of being lost without a word', () => {
  away = true;
  for (const order of [
    () => moderation.setRules({ entry: 'locked' }),
    () => moderation.admit(CAROL),
    () => moderation.deny(CAROL),
    () => moderation.remove('b'),
    () => moderation.setRole('b', 'co-host'),
    () => moderation.askToMute('b'),
    () => moderation.end(),
  ])
    expect(order).toThrow(expect.objectContaining({ code: 'unreachable' }));
  expect(sent).toEqual([]);
});

test('setting one rule keeps the others', () => {
  moderation.update('host', { files: false });
  expect(moderation.rules.current).toEqual({ ...OPEN, files: false });
  moderation.setRules({ entry: 'locked' });
  expect(sent).toEqual([{ type: 'govern', rules: { ...OPEN, files: false, entry: 'locked' } }]);
});

test('the same rules again notify nobody, and a roster without rules means an open room', () => {
  const told: unknown[] = [];
  moderation.rules.subscribe((rules) => told.push(rules));
  moderation.update('host', { screens: false });
  moderation.update('host', { screens: false });
  moderation.update('host', undefined);
  expect(told).toEqual([OPEN, { ...OPEN, screens: false }, OPEN]);
});

test('after losing the role, a host no longer sees who is knocking', () => {
  moderation.update('co-host', undefined);
  moderation.knocks.set([CAROL]);
  moderation.update('host', undefined);
  expect([moderation.role.current, moderation.knocks.current]).toEqual(['host', [CAROL]]);
  moderation.update('member', undefined);
  expect([moderation.role.current, moderation.knocks.current]).toEqual(['member', []]);
});

test('listeners learn who asks us to mute, until they unsubscribe', () => {
  vi.stubGlobal('queueMicrotask', () => undefined);
  const asked: string[] = [];
  moderation.onAskedToMute(() => {
    throw new Error('a fault of the page');
  });
  const stop = moderation.onAskedToMute((from) => asked.push(from));
  moderation.askedToMute('b');
  stop();
  moderation.askedToMute('c');
  expect(asked).toEqual(['b']);
  vi.unstubAllGlobals();
});
