// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { Invitation } from '../../src/model/invitation/invitation';
import { Notices } from '../../src/model/notices';
import { CallView } from '../../src/view/call';
import { CalendarForm } from '../../src/view/invitation/calendar-form';
import { FakeRoom } from '../fakes';
import { aCall, aWorld, draw, now, person } from './scene';

const button = (name: string | RegExp) => screen.findByRole('button', { name });

/** Alice, alone in a call or with Bob. */
async function inCall(people: readonly ReturnType<typeof person>[] = [], world = aWorld()) {
  const scene = await aCall(people, { world });
  return { ...scene, user: draw(<CallView call={scene.call} />) };
}

test('alone you can share the link, copy an invitation, save a calendar file, or say it', async () => {
  const world = aWorld();
  const shared: string[] = [];
  world.share = async ({ url }) => void shared.push(url);
  const { user, call } = await inCall([], world);
  await user.click(await button('Share'));
  expect(shared).toEqual([call.link]);
  await user.click(await button('Copy invitation'));
  expect(world.copied.at(-1)).toContain(call.link);
  expect(await button('Calendar file')).toBeTruthy();
  expect(await button('Say it in words')).toBeTruthy();
});

test('where there is no share sheet or no HTTPS, nothing is offered that can’t be done', async () => {
  const world = aWorld();
  world.secure = false;
  await inCall([], world);
  await button('Copy invitation');
  expect(screen.queryByRole('button', { name: 'Share' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Say it in words' })).toBeNull();
});

test('with others, Invite copies the link and opens a dialog that shows all of it', async () => {
  const { user, world, call } = await inCall([person('Bob')]);
  await user.click(await button('Invite'));
  const dialog = within(await screen.findByRole('dialog', { name: 'Invite' }));
  expect(world.copied).toEqual([call.link]);
  expect(dialog.getByRole('textbox', { name: 'Link to this call' })).toHaveProperty('value', call.link);
  expect(dialog.getByRole('button', { name: 'Copied' })).toBeTruthy();
});

test('a calendar file needs a date and a time', async () => {
  const { user, world } = await inCall();
  await user.click(await button('Calendar file'));
  const form = within(await screen.findByRole('form', { name: 'Add it to a calendar' }));
  await user.clear(form.getByLabelText('Date'));
  await user.click(form.getByRole('button', { name: 'Save file' }));
  expect(form.getByRole('alert').textContent).toBe('Choose a date and a time.');
  await user.type(form.getByLabelText('Date'), '2026-11-30');
  await user.selectOptions(form.getByLabelText('Length'), '30 minutes');
  await user.click(form.getByRole('button', { name: 'Save file' }));
  expect(form.getByRole('alert').textContent).toBe('');
  expect(world.texts.map(({ name }) => name)).toEqual(['call.ics']);
});

test.each([
  [true, 'The file has the link with its key: whoever can read the calendar can join.'],
  [false, 'The file has the link: whoever can read the calendar can join.'],
])('beside the calendar file stands what is in it, where a link with a key is %s', async (sealed, note) => {
  const world = aWorld();
  const link = `https://eyeline.example/call/r/tea${sealed ? '#key' : ''}`;
  draw(<CalendarForm invitation={new Invitation(world, link, new Notices(world.after))} />);
  expect(screen.getByText(note)).toBeTruthy();
});

test('the words are shown with their end, who came by them is counted, and they can be stopped', async () => {
  const world = aWorld();
  const rendezvous = new FakeRoom('', 'Host');
  world.answer = async () => rendezvous;
  const { user } = await inCall([], world);
  await user.click(await button('Say it in words'));
  const part = within(await screen.findByRole('region', { name: 'Say it in words' }));
  const said = () => part.getAllByRole('status').map((each) => each.textContent);
  await waitFor(() => expect(said()[0]).toMatch(/^Have them open eyeline.example and type:/));
  expect(part.getByText(/^[a-z]+( [a-z]+){4}$/)).toBeTruthy();
  await now(() => rendezvous.peers.set([person('Guest')]));
  await waitFor(() => expect(said()[1]).toBe('Used once.'));
  await now(() => rendezvous.peers.set([]));
  await now(() => rendezvous.peers.set([person('Guest')]));
  await waitFor(() => expect(said()[1]).toBe('Used 2 times.'));
  await user.click(part.getByRole('button', { name: 'Stop' }));
  expect(said()).toEqual(['These words no longer work.', '']);
  expect(part.getByRole('button', { name: 'New words' })).toBeTruthy();
  expect(rendezvous.ended.current).not.toBeNull();
});

test('the call’s end ends the words', async () => {
  const world = aWorld();
  const rendezvous = new FakeRoom('', 'Host');
  world.answer = async () => rendezvous;
  const { user, call } = await inCall([], world);
  await user.click(await button('Say it in words'));
  await screen.findByRole('button', { name: 'Stop' });
  await now(() => call.end());
  expect(rendezvous.ended.current).not.toBeNull();
});
