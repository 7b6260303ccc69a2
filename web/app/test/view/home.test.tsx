// @vitest-environment happy-dom
import { screen } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { aWorld, open } from './scene';

const field = () => screen.getByRole('textbox', { name: 'Link or room name' });

test.each([
  ['', 'Paste the link you were sent, or type a room name.'],
  ['tea & cake', 'That’s not a link or a room name. Room names have only letters, digits and hyphens.'],
  [
    'https://elsewhere.example/r/tea',
    'That link is for another server, elsewhere.example. Open it in the address bar.',
  ],
])('"%s" is no way into a call, and an alert says why until something else is typed', async (typed, words) => {
  const { user, world } = await open(aWorld());
  if (typed !== '') await user.type(field(), typed);
  await user.click(screen.getByRole('button', { name: 'Join' }));
  expect(screen.getByRole('alert').textContent).toBe(words);
  expect(document.activeElement).toBe(field());
  expect(field().getAttribute('aria-invalid')).toBe('true');
  expect(world.address.path.value).toBe('');
  await user.keyboard('x');
  expect(screen.getByRole('alert').textContent).toBe('');
  expect(field().getAttribute('aria-invalid')).toBe('false');
});

test.each([
  ['Tea', 'r/tea'],
  ['https://eyeline.example/call/r/tea#AAECAwQFBgcICQoLDA0ODw', 'r/tea#AAECAwQFBgcICQoLDA0ODw'],
])('%s and Enter lead to the lobby', async (typed, path) => {
  const { user, world } = await open(aWorld());
  await user.type(field(), `${typed}{Enter}`);
  expect(world.address.path.value).toBe(path);
  expect(screen.getByRole('heading', { name: 'Ready?' })).toBeTruthy();
});

test('a new call opens its lobby', async () => {
  const { user, world } = await open(aWorld());
  await user.click(screen.getByRole('button', { name: 'New call' }));
  expect(await screen.findByRole('heading', { name: 'Ready?' })).toBeTruthy();
  expect(world.address.path.value).toMatch(/^r\/.*#/);
});

test('the links of the app load no page, unless they are meant for another tab', async () => {
  const { user, world } = await open(aWorld());
  const link = screen.getByRole('link', { name: 'Test your camera, microphone and network' });
  expect(link.getAttribute('href')).toBe('https://eyeline.example/call/test');
  link.addEventListener('click', (event) => event.preventDefault()); // happy-dom would go there
  await user.keyboard('{Control>}');
  await user.click(link);
  expect(world.address.path.value).toBe('');
  await user.keyboard('{/Control}');
  await user.click(link);
  expect(world.address.path.value).toBe('test');
});
