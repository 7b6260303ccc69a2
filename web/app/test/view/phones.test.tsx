// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { dialled } from '../../src/model/phones/sip-address';
import { CallView } from '../../src/view/call';
import { FakeRoom } from '../fakes';
import { aCall, type CallOptions, draw, now, person } from './scene';

const button = (name: string | RegExp) => screen.findByRole('button', { name });

/** Alice, in a room whose link has no key, on a server with phones. */
async function inRoom(
  people: readonly ReturnType<typeof person>[] = [],
  {
    sealed = false,
    callIn = true,
    callOut = true,
    ...options
  }: CallOptions & {
    sealed?: boolean;
    callIn?: boolean;
    callOut?: boolean;
  } = {},
) {
  const room = new FakeRoom('tea', 'Alice');
  room.signallingEncrypted = sealed;
  room.phoneCalls.server.set({ host: 'call.example', callIn, callOut });
  const scene = await aCall(people, { ...options, room });
  return { ...scene, user: draw(<CallView call={scene.call} />), phones: room.phoneCalls };
}

async function dial(scene: Awaited<ReturnType<typeof inRoom>>, typed: string) {
  await scene.user.click(await button('Call a phone'));
  const dialog = within(await screen.findByRole('dialog', { name: 'Call a phone' }));
  const field = dialog.getByLabelText('Name or SIP address');
  await waitFor(() => expect(document.activeElement).toBe(field));
  await scene.user.type(field, `${typed}{Enter}`);
  return dialog;
}

const closed = () => waitFor(() => expect(screen.queryByRole('dialog', { name: 'Call a phone' })).toBeNull());

test('a phone is called by name, rings, and is announced when somebody answers', async () => {
  const scene = await inRoom();
  const dialog = await dial(scene, 'Bob');
  expect(scene.phones.commands).toEqual(['call bob']);
  expect(dialog.getByRole('status').textContent).toBe('Calling bob@call.example…');
  expect(document.activeElement).toBe(dialog.getByRole('button', { name: 'Cancel call' }));
  await now(() => scene.phones.goes('bob', 'ringing'));
  expect(dialog.getByRole('status').textContent).toBe('Ringing bob@call.example…');
  await now(() => scene.phones.goes('bob', 'answered'));
  await closed();
  expect(scene.call.notices.shown.peek()).toBe('bob@call.example answered. Connecting…');
});

test('a call that fails says why, and what was typed is still there', async () => {
  const scene = await inRoom();
  const dialog = await dial(scene, 'sip:bob@call.example');
  await now(() => scene.phones.goes('bob', 'ended', 'unavailable'));
  expect(dialog.getByRole('alert').textContent).toContain('No phone of bob@call.example is online.');
  const field = dialog.getByLabelText('Name or SIP address');
  expect(field).toHaveProperty('value', 'sip:bob@call.example');
  await waitFor(() => expect(document.activeElement).toBe(field));
  await scene.user.keyboard('{Enter}');
  expect(scene.phones.commands).toEqual(['call bob', 'call bob']);
  expect(dialog.getByRole('status')).toBeTruthy();
});

test.each(['Cancel call', 'Close', 'Escape'])('%s stops the ringing', async (way) => {
  const scene = await inRoom();
  const dialog = await dial(scene, 'bob');
  await now(() => scene.phones.goes('bob', 'ringing'));
  if (way === 'Escape') await scene.user.keyboard('{Escape}');
  else await scene.user.click(dialog.getByRole('button', { name: way }));
  expect(scene.phones.commands).toEqual(['call bob', 'hang up']);
  await closed();
  expect(document.activeElement?.textContent).toBe('Call a phone');
});

test('an address of another server isn’t called', async () => {
  const scene = await inRoom();
  const dialog = await dial(scene, 'bob@other.example');
  expect(dialog.getByRole('alert').textContent).toBe('This server only reaches addresses that end in @call.example.');
  expect(scene.phones.commands).toEqual([]);
});

test('while the server is away, nothing is called', async () => {
  const scene = await inRoom();
  scene.phones.available = false;
  const dialog = await dial(scene, 'bob');
  expect(dialog.getByRole('alert').textContent).toContain('The server can’t be reached');
});

test('a call of whose end the server couldn’t tell doesn’t ring for ever', async () => {
  const scene = await inRoom();
  const dialog = await dial(scene, 'bob');
  await now(() => scene.world.pass(76));
  expect(dialog.getByRole('alert').textContent).toBe('The call to bob@call.example failed. Try again.');
});

test('the room’s address for phones is in the invitation', async () => {
  const { user, world } = await inRoom([person('Bob')]);
  await user.click(await button('Invite'));
  const dialog = within(await screen.findByRole('dialog', { name: 'Invite' }));
  expect(dialog.getByText('sip:tea@call.example')).toBeTruthy();
  await user.click(dialog.getByRole('button', { name: 'Copy the address for phones' }));
  expect(world.copied.at(-1)).toBe('sip:tea@call.example');
});

test.each([{ sealed: true }, { callIn: false, callOut: false }])('phones aren’t offered with %o', async (options) => {
  const { user } = await inRoom([person('Bob')], options);
  await user.click(await button('Invite'));
  const dialog = within(await screen.findByRole('dialog', { name: 'Invite' }));
  await dialog.findByRole('button', { name: 'Copy invitation' });
  expect(dialog.queryByText('sip:tea@call.example')).toBeNull();
  expect(dialog.queryByRole('button', { name: 'Call a phone' })).toBeNull();
});

test('members can’t call phones where hosts let people in', async () => {
  const scene = await inRoom([person('Bob')]);
  await scene.user.click(await button('Invite'));
  expect(await button('Call a phone')).toBeTruthy();
  await now(() => scene.room.moderation.rules.set({ entry: 'knock', files: true, history: true, screens: true }));
  expect(screen.queryByRole('button', { name: 'Call a phone' })).toBeNull();
});

test('people hear that a phone could not join', async () => {
  const scene = await inRoom([], { sealed: true });
  await now(() => scene.phones.refuse('Bob', 'sealed'));
  expect(scene.call.notices.heard.peek()).toContain('Bob tried to join by phone. This call is sealed by its link');
});

test('no files are offered to a phone', async () => {
  const bob = person('Bob');
  bob.sip = true;
  const scene = await inRoom([bob]);
  await scene.user.click(await button('Files'));
  expect(await screen.findByText('A phone takes no files.')).toBeTruthy();
  await scene.files.send([new File(['x'], 'x.txt')]);
  expect(bob.offered).toEqual([]);
  expect(scene.call.notices.shown.peek()).toBe('A phone takes no files.');
});

test.each([
  ['bob', { user: 'bob' }],
  [' SIP:Bob@Call.Example ', { user: 'bob' }],
  ['+15550100', { user: '+15550100' }],
  ['bob@other.example', { problem: 'foreign' }],
  ['', { problem: 'invalid' }],
  ['bob smith', { problem: 'invalid' }],
  ['a@b@c', { problem: 'invalid' }],
])('“%s” is read as %o', (typed, read) => {
  expect(dialled(typed, 'call.example')).toEqual(read);
});
