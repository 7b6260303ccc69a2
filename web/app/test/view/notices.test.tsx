// @vitest-environment happy-dom
import { screen } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { Mismatches } from '../../src/model/mismatches';
import { words } from '../../src/strings/strings';
import { NoticesView } from '../../src/view/notices';
import { direct, FakeRoom } from '../fakes';
import { aCall, draw, now, person } from './scene';

async function notices() {
  const bob = person('Bob');
  const scene = await aCall([bob]);
  const user = draw(<NoticesView call={scene.call} />);
  return { ...scene, bob, user };
}

/** The text of each live region. */
const heard = () => screen.getAllByRole('status').map((each) => each.textContent);
/** The visible notices. */
const seen = () => [...document.querySelectorAll('.notice')].map((each) => each.textContent);

test('somebody who comes is announced once: seen for a moment, and read out', async () => {
  const { room, bob, world } = await notices();
  await now(() => room.peers.set([bob, person('Carol')]));
  expect(seen()).toEqual(['Carol joined']);
  expect(heard()).toEqual(['', '', 'Carol joined']);
  expect(screen.getByText('Carol joined', { selector: '.notice' }).getAttribute('aria-hidden')).toBe('true');
  await now(() => world.pass(4));
  expect(seen()).toEqual([]);
});

test('a lost connection is read out, since its tile shows it', async () => {
  const { bob } = await notices();
  await now(() => bob.connection.set({ ...direct, state: 'lost' }));
  expect(heard()[2]).toBe('Lost Bob. Trying again…');
  expect(seen()).toEqual([]);
});

test('while the server is away the call says that it goes on', async () => {
  const { room } = await notices();
  await now(() => room.signalling.set('away'));
  expect([seen(), heard()[0]]).toEqual([
    ['Lost the server. The call continues.'],
    'Lost the server. The call continues.',
  ]);
  await now(() => room.signalling.set('connected'));
  expect(seen()).toEqual([]);
});

test('a call that ends at a time says so for its last minutes, and again in the last one', async () => {
  const { room, world } = await notices();
  await now(() => room.endsAt.set(world.now() + 150_000));
  expect(seen()).toEqual([words.endsAt(150_000)]);
  await now(() => world.pass(100));
  expect([seen(), heard()[0]]).toEqual([[words.endsSoon], words.endsSoon]);
});

test('people without the key, and a changed one, are warned of for as long as that is so, with a button to what to do', async () => {
  const { room, bob, call, user } = await notices();
  await now(() => {
    room.strangers.set([{ id: 'mallory', name: '', order: 1 }]);
    bob.safety.set({ state: 'failed' });
  });
  expect(seen()).toEqual([
    'Somebody tried to join without the key in your link. They are not connected to you.',
    'Somebody may be listening in on your call with Bob.What now?',
  ]);
  expect(heard()[1]).toContain('Somebody may be listening in on your call with Bob.');
  await now(() => room.strangers.set([]));
  expect(seen()).toEqual(['Somebody may be listening in on your call with Bob.What now?']);
  await user.click(screen.getByRole('button', { name: 'What now?' }));
  expect(call.connectionShown.value).toBe('bob');
});

test('emoji that don’t match are warned of again when the person comes back, until the call is over', async () => {
  const { room, bob, call, user, world } = await notices();
  const ready = { state: 'ready', emoji: [['🦊', 'fox']], identity: 'aa' } as const;
  await now(() => bob.safety.set(ready));
  await now(() => call.others.value[0]?.verification.reject());
  const warning = /^You and Bob see different emoji\..*What now\?$/;
  expect(seen()).toEqual([expect.stringMatching(warning)]);
  const again = person('Bob', 'bob2');
  again.safety.set(ready);
  await now(() => room.peers.set([again]));
  expect(seen()).toContainEqual(expect.stringMatching(warning));
  await user.click(screen.getByRole('button', { name: 'What now?' }));
  expect(call.connectionShown.value).toBe('bob2');
  call.forget();
  expect(new Mismatches(world.session, room.name).has('aa', 'Bob')).toBe(false);
});

test('a host who asks you to mute does not do it for you: a notice with a button stays until you do', async () => {
  const { room, world, user } = await notices();
  const microphone = () => world.media[0]?.microphone.current.state;
  await now(() => room.moderation.ask('bob'));
  await now(() => world.pass(600));
  expect([seen(), microphone()]).toEqual([['Bob asks you to mute your microphone.Mute'], 'on']);
  expect(heard()[2]).toBe('Bob asks you to mute your microphone.');
  await user.click(screen.getByRole('button', { name: 'Mute' }));
  expect([seen(), microphone()]).toEqual([[], 'off']);
});

test('muting in another way answers the host, and who is muted is not asked', async () => {
  const { room, call } = await notices();
  await now(() => room.moderation.ask('bob'));
  await now(() => void call.toggle('microphone'));
  expect(seen()).toEqual([]);
  await now(() => room.moderation.ask('bob'));
  expect(seen()).toEqual([]);
});

test('a member who was made co-host before the notices were loaded is told once they are', async () => {
  const room = new FakeRoom('tea', 'Alice');
  const { call } = await aCall([], { room, before: () => room.moderation.role.set('co-host') });
  expect(call.notices.posted.value.map(({ words }) => words)).toEqual([
    expect.stringMatching(/^A host made you a co-host/),
  ]);
  const again = new FakeRoom('tea', 'Alice');
  again.moderation.role.set('co-host'); // as after a reload
  expect((await aCall([], { room: again })).call.notices.posted.value).toEqual([]);
});

test('a new co-host is told by whom, and what they can do now', async () => {
  const { room, bob, user, call } = await notices();
  await now(() => {
    bob.role.set('host');
    room.moderation.role.set('co-host');
  });
  expect(heard()[2]).toMatch(/^Bob made you a co-host: you can let people in/);
  await user.click(screen.getByRole('button', { name: 'Show people' }));
  expect([seen(), call.panel.value]).toEqual([[], 'people']);
  await now(() => room.moderation.role.set('member'));
  expect(seen()).toEqual(['You’re no longer a co-host.']);
});

test('a co-host role that is taken back, and given again, is told by one notice', async () => {
  const { room } = await notices();
  const become = (role: 'co-host' | 'member') => now(() => room.moderation.role.set(role));
  await become('co-host');
  await become('member');
  expect(seen()).toEqual(['You’re no longer a co-host.']);
  await become('co-host');
  expect(seen()).toHaveLength(1);
  expect(seen()[0]).toMatch(/made you a co-host/);
});

test('a notice with a button is read out, and gone once it is answered', async () => {
  const { call, user } = await notices();
  const answers: string[] = [];
  await now(
    () =>
      void call.notices.post({
        words: 'Jabra found',
        action: { label: 'Use it', run: () => void answers.push('used') },
      }),
  );
  expect([seen(), heard()[2]]).toEqual([['Jabra foundUse it'], 'Jabra found']);
  await user.click(screen.getByRole('button', { name: 'Use it' }));
  expect([seen(), answers]).toEqual([[], ['used']]);
});

test('a notice that stays is there until it is closed, others with a button go after eight seconds', async () => {
  const { call, user, world } = await notices();
  await now(() => {
    call.notices.post({ words: 'Nobody hears you', stays: true });
    call.notices.post({ words: 'Jabra found', action: { label: 'Use it', run: () => undefined } });
  });
  await now(() => world.pass(7));
  expect(seen()).toHaveLength(2);
  await now(() => world.pass(1));
  expect(seen()).toEqual(['Nobody hears you']);
  await now(() => world.pass(3600));
  await user.click(screen.getByRole('button', { name: 'Close' }));
  expect(seen()).toEqual([]);
});

test('the newest three notices with a button are kept, the same words once, and one can be withdrawn', async () => {
  const { call } = await notices();
  const post = (words: string) => call.notices.post({ words, stays: true });
  await now(() => {
    for (const words of ['one', 'two', 'three', 'two', 'four']) post(words);
  });
  expect(seen()).toEqual(['three', 'two', 'four']);
  const withdraw = post('five');
  await now(withdraw);
  expect(seen()).toEqual(['two', 'four']);
});
