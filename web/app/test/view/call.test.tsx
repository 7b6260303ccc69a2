// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { CallView } from '../../src/view/call';
import { chatLine } from '../fakes';
import { aCall, draw, now, person } from './scene';

/** Alice is in a call that Bob has just joined. */
async function call() {
  const scene = await aCall();
  const user = draw(<CallView call={scene.call} />);
  const bob = person('Bob');
  await now(() => scene.room.peers.set([bob]));
  return { ...scene, bob, user };
}

const button = (name: string) => screen.getByRole('button', { name });

test.each([
  ['c', 'Chat', 'Chat'],
  ['f', 'Files', 'Files'],
  ['p', 'People', 'People'],
])('%s opens a panel, and Escape gives the focus back to its button', async (key, panel, name) => {
  const { user, room } = await call();
  await now(() => room.moderation.role.set('host'));
  await user.keyboard(key);
  const aside = await screen.findByRole('complementary', { name: panel });
  await waitFor(() => expect(aside.contains(document.activeElement)).toBe(true));
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('complementary')).toBeNull();
  expect(document.activeElement).toBe(button(name));
});

test('the button Close of a panel gives the focus back as well', async () => {
  const { user } = await call();
  await user.click(button('Chat'));
  const aside = await screen.findByRole('complementary', { name: 'Chat' });
  await user.click(within(aside).getByRole('button', { name: 'Close' }));
  expect(document.activeElement).toBe(button('Chat'));
});

test('the keys switch microphone and camera, and none of them does while somebody types', async () => {
  const { user, world } = await call();
  const states = () => [world.media[0]?.microphone.current.state, world.media[0]?.camera.current.state];
  await user.keyboard('mv');
  expect(states()).toEqual(['off', 'off']);
  await user.keyboard('c');
  const field = await screen.findByRole('textbox', { name: 'Message everyone' });
  await user.type(field, 'mvpfi');
  expect(field).toHaveProperty('value', 'mvpfi');
  expect(states()).toEqual(['off', 'off']);
  expect(screen.getByRole('complementary', { name: 'Chat' })).toBeTruthy();
  expect(world.copied).toEqual([]);
});

test('keys with Ctrl, Alt or Meta are left to the browser', async () => {
  const { user, call: alices } = await call();
  for (const key of ['Control', 'Alt', 'Meta']) await user.keyboard(`{${key}>}c{/${key}}`);
  expect(alices.panel.value).toBeNull();
});

test('the heading says who is there', async () => {
  const { room, bob } = await call();
  const heading = () => screen.getByRole('heading', { level: 1 }).textContent;
  expect(heading()).toBe('Bob');
  await now(() => room.peers.set([bob, person('Carol')]));
  expect(heading()).toBe('Bob and Carol');
  await now(() => room.peers.set([]));
  expect(heading()).toBe('Nobody else here.');
});

test('alone you have the link, its QR code, and a button that copies it', async () => {
  const { call: alices, world } = await aCall();
  const user = draw(<CallView call={alices} />);
  expect(screen.getByRole('textbox', { name: 'Link to this call' })).toHaveProperty('value', alices.link);
  const code = await screen.findByRole('img', { name: 'QR code of the link' });
  expect(code.querySelector('path')?.getAttribute('d')).toMatch(/^M0 0h7v1h-7z/);
  await user.click(button('Copy'));
  expect(world.copied).toEqual([alices.link]);
  expect(await screen.findByRole('button', { name: 'Copied' })).toBeTruthy();
});

test('where the clipboard is blocked, a dialog has the link selected, and gives the focus back', async () => {
  const { user, world, call: alices } = await call();
  world.clipboard = false;
  await user.click(button('Invite'));
  const dialog = await screen.findByRole('dialog', { name: 'Invite' });
  const field = within(dialog).getByRole<HTMLInputElement>('textbox', { name: 'Link to this call' });
  expect(field.value).toBe(alices.link);
  await waitFor(() => expect(document.activeElement === field).toBe(true));
  expect([field.selectionStart, field.selectionEnd]).toEqual([0, alices.link.length]);
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(document.activeElement).toBe(button('Invite'));
});

test('after a message is deleted by the keyboard the focus is still in the chat', async () => {
  const { user } = await call();
  await user.click(button('Chat'));
  await user.type(await screen.findByRole('textbox', { name: 'Message everyone' }), 'Tea{Enter}');
  button('Reply and more: Tea').focus();
  await user.keyboard('{Enter}');
  button('Delete').focus();
  await user.keyboard('{Enter}');
  expect(screen.getByText('Deleted')).toBeTruthy();
  const chat = screen.getByRole('complementary', { name: 'Chat' });
  await waitFor(() => expect(chat.contains(document.activeElement)).toBe(true));
});

test('what is written while the chat is closed is counted on its button until it is read', async () => {
  const { user, room, bob } = await call();
  await now(() => room.hear(bob, chatLine('Are you there?', 1)));
  expect(button('Chat').getAttribute('aria-description')).toBe('1 unread');
  await user.click(button('Chat'));
  expect(await screen.findByText('Are you there?')).toBeTruthy();
  expect(button('Chat').getAttribute('aria-description')).toBeNull();
});

test('a card over the stage asks about somebody in the waiting room, until the panel is open', async () => {
  const { user, room } = await call();
  await now(() => {
    room.moderation.role.set('host');
    room.moderation.knocks.set([{ id: 'carol', name: 'Carol' }]);
  });
  expect(await screen.findByRole('region', { name: '1 waiting to join' })).toBeTruthy();
  await user.click(button('People'));
  const panel = within(await screen.findByRole('complementary', { name: 'People' }));
  expect(screen.queryByRole('region', { name: '1 waiting to join' })).toBeNull();
  await user.click(panel.getByRole('button', { name: 'Admit Carol' }));
  expect(room.moderation.orders).toEqual([['admit', 'carol']]);
});

test('while you share your screen a banner says so, and ends it', async () => {
  const { user, room, world } = await call();
  world.captureScreen = async () => world.stream('screen');
  await user.keyboard('s');
  const banner = within(await screen.findByRole('region', { name: 'You’re sharing your screen' }));
  await user.click(banner.getByRole('button', { name: 'Stop' }));
  expect(room.screen.current).toBeNull();
  expect(screen.queryByRole('region', { name: 'You’re sharing your screen' })).toBeNull();
});

test('when the host turns off screens, yours is stopped with a notice and its button goes', async () => {
  const { user, room, world } = await call();
  world.captureScreen = async () => world.stream('screen');
  await user.click(button('Share your screen'));
  await now(() => room.moderation.setRules({ screens: false }));
  expect(room.screen.current).toBeNull();
  expect(
    screen.getByText('Screen sharing was turned off. Your screen is no longer shown.', { selector: '.notice' }),
  ).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Share your screen' })).toBeNull();
  await now(() => room.moderation.setRules({ screens: true }));
  expect(button('Share your screen')).toBeTruthy();
});
