// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { aWorld, now, open } from './scene';

const field = () => screen.getByRole('textbox', { name: 'Link, room name or words' });

test.each([
  ['', 'Paste the link you were sent, or type the name of a room.'],
  ['tea & cake', 'That’s not a link or a room name: those have only letters, digits and hyphens.'],
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

test('the start page leads to the docs for people in calls, below the path of the app', async () => {
  await open(aWorld());
  expect(screen.getByRole('link', { name: 'How to use it' }).getAttribute('href')).toBe('docs/use/');
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

test('words are followed, and the page says what it is doing and what went wrong', async () => {
  const { user, world } = await open(aWorld());
  world.welcomed = false;
  await user.type(field(), 'aardvark kangaroo yoyo zucchini napkin{Enter}');
  expect((await screen.findByText('Asking for the link…')).getAttribute('role')).toBe('status');
  await waitFor(() => expect(world.lobbies).toHaveLength(1));
  await now(() => world.lobbies[0]?.members.set([]));
  expect((await screen.findByText(/^Nobody is inviting with these words now/)).getAttribute('role')).toBe('alert');
  expect(document.activeElement).toBe(field());
});

test('a pasted message becomes the link in it', async () => {
  const { user } = await open(aWorld());
  field().focus();
  await user.paste('Join my call:\nhttps://eyeline.example/call/r/tea#AAECAwQFBgcICQoLDA0ODw\nSee you!');
  expect(field()).toHaveProperty('value', 'https://eyeline.example/call/r/tea#AAECAwQFBgcICQoLDA0ODw');
});

test.each(['r/tea#AAECAwQ', 'r/t_a', 'nowhere'])('on the page for %s a link can be typed too', async (path) => {
  const { user, world } = await open(aWorld(path));
  await user.type(await screen.findByRole('textbox', { name: 'Link, room name or words' }), 'Tea time{Enter}');
  expect(world.address.path.value).toBe('r/tea-time');
});

test('the picture of a call is one picture with a sentence, and not an address of somebody to read', async () => {
  await open(aWorld());
  const picture = screen.getByRole('img', { name: /^Alice and Bob are connected directly/ });
  expect(picture.textContent).toContain('203.0.113.7');
  expect(screen.queryAllByText('203.0.113.7').filter((each) => each.closest('[role=img]') === null)).toEqual([]);
});
