// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { CallView } from '../../src/view/call';
import { aCall, aWorld, draw, now, person } from './scene';

/** Alice is in a call with Bob. */
async function call(world = aWorld()) {
  const scene = await aCall([person('Bob')], { world });
  const user = draw(<CallView call={scene.call} />);
  await screen.findByRole('button', { name: 'More' });
  return { ...scene, user };
}

const more = () => screen.getByRole('button', { name: 'More' });

/** Opens the menu "More"; returns what is in it. */
async function menu(user: Awaited<ReturnType<typeof call>>['user']) {
  await user.click(more());
  return within(await screen.findByRole('menu', { name: 'More' }));
}

test('full screen is in the menu, on a key, and says whether it is on', async () => {
  const { user, world } = await call();
  await user.click((await menu(user)).getByRole('menuitemcheckbox', { name: 'Full screen', checked: false }));
  expect(world.fullScreen?.on.value).toBe(true);
  expect((await menu(user)).getByRole('menuitemcheckbox', { name: 'Full screen', checked: true })).toBeTruthy();
  await user.keyboard('{Escape}z');
  expect(world.fullScreen?.on.value).toBe(false);
});

test('a browser without full screen has neither', async () => {
  const world = aWorld();
  world.fullScreen = null;
  const { user, call: alices } = await call(world);
  expect((await menu(user)).queryByRole('menuitemcheckbox', { name: 'Full screen' })).toBeNull();
  expect(alices.shortcuts().map(({ key }) => key)).not.toContain('z');
});

test('a browser that refuses full screen does no harm', async () => {
  const world = aWorld();
  if (world.fullScreen !== null) world.fullScreen = { ...world.fullScreen, enter: () => Promise.reject(new Error()) };
  const { user } = await call(world);
  await user.click((await menu(user)).getByRole('menuitemcheckbox', { name: 'Full screen' }));
  expect(world.fullScreen?.on.value).toBe(false);
});

test('? lists the keys that do something here, and Escape closes the list', async () => {
  const { user, room } = await call();
  await (await menu(user)).findAllByRole('menuitem');
  await user.keyboard('{Escape}?');
  const list = within(screen.getByRole('dialog', { name: 'Keyboard shortcuts' }));
  const keys = () => list.getAllByRole('term').map((each) => each.textContent);
  expect(keys()).toEqual(['M', 'V', 'S', 'C', 'F', 'I', 'Z', '?', 'Esc']);
  await now(() => room.moderation.role.set('host'));
  expect(keys()).toContain('P');
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(document.activeElement).toBe(more());
});

test('the controls stay while the menu is open', async () => {
  const { user, world, call: alices } = await call();
  await menu(user);
  await now(() => world.pass(10));
  expect(alices.controls.shown.value).toBe(true);
  await user.keyboard('{Escape}');
  more().blur();
  await user.unhover(more());
  await now(() => world.pass(10));
  await waitFor(() => expect(alices.controls.shown.value).toBe(false));
});
