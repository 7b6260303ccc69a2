// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { CallView } from '../../src/view/call';
import { aCall, draw, now, person } from './scene';

/** Alice is in a call with Bob, and is its host. */
async function call() {
  const scene = await aCall([person('Bob')]);
  const user = draw(<CallView call={scene.call} />);
  await now(() => scene.room.moderation.role.set('host'));
  await screen.findByRole('button', { name: 'Chat' });
  return { ...scene, user, back: () => now(() => scene.world.back()) };
}

const button = (name: string) => screen.getByRole('button', { name });

test.each(['Chat', 'Files', 'People'])('Back closes %s, and gives the focus back to its button', async (name) => {
  const { user, back, room } = await call();
  await user.click(button(name));
  await screen.findByRole('complementary', { name });
  await back();
  expect(screen.queryByRole('complementary')).toBeNull();
  expect(document.activeElement).toBe(button(name));
  expect(room.ended.current).toBeNull();
});

test('Back closes the panel of a connection before the chat under it', async () => {
  const { user, back, call: alices } = await call();
  await user.click(button('Chat'));
  await screen.findByRole('complementary', { name: 'Chat' });
  await now(() => alices.showConnection('bob'));
  await screen.findByRole('dialog');
  await back();
  expect([alices.connectionShown.value, alices.panel.value]).toEqual([null, 'chat']);
  await back();
  expect(alices.panel.value).toBeNull();
});

test('Back closes the menu "More" and what it opened', async () => {
  const { user, back, call: alices } = await call();
  await user.click(button('More'));
  await screen.findByRole('menu', { name: 'More' });
  await back();
  expect(screen.queryByRole('menu')).toBeNull();
  await now(() => alices.lazy.view.peek()?.listShortcuts(true));
  await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
  await back();
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('Back closes the invitation', async () => {
  const { user, back, world, room } = await call();
  world.clipboard = false;
  await user.click(button('Invite'));
  await screen.findByRole('dialog', { name: 'Invite' });
  await back();
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(room.ended.current).toBeNull();
});

test('Back asks before it hangs up, and Stay stays', async () => {
  const { user, back, room, world } = await call();
  button('Chat').focus();
  await back();
  const question = await screen.findByRole('dialog', { name: 'Leave the call?' });
  await user.click(within(question).getByRole('button', { name: 'Stay' }));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(room.ended.current).toBeNull();
  expect(world.layers).toHaveLength(1); // asked again next time
});

test('a second Back closes the question, and a third asks again', async () => {
  const { back, room } = await call();
  await back();
  await screen.findByRole('dialog', { name: 'Leave the call?' });
  await back();
  expect(screen.queryByRole('dialog')).toBeNull();
  await back();
  await screen.findByRole('dialog', { name: 'Leave the call?' });
  expect(room.ended.current).toBeNull();
});

test('Leave hangs up', async () => {
  const { user, back, room } = await call();
  await back();
  const question = await screen.findByRole('dialog', { name: 'Leave the call?' });
  await user.click(within(question).getByRole('button', { name: 'Leave' }));
  expect(room.ended.current?.code).toBe('left');
});

test('keys pressed in the question do nothing else', async () => {
  const { user, back, call: alices } = await call();
  await back();
  const question = await screen.findByRole('dialog', { name: 'Leave the call?' });
  within(question).getByRole('button', { name: 'Stay' }).focus();
  await user.keyboard('mc');
  expect([alices.isOn('microphone'), alices.panel.value]).toEqual([true, null]);
});

test('a call that is over leaves nothing for Back to close', async () => {
  const { user, call: alices, world } = await call();
  await user.click(button('Chat'));
  await screen.findByRole('complementary', { name: 'Chat' });
  await waitFor(() => expect(world.layers).toHaveLength(2));
  await now(() => alices.showPanel(null));
  await now(() => alices.end());
  expect(world.layers).toEqual([]);
});
