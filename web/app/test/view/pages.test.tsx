// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { FakeRoom, refusal } from '../fakes';
import { aWorld, now, open, type Scene } from './scene';

/** What somebody reads whose call, or way into it, is over. */
function read(): readonly [title: string | null, lead: string | null | undefined, buttons: readonly (string | null)[]] {
  const heading = screen.getByRole('heading', { level: 1 });
  expect(document.activeElement, 'a screen reader reads the new page').toBe(heading);
  const buttons = screen.getAllByRole('button').map((each) => each.textContent);
  return [heading.textContent, heading.nextElementSibling?.textContent, buttons];
}

/** Alice in a call. */
async function joined(): Promise<Scene & { readonly room: FakeRoom }> {
  const world = aWorld('r/tea');
  const room = new FakeRoom('tea', 'Alice');
  world.answer = async () => room;
  const scene = await open(world);
  await scene.user.type(screen.getByRole('textbox', { name: 'Your name' }), 'Alice{Enter}');
  await screen.findByRole('region', { name: 'Call controls' });
  return Object.assign(scene, { room });
}

test.each([
  ['removed', 'You were removed', 'The host removed you from the call.', 'Try again'],
  ['ended', 'The call is over', 'The host ended the call.', 'Join again'],
  ['replaced', 'You joined from another window', 'The call continues there. You can close this page.', 'Join here too'],
  ['seat-gone', 'You were offline too long', 'Your place was given up. Rejoin to continue.', 'Rejoin'],
])('a call that ends as %s says why, and how to come back', async (code, title, lead, again) => {
  const { room } = await joined();
  await now(() => room.ended.set(refusal(code)));
  expect(read()).toEqual([title, lead, [again, 'New call']]);
});

test('when the time of a call is up there is no way back', async () => {
  const { room } = await joined();
  await now(() => room.ended.set(refusal('time-up')));
  expect(read()).toEqual(['The call is over', 'Its time is up.', ['Back to the start page']]);
});

test('Leave ends the call, and Rejoin leads back without the lobby', async () => {
  const { user, world } = await joined();
  await user.click(screen.getByRole('button', { name: 'Leave' }));
  expect(read()).toEqual(['You left', 'Your camera and microphone are off.', ['Rejoin', 'New call']]);
  world.answer = async () => new FakeRoom('tea', 'Alice');
  await user.click(screen.getByRole('button', { name: 'Rejoin' }));
  expect(await screen.findByRole('region', { name: 'Call controls' })).toBeTruthy();
});

test.each([
  ['pass-needed', 'Invitation only', 'You need an invitation link for this room. Ask the host for one.'],
  ['pass-invalid', 'This link doesn’t work', 'Ask the person who sent it for a new one.'],
  ['pass-expired', 'This link has expired', 'Ask the person who sent it for a new one.'],
  ['not-allowed', 'You can’t join this call', 'The site didn’t let you in. Check that you’re signed in there.'],
  ['time-up', 'The call is over', 'Its time is up.'],
])('somebody the server turns away with %s reads why', async (code, title, lead) => {
  const { world } = await open(aWorld('r/tea'));
  await now(() => world.lobbies[0]?.refused.set(refusal(code)));
  expect(read()).toEqual([title, lead, ['Back to the start page']]);
});

test.each([
  ['r/tea#AAECAwQ', 'This link is incomplete', 'New call'],
  ['r/t_a', 'That’s not a valid room name', 'New call'],
  ['nowhere', 'Page not found', 'Back to the start page'],
])('the address %s leads to a page that says what is wrong', async (path, title, way) => {
  const { user, world, app } = await open(aWorld(path));
  await waitFor(() => expect(read()[0]).toBe(title));
  expect(app.title.value).toBe(`${title} · Eyeline`);
  await user.click(screen.getByRole(way === 'New call' ? 'button' : 'link', { name: way }));
  await waitFor(() => expect(world.address.path.value).toMatch(way === 'New call' ? /^r\/.*#.{22}$/ : /^$/));
});

test('a link with a key on a page without HTTPS says what it needs', async () => {
  const world = aWorld('r/tea#AAECAwQFBgcICQoLDA0ODw');
  world.secure = false;
  await open(world);
  await waitFor(() => expect(read()[0]).toBe('This link needs HTTPS'));
});

test('a browser without WebRTC is told so, and can see what works', async () => {
  const world = aWorld('r/tea');
  world.webrtc = false;
  const { user } = await open(world);
  await waitFor(() => expect(read()[0]).toBe('Calls don’t work in this browser'));
  await user.click(screen.getByRole('button', { name: 'See what works' }));
  expect(world.address.path.value).toBe('test');
});

test('after a reload the page says that it is rejoining', async () => {
  const world = aWorld('r/tea');
  world.session.set('eyeline:in:tea', 'in');
  world.sdk.rejoin = () => new Promise(() => {});
  await open(world);
  expect(screen.getByRole('status').textContent).toBe('Rejoining the call…');
});
