// @vitest-environment happy-dom
import type { Role } from '@eyeline/sdk';
import { screen, within } from '@testing-library/dom';
import { expect, test, vi } from 'vitest';
import { Floods, Knocks, PeoplePanel } from '../../src/view/people';
import { direct, looking } from '../fakes';
import { aCall, draw, now, person } from './scene';

const hostLink = 'https://eyeline.example/call/r/tea#key&host=owner';

/** The people panel of Alice, who has this role; Bob is a member and Carol a co-host. */
async function panel(role: Role) {
  const [bob, carol] = [person('Bob'), person('Carol')];
  carol.role.set('co-host');
  const scene = await aCall([bob, carol], role === 'host' ? { hostLink } : {});
  scene.room.moderation.role.set(role);
  const closed = vi.fn();
  const user = draw(<PeoplePanel call={scene.call} onClose={closed} />);
  return { ...scene, bob, carol, closed, user };
}

const buttons = () => screen.getAllByRole('button').map((each) => each.getAttribute('aria-label') ?? each.textContent);

/** What the menu of this person offers. */
async function actions(
  user: Awaited<ReturnType<typeof panel>>['user'],
  name: string,
): Promise<readonly (string | null)[]> {
  await user.click(screen.getByRole('button', { name: `Actions for ${name}` }));
  const items = screen.getAllByRole('menuitem').map((each) => each.textContent);
  await user.keyboard('{Escape}');
  return items;
}

async function choose(user: Awaited<ReturnType<typeof panel>>['user'], name: string, action: string): Promise<void> {
  await user.click(screen.getByRole('button', { name: `Actions for ${name}` }));
  await user.click(screen.getByRole('menuitem', { name: action }));
}

test('a host can mute, appoint and remove people, and end the call', async () => {
  const { user } = await panel('host');
  expect(buttons()).toEqual([
    'Close',
    'Actions for Bob',
    'Actions for Carol',
    'Copy the host link',
    'End the call for everyone',
  ]);
  expect(await actions(user, 'Bob')).toEqual(['Ask to mute', 'Make co-host', 'Remove from the call']);
  expect(await actions(user, 'Carol')).toEqual(['Ask to mute', 'End co-host role', 'Remove from the call']);
  expect(screen.getByRole('group', { name: 'Who can join' })).toBeTruthy();
});

test('a co-host can mute people and remove members, and nothing else', async () => {
  const { user } = await panel('co-host');
  expect(await actions(user, 'Bob')).toEqual(['Ask to mute', 'Remove from the call']);
  expect(await actions(user, 'Carol')).toEqual(['Ask to mute']);
  expect(screen.queryByRole('group')).toBeNull();
});

test('a member sees everybody, and can do none of it', async () => {
  const { user } = await panel('member');
  expect(buttons()).toEqual(['Close', 'Actions for Bob', 'Actions for Carol']);
  await user.click(screen.getByRole('button', { name: 'Actions for Bob' }));
  expect(screen.queryByRole('menuitem')).toBeNull();
  expect(screen.queryByRole('group')).toBeNull();
  expect(screen.getAllByRole('listitem')).toHaveLength(3);
});

test('the list says who is muted and how each is connected, and that somebody was asked to mute', async () => {
  const { user, bob, carol, room } = await panel('host');
  const row = (name: string) => screen.getByText(name).closest('li')?.textContent;
  await now(() => {
    carol.media.set({ microphone: 'muted', camera: 'on', screen: 'none' });
    carol.connection.set({ ...carol.connection.current, state: 'relayed' });
  });
  expect(row('Bob')).toBe('Microphone onBobConnected directly');
  expect(row('Carol')).toBe('MutedCarolCo-host · Connected through the relay');
  expect(await actions(user, 'Carol')).not.toContain('Ask to mute');
  await choose(user, 'Bob', 'Ask to mute');
  expect(room.moderation.orders).toEqual([['mute', 'bob']]);
  expect(row('Bob')).toBe('Microphone onBobConnected directly · Asked to mute');
  await now(() => bob.media.set({ microphone: 'muted', camera: 'on', screen: 'none' }));
  expect(row('Bob')).toBe('MutedBobConnected directly');
});

test('the list says what somebody limits, and has the same word for a connection as its badge', async () => {
  const { bob, carol } = await panel('member');
  const about = (name: string) => screen.getByText(name).closest('li')?.querySelector('.people-about')?.textContent;
  await now(() => {
    bob.videoLimit.set(0);
    carol.videoLimit.set(180);
    carol.connection.set(looking);
  });
  expect([about('Bob'), about('Carol')]).toEqual([
    'Connected directly · Audio only',
    'Co-host · Connecting… · Data saver',
  ]);
  await now(() => {
    bob.connection.set({ ...direct, state: 'lost' });
    bob.videoLimit.set(null);
    carol.connection.set({ ...looking, verdict: 'no-path' });
    carol.videoLimit.set(null);
  });
  expect([about('Bob'), about('Carol')]).toEqual(['Lost', 'Co-host · No connection']);
});

test('everybody is listed with their role, and somebody who may only watch as such', async () => {
  const { room } = await panel('host');
  const wendy = person('Wendy');
  wendy.permissions = new Set();
  wendy.media.set({ microphone: 'none', camera: 'none', screen: 'none' });
  await now(() => room.peers.set([...room.peers.current, wendy]));
  const rows = screen.getAllByRole('listitem').map((each) => each.textContent);
  expect(rows).toEqual([
    'Microphone onAlice (you)Host',
    'Microphone onBobConnected directly',
    'Microphone onCarolCo-host · Connected directly',
    'MutedWendyWatching only · Connected directly',
  ]);
});

test('everybody can mute somebody for themselves here, where fingers find it', async () => {
  const { user, call, room } = await panel('member');
  const menu = () => user.click(screen.getByRole('button', { name: 'Actions for Bob' }));
  await menu();
  await user.click(screen.getByRole('menuitemcheckbox', { name: 'Mute for me', checked: false }));
  expect(call.others.value.map(({ mutedForMe }) => mutedForMe.value)).toEqual([true, false]);
  expect(screen.getByText('Bob').closest('li')?.textContent).toBe('Microphone onBobConnected directly · Muted for you');
  expect(room.moderation.orders).toEqual([]);
  await menu();
  await user.click(screen.getByRole('menuitemcheckbox', { name: 'Mute for me', checked: true }));
  expect(call.others.value[0]?.mutedForMe.value).toBe(false);
});

test('removing asks first, with the focus on Cancel', async () => {
  const { user, room } = await panel('host');
  await choose(user, 'Bob', 'Remove from the call');
  expect(screen.getByText(/^Remove Bob from the call\?/)).toBeTruthy();
  expect(document.activeElement?.textContent).toBe('Cancel');
  await user.keyboard('{Enter}');
  expect(screen.queryByText(/^Remove Bob from the call\?/)).toBeNull();
  expect(room.moderation.orders).toEqual([]);
  await choose(user, 'Bob', 'Remove from the call');
  await user.click(screen.getByRole('button', { name: 'Remove' }));
  expect(room.moderation.orders).toEqual([['remove', 'bob']]);
});

test('ending the call for everyone asks first', async () => {
  const { user, room } = await panel('host');
  await user.click(screen.getByRole('button', { name: 'End the call for everyone' }));
  expect(document.activeElement?.textContent).toBe('Cancel');
  expect(room.moderation.orders).toEqual([]);
  await user.click(screen.getByRole('button', { name: 'End for everyone' }));
  expect(room.moderation.orders).toEqual([['end']]);
});

test('appointing and asking to mute need no second click', async () => {
  const { user, room } = await panel('host');
  await choose(user, 'Bob', 'Make co-host');
  await choose(user, 'Carol', 'End co-host role');
  await choose(user, 'Bob', 'Ask to mute');
  expect(room.moderation.orders).toEqual([
    ['appoint', 'bob', 'co-host'],
    ['appoint', 'carol', 'member'],
    ['mute', 'bob'],
  ]);
});

test('the rules of the room are shown and changed', async () => {
  const { user, room } = await panel('host');
  const checked = () => screen.getAllByRole<HTMLInputElement>('radio').map((each) => each.checked);
  expect(checked()).toEqual([true, false, false]);
  await user.click(screen.getByRole('radio', { name: 'People you let in (they knock first)' }));
  expect(checked()).toEqual([false, true, false]);
  for (const name of ['Allow files', 'Allow screen sharing', 'New people can read earlier messages']) {
    await user.click(screen.getByRole('checkbox', { name, checked: true }));
    expect(screen.getByRole('checkbox', { name, checked: false })).toBeTruthy();
  }
  expect(room.moderation.rules.current).toEqual({ entry: 'knock', files: false, history: false, screens: false });
});

const offline = 'You’re not connected to the server. Host controls work again once you are.';
const off = (element: Element) => element.getAttribute('aria-disabled') === 'true';

test('while the server is away the rules cannot be changed, show what is in force, and say why', async () => {
  const { user, room } = await panel('host');
  const inputs = () => [...screen.getAllByRole('radio'), ...screen.getAllByRole('checkbox')] as HTMLInputElement[];
  const before = inputs().map((each) => each.checked);
  room.moderation.answers = false; // what is sent now is lost with the server
  await user.click(screen.getByRole('radio', { name: 'Nobody else' }));
  await user.click(screen.getByRole('checkbox', { name: 'Allow files' }));
  expect(inputs().map((each) => each.checked)).not.toEqual(before);
  await now(() => room.moderation.available.set(false));
  expect(screen.getByRole('status').textContent).toBe(offline);
  expect(inputs().map((each) => each.checked)).toEqual(before);
  for (const input of inputs()) await user.click(input);
  await now(() => {});
  expect(inputs().map((each) => each.checked)).toEqual(before);
  expect(inputs().every(off)).toBe(true);
  expect(document.activeElement).toBe(inputs().at(-1));
  await now(() => room.moderation.available.set(true));
  expect([screen.queryByRole('status'), inputs().some(off)]).toEqual([null, false]);
});

test('while the server is away nobody is asked to mute, appointed or removed, and nothing says so', async () => {
  const { user, room, call } = await panel('host');
  await choose(user, 'Bob', 'Ask to mute');
  await choose(user, 'Carol', 'Remove from the call');
  await now(() => room.moderation.available.set(false));
  await user.click(screen.getByRole('button', { name: 'Remove' }));
  await user.click(screen.getByRole('button', { name: 'Actions for Bob' }));
  for (const item of screen.getAllByRole('menuitem')) {
    expect(off(item)).toBe(true);
    await user.click(item);
  }
  expect(call.people.askToMute('bob')).toBe(false);
  expect(room.moderation.orders).toEqual([['mute', 'bob']]);
  expect(screen.queryByText(/Asked to mute/)).toBeNull();
});

test('while the server is away the call cannot be ended for everyone', async () => {
  const { user, room, call } = await panel('host');
  await user.click(screen.getByRole('button', { name: 'End the call for everyone' }));
  await now(() => room.moderation.available.set(false));
  const end = screen.getByRole('button', { name: 'End for everyone' });
  await user.click(end);
  expect([off(end), room.moderation.orders]).toEqual([true, []]);
  call.people.endForAll();
  expect(call.people.ended).toBe(false);
});

test('while the server is away those who knock stay listed, in the panel and over the stage', async () => {
  const { user, room, call } = await panel('co-host');
  await now(() => room.moderation.knocks.set([{ id: 'dave', name: 'Dave' }]));
  await now(() => room.moderation.available.set(false));
  for (const name of ['Admit Dave', 'Decline Dave']) {
    expect(off(screen.getByRole('button', { name }))).toBe(true);
    await user.click(screen.getByRole('button', { name }));
  }
  expect([room.moderation.orders, call.people.knocking.value.length]).toEqual([[], 1]);
  draw(<Knocks call={call} />);
  expect(within(screen.getByRole('region')).getByRole('status').textContent).toBe(offline);
});

test('somebody who isn’t a host is not told about host controls', async () => {
  const { room } = await panel('member');
  await now(() => room.moderation.available.set(false));
  expect(screen.queryByRole('status')).toBeNull();
});

test('people in the waiting room are admitted or declined, even if their name cannot be decrypted', async () => {
  const { user, room } = await panel('co-host');
  await now(() =>
    room.moderation.knocks.set([
      { id: 'dave', name: 'Dave' },
      { id: 'eve', name: '' },
    ]),
  );
  expect(screen.getByRole('heading', { name: 'Waiting to join' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Admit Dave' }));
  await user.click(screen.getByRole('button', { name: 'Decline Somebody without the key in the link' }));
  expect(room.moderation.orders).toEqual([
    ['admit', 'dave'],
    ['deny', 'eve'],
  ]);
  expect(screen.queryByRole('heading', { name: 'Waiting to join' })).toBeNull();
});

test('while the panel is closed one card asks for all who wait', async () => {
  const { call, room } = await aCall();
  const user = draw(<Knocks call={call} />);
  expect(screen.queryByRole('region')).toBeNull();
  await now(() =>
    room.moderation.knocks.set([
      { id: 'dave', name: 'Dave' },
      { id: 'eve', name: 'Eve' },
    ]),
  );
  const asks = within(screen.getByRole('region', { name: '2 waiting to join' }));
  expect(asks.getByText('Dave wants to join')).toBeTruthy();
  expect(asks.queryByText('Eve wants to join')).toBeNull();
  await user.click(asks.getByRole('button', { name: '1 more waiting' }));
  expect(call.panel.value).toBe('people');
});

test('the host link is copied, and never written on the page', async () => {
  const { user, world } = await panel('host');
  await user.click(screen.getByRole('button', { name: 'Copy the host link' }));
  expect(world.copied).toEqual([hostLink]);
  expect(document.body.innerHTML).not.toContain('host=owner');
});

test('the panel takes the focus, and Escape closes it', async () => {
  const { user, closed } = await panel('host');
  expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'People' }));
  await user.keyboard('{Escape}');
  expect(closed).toHaveBeenCalledOnce();
});

test.each<[Role, readonly string[]]>([
  ['member', ['Ignore Bob: you no longer see and hear each other']],
  ['host', ['Ignore Bob: you no longer see and hear each other', 'Remove Bob']],
])('a %s sees who sends too much, and can do something about it', async (role, ways) => {
  const [bob, carol] = [person('Bob'), person('Carol')];
  const { call, room } = await aCall([bob, carol]);
  room.moderation.role.set(role);
  const user = draw(<Floods call={call} />);
  expect(screen.queryByRole('list')).toBeNull();
  await now(() => bob.flooding.set(true));
  expect(screen.getByRole('listitem').textContent).toMatch(/^Bob sends too much\. Most of it isn’t shown\./);
  expect(buttons()).toEqual(ways);
  if (role === 'host') {
    await user.click(screen.getByRole('button', { name: 'Remove Bob' }));
    await user.click(screen.getByRole('button', { name: 'Remove' }));
    expect(room.moderation.orders).toEqual([['remove', 'bob']]);
  } else {
    await user.click(screen.getByRole('button', { name: /^Ignore Bob/ }));
    expect(bob.ignored).toBe(true);
  }
});
