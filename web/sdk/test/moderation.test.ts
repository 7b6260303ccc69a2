import { beforeEach, expect, test, vi } from 'vitest';
import { RoomModeration } from '../src/signalling/moderation.ts';

const OPEN = { entry: 'open', files: true, history: true, screens: true };
const CAROL = { id: 'knock-1', name: 'Carol' };

let sent: object[];
let moderation: RoomModeration;

beforeEach(() => {
  sent = [];
  moderation = new RoomModeration((order) => sent.push(order));
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

test('a rule that is set leaves the others as they are', () => {
  moderation.update('host', { files: false });
  expect(moderation.rules.current).toEqual({ ...OPEN, files: false });
  moderation.setRules({ entry: 'locked' });
  expect(sent).toEqual([{ type: 'govern', rules: { ...OPEN, files: false, entry: 'locked' } }]);
});

test('rules that are told again are no change, and a roster without rules means an open room', () => {
  const told: unknown[] = [];
  moderation.rules.subscribe((rules) => told.push(rules));
  moderation.update('host', { screens: false });
  moderation.update('host', { screens: false });
  moderation.update('host', undefined);
  expect(told).toEqual([OPEN, { ...OPEN, screens: false }, OPEN]);
});

test('who no longer is a host no longer sees who knocks', () => {
  moderation.update('co-host', undefined);
  moderation.knocks.set([CAROL]);
  moderation.update('host', undefined);
  expect([moderation.role.current, moderation.knocks.current]).toEqual(['host', [CAROL]]);
  moderation.update('member', undefined);
  expect([moderation.role.current, moderation.knocks.current]).toEqual(['member', []]);
});

test('each listener is told who asks us to mute, until it stops', () => {
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
