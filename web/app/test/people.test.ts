import { expect, test } from 'vitest';
import { People } from '../src/model/people';
import { Subscriptions } from '../src/model/subscriptions';
import { FakeHosting } from './fakes';

function people(): { readonly hosting: FakeHosting; readonly people: People } {
  const hosting = new FakeHosting();
  return { hosting, people: new People(hosting, new Subscriptions(), null) };
}

test('somebody who is not a host cannot let people in', () => {
  const { hosting, people: list } = people();
  expect(list.keepsDoor.value).toBe(false);
  hosting.role.set('co-host');
  expect(list.keepsDoor.value).toBe(true);
});

test('a host sees who is waiting and admits or declines them by id', () => {
  const { hosting, people: list } = people();
  hosting.knocks.set([
    { id: 'bob-0001', name: 'Bob\u202e' },
    { id: 'eve-0001', name: '' },
  ]);
  const [bob, eve] = list.knocking.value;
  expect([bob?.name, eve?.name]).toEqual(['Bob', '']);
  if (bob !== undefined) list.admit(bob);
  if (eve !== undefined) list.deny(eve);
  expect(hosting.orders).toEqual([
    ['admit', 'bob-0001'],
    ['deny', 'eve-0001'],
  ]);
  expect(list.knocking.value).toEqual([]);
});

test('rules are set one by one, and shown as the room reports them', () => {
  const { hosting, people: list } = people();
  list.letIn('knock');
  list.allowFiles(false);
  list.allowScreens(false);
  expect(list.entry.value).toBe('knock');
  expect(list.allowsFiles.value).toBe(false);
  expect(list.allowsScreens.value).toBe(false);
  expect(hosting.orders).toEqual([
    ['govern', { entry: 'knock' }],
    ['govern', { files: false }],
    ['govern', { screens: false }],
  ]);
});

test('hosts may remove everybody but hosts, co-hosts members only, and members nobody', () => {
  const { hosting, people: list } = people();
  const may = () => (['host', 'co-host', 'member'] as const).filter((role) => list.mayRemove(role));
  expect(may()).toEqual([]);
  hosting.role.set('co-host');
  expect(may()).toEqual(['member']);
  hosting.role.set('host');
  expect(may()).toEqual(['co-host', 'member']);
});
