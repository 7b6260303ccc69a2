// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { CallView } from '../../src/view/call';
import { chatLine } from '../fakes';
import { aCall, draw, now, person } from './scene';

async function call() {
  const bob = person('Bob');
  const scene = await aCall([bob]);
  const user = draw(<CallView call={scene.call} />);
  await screen.findByRole('button', { name: 'Chat' });
  const hear = (text: string, at = 0, more = {}) => now(() => scene.room.hear(bob, chatLine(text, at, more)));
  return { ...scene, bob, user, hear };
}

const toast = () => document.querySelector('.toast');

test('a message is shown with its sender while the chat is closed, and a click opens the chat', async () => {
  const { user, hear, call: alices } = await call();
  await hear('Are you there?');
  const shown = await screen.findByRole('button', { name: /^Bob Are you there\? Open the chat$/ });
  await user.click(shown);
  expect(alices.panel.value).toBe('chat');
  expect(toast()).toBeNull();
});

test('a message that looks like HTML is shown as text', async () => {
  const { hear } = await call();
  await hear('<img src=x onerror=globalThis.hacked=1>');
  await waitFor(() => expect(toast()?.querySelector('.toast-text')?.textContent).toContain('<img src=x'));
  expect(toast()?.querySelector('img')).toBeNull();
});

test('a private message says so', async () => {
  const { hear } = await call();
  await hear('psst', 1, { to: 'me' });
  await waitFor(() => expect(toast()?.textContent).toContain('only to you'));
});

test('unread messages stay visible when the controls have gone', async () => {
  const { hear, world, user, call: alices } = await call();
  await hear('one', 1);
  await hear('two', 2);
  await now(() => world.pass(6));
  const count = await screen.findByRole('button', { name: '2 unread messages' });
  await now(() => alices.controls.stir());
  expect(toast()).toBeNull();
  await now(() => world.pass(3));
  expect(count.isConnected).toBe(false);
  await user.click(screen.getByRole('button', { name: '2 unread messages' }));
  expect(alices.panel.value).toBe('chat');
});

test('whoever is alone can ask for a notification when somebody comes', async () => {
  const { call: alices, room, world } = await aCall();
  const user = draw(<CallView call={alices} />);
  await user.click(await screen.findByRole('button', { name: 'Tell me when somebody comes' }));
  expect(
    await screen.findByText('You’ll get a notification when somebody comes.', { selector: '.tell-me' }),
  ).toBeTruthy();
  await now(() => {
    world.seen.value = false;
    room.peers.set([person('Bob')]);
  });
  expect(world.notified.map(({ title }) => title)).toEqual(['Bob joined']);
});

test('if the browser blocks notifications, a notice says so and the button stays', async () => {
  const { call: alices, world } = await aCall();
  world.allowsNotifications = false;
  const user = draw(<CallView call={alices} />);
  await user.click(await screen.findByRole('button', { name: 'Tell me when somebody comes' }));
  expect(await screen.findByText(/^Your browser blocks notifications/, { selector: '.notice' })).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Tell me when somebody comes' })).toBeTruthy();
});

test('sounds and notifications are switched in the chat', async () => {
  const { user, attention } = await call();
  await user.keyboard('c');
  await user.click(await screen.findByRole('button', { name: 'Sounds', pressed: true }));
  expect(attention.sounds.on.value).toBe(false);
  await user.click(screen.getByRole('button', { name: 'Notifications while this page is hidden', pressed: false }));
  await waitFor(() => expect(attention.notifications.on.value).toBe(true));
});
