// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom';
import { expect, test, vi } from 'vitest';
import { CallView } from '../../src/view/call';
import { aCall, aWorld, draw, now, person } from './scene';

/** Alice is in a call with Bob. */
async function call(world = aWorld()) {
  const bob = person('Bob');
  const scene = await aCall([bob], { world });
  const user = draw(<CallView call={scene.call} />);
  await screen.findByRole('button', { name: 'More' });
  return { ...scene, bob, user };
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
  const list = within(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' }));
  const keys = () => list.getAllByRole('term').map((each) => each.textContent);
  expect(keys()).toEqual(['M', 'V', 'S', 'C', 'F', 'P', 'I', 'H', 'Z', '?', 'Esc']);
  await now(() => room.moderation.setRules({ files: false }));
  expect(keys()).not.toContain('F');
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(document.activeElement).toBe(more());
});

const tile = (name: string) => screen.getByText(name, { selector: '.name-words' }).closest('li');

test('the menu and a key hide your own picture from you, and say that others still see it', async () => {
  const { user, call: alices } = await call();
  await user.click((await menu(user)).getByRole('menuitemcheckbox', { name: 'Hide self-view', checked: false }));
  expect(screen.queryByText('You', { selector: '.name-words' })).toBeNull();
  expect(alices.notices.shown.value).toBe('Your picture is hidden from you. Others still see it.');
  await user.keyboard('h');
  expect(tile('You')).toBeTruthy();
  await user.keyboard('vh');
  expect(alices.notices.shown.value, 'without a camera').toBe('Your own tile is hidden from you.');
});

test('the button on a tile, a double click on it, and a number pin and unpin a person', async () => {
  const { user, room, bob, call: alices } = await call();
  await now(() => room.peers.set([bob, person('Carol'), person('Dave')]));
  const pin = await screen.findByRole('button', { name: 'Pin Carol', pressed: false });
  await user.click(pin);
  expect(screen.getByRole('button', { name: 'Pin Carol', pressed: true })).toBe(pin);
  await user.dblClick(tile('Bob') ?? document.body);
  expect(alices.stage.pinned.value?.name).toBe('Bob');
  await user.keyboard('1');
  expect(alices.stage.pinned.value).toBeNull();
  await user.keyboard('39');
  expect(alices.stage.pinned.value?.name).toBe('Dave');
});

test('the small window has the others without sound, and buttons and keys that mute, turn the camera off, and leave', async () => {
  const world = aWorld();
  const { body } = document.implementation.createHTMLDocument(); // another document, as in a browser
  world.windows = { shows: 'page', open: async () => ({ body, close: () => {} }) };
  const { user, room } = await call(world);
  await user.click((await menu(user)).getByRole('menuitemcheckbox', { name: 'Picture-in-picture', checked: false }));
  await waitFor(() => expect(body.textContent).toContain('Bob'));
  expect(body.querySelector('video')?.muted).toBe(true);
  const buttons = () => [...body.querySelectorAll('button')];
  const names = () => buttons().map((each) => each.getAttribute('aria-label'));
  expect(names()).toEqual(['Mute microphone', 'Turn camera off', 'Leave']);
  await now(() => buttons()[0]?.click());
  expect(names()).toContain('Unmute microphone');
  await now(() => void body.dispatchEvent(new KeyboardEvent('keydown', { key: 'm', bubbles: true })));
  expect(names()).toContain('Mute microphone');
  await now(() => room.peers.set([]));
  expect(body.textContent).toContain('Nobody else here.');
  await now(() => buttons()[2]?.click());
  expect(room.ended.current?.code).toBe('left');
});

test('somebody muted for you is silent here, with their screen, and is told to nobody', async () => {
  const { user, room, bob } = await call();
  await now(() => bob.screen.set(room.peers.current[0]?.stream ?? null));
  const videos = () => [...document.querySelectorAll('video')].slice(0, 2).map(({ muted }) => muted);
  expect(videos()).toEqual([false, false]);
  const sent = bob.sent.length;
  await user.click(await screen.findByRole('button', { name: 'Mute Bob for me', pressed: false }));
  expect(videos()).toEqual([true, true]);
  expect(tile('Bob')?.textContent).toContain('muted for you');
  expect(bob.sent.length).toBe(sent);
  await user.click(screen.getByRole('button', { name: 'Mute Bob for me', pressed: true }));
  expect(videos()).toEqual([false, false]);
});

test('somebody muted for you stays silent when blocked sound is turned on', async () => {
  vi.spyOn(HTMLMediaElement.prototype, 'play').mockRejectedValueOnce(new DOMException('blocked', 'NotAllowedError'));
  const { user, call: alices } = await call();
  await now(() => {
    for (const one of alices.others.value) one.mutedForMe.value = true;
  });
  await user.click(screen.getByRole('button', { name: 'Click to turn on sound' }));
  expect(document.querySelector('video')?.muted).toBe(true);
});

test('of two people a double click on the other shows the call full screen', async () => {
  const { user, world } = await call();
  await screen.findByRole('button', { name: 'Mute Bob for me' });
  await user.dblClick(screen.getByRole('button', { name: /^Connection to Bob/ }));
  expect(world.fullScreen?.on.value).toBe(false);
  await user.dblClick(tile('Bob') ?? document.body);
  expect(world.fullScreen?.on.value).toBe(true);
});

test('of two people nobody has a button to pin, and numbers do nothing', async () => {
  const { user, call: alices } = await call();
  await menu(user);
  await user.keyboard('{Escape}1');
  expect(screen.queryByRole('button', { name: 'Pin Bob' })).toBeNull();
  expect(alices.stage.pinned.value).toBeNull();
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
