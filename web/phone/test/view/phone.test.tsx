// @vitest-environment happy-dom
import { configure, screen, waitFor } from '@testing-library/dom';
import { type UserEvent, userEvent } from '@testing-library/user-event';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, expect, test } from 'vitest';
import { stream } from '../../../app/test/view/scene';
import { Phone } from '../../src/model/phone';
import { PhoneView } from '../../src/view/phone';
import { bob, carol, type FakeAgent, PhoneWorld } from '../fake-user-agent';

configure({ asyncUtilTimeout: 10_000 }); // on a busy machine

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Shown {
  readonly user: UserEvent;
  readonly world: PhoneWorld;
  readonly phone: Phone;
}

async function open(world = new PhoneWorld()): Promise<Shown> {
  world.newStream = stream;
  const phone = new Phone(world);
  const root = document.createElement('div');
  document.body.append(root);
  await act(() => render(<PhoneView phone={phone} />, root));
  ends.push(() => {
    render(null, root);
    root.remove();
    phone.signOut();
  });
  return { user: userEvent.setup(), world, phone };
}

async function signedIn(): Promise<Shown & { readonly agent: FakeAgent }> {
  const world = new PhoneWorld();
  world.fragment = 'user=alice&password=secret';
  const shown = await open(world);
  await act(() => world.agent.registered());
  return { ...shown, agent: world.agent };
}

const button = (name: string) => screen.findByRole('button', { name });

test('signing in by keyboard; a wrong password is said where the fields are', async () => {
  const { user, world } = await open();
  await user.type(screen.getByRole('textbox', { name: 'User' }), 'alice');
  await user.type(screen.getByLabelText('Password'), 'wrong{Enter}');
  await act(() => world.agent.refused(401));
  expect((await screen.findByText(/^Wrong user name or password/)).getAttribute('role')).toBe('alert');
  expect(document.activeElement).toBe(screen.getByLabelText('Password'));
});

test('a name is dialled with Enter, and hanging up leads back', async () => {
  const { user, agent } = await signedIn();
  await user.type(screen.getByRole('textbox', { name: 'Name, number or address' }), 'bob{Enter}');
  await user.click(await button('Hang up'));
  expect(agent.calls[0]?.done).toEqual(['hang up']);
  await screen.findByRole('heading', { name: 'Ready for calls' });
});

test('what is not an address is said', async () => {
  const { user } = await signedIn();
  const field = screen.getByRole('textbox', { name: 'Name, number or address' });
  await user.type(field, 'a b{Enter}');
  expect((await screen.findByText(/^That isn’t an address/)).getAttribute('role')).toBe('alert');
  expect(field.getAttribute('aria-invalid')).toBe('true');
});

test('Enter answers no call by chance, and everything behind an incoming call is out of reach', async () => {
  const { user, agent } = await signedIn();
  screen.getByRole('textbox', { name: 'Name, number or address' }).focus();
  const call = agent.rings(carol, true);
  const dialog = await screen.findByRole('alertdialog', { name: 'Carol Danvers is calling' });
  await waitFor(() => expect(document.activeElement).toBe(dialog));
  await user.keyboard('{Enter} ');
  expect(call.done).toEqual([]);
  expect(document.querySelector('.phone')?.hasAttribute('inert')).toBe(true);
  await user.click(await button('Answer with video'));
  await waitFor(() => expect(call.done).toEqual(['answer']));
});

test('in a call, keys and buttons mute, hold and send digits', async () => {
  const { user, agent } = await signedIn();
  const call = agent.rings(bob);
  await user.click(await button('Answer'));
  await act(() => call.establish());
  await user.keyboard('m');
  await user.click(await button('Hold'));
  await user.click(await button('Resume'));
  await user.keyboard('k');
  const pad = await screen.findByRole('dialog', { name: 'Keypad' });
  await user.keyboard('4');
  await user.click(await button('Pound'));
  expect(pad.querySelector('output')?.textContent).toBe('4#');
  expect(call.done).toEqual(['answer', 'mute', 'hold', 'resume', 'tone 4', 'tone #']);
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('dialog', { name: 'Keypad' })).toBeNull();
});

test('a call is passed on from its panel', async () => {
  const { user, agent } = await signedIn();
  const call = agent.rings(bob);
  await user.click(await button('Answer'));
  await act(() => call.establish());
  await user.click(await button('Transfer or add a call'));
  await user.type(await screen.findByLabelText('To'), 'carol');
  await user.click(await button('Transfer now'));
  expect(call.done.at(-1)).toBe('transfer to sip:carol@eyeline.example');
  await act(() => call.transferred({ is: 'done' }));
  await screen.findByText('Transferred to carol.');
});

test('a message is written on the page of a person, and one that comes is read out there', async () => {
  const { user, agent } = await signedIn();
  await act(() => agent.receives(bob, 'Are you there?'));
  await user.click(await screen.findByRole('button', { name: /^B?bob.*Are you there\?/ }));
  await user.type(await screen.findByRole('textbox', { name: 'Message to bob' }), 'Yes!{Enter}');
  expect(agent.sent).toEqual([{ to: 'sip:bob@eyeline.example', text: 'Yes!' }]);
  expect(screen.getByRole('log').textContent).toContain('Yes!');
});

test('why a call did not come about is said, and can be closed', async () => {
  const { user, phone, agent } = await signedIn();
  await act(() => phone.softphone.peek()?.calls.dial(bob, false));
  await act(() => agent.calls[0]?.now({ is: 'ended', why: 'busy', by: 'them' }));
  await screen.findByText(/^bob is in another call/);
  await user.click(await button('Close'));
  expect(screen.queryByText(/^bob is in another call/)).toBeNull();
});

test('the server’s own words for why there is no call are shown', async () => {
  const { phone, agent } = await signedIn();
  await act(() => phone.softphone.peek()?.calls.dial(bob, false));
  const said = 'every seat in this room is taken';
  await act(() => agent.calls[0]?.now({ is: 'ended', why: 'busy', by: 'them', said }));
  await screen.findByText('Every seat in this room is taken.');
});

test('a server that is away is said', async () => {
  const { agent } = await signedIn();
  await act(() => agent.disconnected());
  await screen.findByText('The server can’t be reached. Trying again…');
  await screen.findByRole('heading', { name: 'Not connected' });
});
