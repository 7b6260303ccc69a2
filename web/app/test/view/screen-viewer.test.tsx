// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { CallView } from '../../src/view/call';
import { aCall, draw, now, person, stream } from './scene';

/** Alice sees the screen that Bob shares. */
async function call() {
  const bob = person('Bob');
  const scene = await aCall([bob]);
  const user = draw(<CallView call={scene.call} />);
  await now(() => scene.call.stage.measured({ all: room, free: room }));
  await now(() => bob.screen.set(stream()));
  const button = await screen.findByRole('button', { name: 'Show Bob’s screen full screen' });
  const cover = button.parentElement?.previousElementSibling ?? null;
  if (cover === null) throw new Error('no cover');
  return { ...scene, bob, user, button, cover };
}

const room = { x: 0, y: 0, width: 390, height: 844 };
const viewer = () => screen.findByRole('dialog', { name: 'Bob’s screen' });
const gone = () => waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
const zoom = (dialog: HTMLElement) => dialog.querySelector<HTMLElement>('.viewer-picture')?.style.transform;

test('a tap on a shared screen opens it full screen, and Back closes it', async () => {
  const { cover, world, call: alices } = await call();
  fireEvent.pointerDown(cover, { pointerType: 'touch' });
  fireEvent.click(cover);
  await viewer();
  await waitFor(() => expect(world.fullScreen?.on.value).toBe(true));
  await now(() => world.back());
  await gone();
  expect([world.fullScreen?.on.value, alices.screens.viewed.value]).toEqual([false, null]);
});

test('a shared screen is loading until its first picture, and no longer', async () => {
  const { cover } = await call();
  const loading = () => screen.queryByText('Loading Bob’s screen…');
  expect(loading()).not.toBeNull();
  const video = cover.closest('li')?.querySelector('video');
  await now(() => video && fireEvent(video, new Event('resize')));
  expect(loading()).toBeNull();
});

test('a mouse needs a double click', async () => {
  const { cover } = await call();
  fireEvent.pointerDown(cover, { pointerType: 'mouse' });
  fireEvent.click(cover);
  expect(screen.queryByRole('dialog')).toBeNull();
  fireEvent.dblClick(cover);
  await viewer();
});

test('its button opens it too; Escape closes it and gives the focus back', async () => {
  const { user, button } = await call();
  button.focus();
  await user.keyboard('{Enter}');
  const dialog = await viewer();
  await waitFor(() => expect(dialog.contains(document.activeElement)).toBe(true));
  await user.keyboard('{Escape}');
  await gone();
  expect(document.activeElement).toBe(button);
});

test('keys zoom and Tab stays inside', async () => {
  const { user, button } = await call();
  await user.click(button);
  const dialog = await viewer();
  await user.keyboard('++');
  expect(zoom(dialog)).toContain('scale(2.25)');
  await user.keyboard('0');
  expect(zoom(dialog)).toContain('scale(1)');
  const inside = within(dialog);
  await user.tab({ shift: true });
  expect(document.activeElement).toBe(inside.getByRole('button', { name: 'Close' }));
  await user.tab();
  expect(document.activeElement).toBe(inside.getByRole('button', { name: 'Zoom out' }));
});

test('its picture is silent: the sound comes from the tile', async () => {
  const { user, button } = await call();
  await user.click(button);
  expect((await viewer()).querySelector('video')?.muted).toBe(true);
});

test('it closes with the browser’s full screen, and when the screen is no longer shared', async () => {
  const { user, button, bob, world } = await call();
  await user.click(button);
  await viewer();
  await now(() => void world.fullScreen?.exit());
  await gone();
  await user.click(button);
  await viewer();
  await now(() => bob.screen.set(null));
  await gone();
  await now(() => bob.screen.set(stream()));
  await screen.findByRole('button', { name: 'Show Bob’s screen full screen' });
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('a browser without full screen shows it over the page', async () => {
  const { user, button, world } = await call();
  world.fullScreen = null;
  await user.click(button);
  await viewer();
});
