// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/dom';
import { expect, test } from 'vitest';
import type { World } from '../fake-platform';
import { type FakeLobby, FakeMedia, refusal } from '../fakes';
import { aWorld, now, open, type Scene } from './scene';

type Problems = FakeMedia['problem'];

/** The lobby of a room, whose camera and microphone have these problems. */
async function lobby(problem: Partial<Problems> = {}, path = 'r/tea'): Promise<Scene & { readonly room: FakeLobby }> {
  const world: World = aWorld(path);
  world.sdk.media = () => {
    const media = new FakeMedia(world.stream);
    media.problem = { microphone: null, camera: null, ...problem };
    world.media.push(media);
    return media;
  };
  const scene = await open(world);
  const [room] = world.lobbies;
  if (room === undefined) throw new Error('no lobby');
  return Object.assign(scene, { room });
}

const status = () => screen.getAllByRole('status').map((each) => each.textContent);
const alerts = () => screen.getAllByRole('alert').map((each) => each.textContent);
const joinButton = () => screen.getByRole('button', { name: 'Join' });

test.each([
  [
    { camera: 'denied', microphone: 'denied' },
    'Your browser blocks the camera and microphone. You can join without them, or allow them:',
  ],
  [{ camera: 'denied' }, 'Your browser blocks the camera. You can join without it, or allow it:'],
  [
    { microphone: 'denied' },
    'Your browser did not allow the microphone. You can join without it, or allow it in the address bar and try again.',
  ],
  [{ camera: 'busy' }, 'Another program is using the camera. You can join without it, or close it and try again.'],
  [
    { camera: 'missing', microphone: 'missing' },
    'No camera or microphone found. You can join without them, or plug one in and try again.',
  ],
  [
    { camera: 'insecure', microphone: 'insecure' },
    'This page isn’t secure (https), so your browser blocks the camera and microphone. You can join without them, or open the https address of this page.',
  ],
] as const)('%o: the lobby says why, and that you can join all the same', async (problem, words) => {
  const { user } = await lobby(problem);
  await waitFor(() => expect(status().some((each) => each?.includes(words))).toBe(true));
  await user.type(screen.getByRole('textbox', { name: 'Your name' }), 'Bob');
  await user.click(joinButton());
  expect(await screen.findByRole('region', { name: 'Call controls' })).toBeTruthy();
});

test('while the server is away the lobby says so, and then who is inside', async () => {
  const { room } = await lobby();
  await now(() => room.members.set(null));
  expect(status()).toContain('Connecting…');
  await now(() => room.signalling.set('away'));
  expect(status()).toContain('The server can’t be reached. Trying again…');
  await now(() => {
    room.signalling.set('connected');
    room.members.set([{ id: 'bob', name: 'Bob', order: 1 }]);
  });
  expect(status()).toContain('Bob is here already');
});

test('a full room says so until somebody leaves', async () => {
  const { room } = await lobby();
  const bob = { id: 'bob', name: 'Bob', order: 1 };
  await now(() => {
    room.capacity.set(2);
    room.members.set([bob, { id: 'carol', name: 'Carol', order: 2 }]);
  });
  expect(status()).toContain('The room is full: all 2 seats are taken.');
  await now(() => room.members.set([bob]));
  expect(status()).toContain('Bob is here already');
});

test('a server that refuses the room is quoted', async () => {
  const { room } = await lobby();
  await now(() => room.refused.set(refusal('busy')));
  expect(status()).toContain('The server has as many calls as it can handle. Try again in a minute.');
});

test('a link without its key says whom to ask', async () => {
  const { room } = await lobby();
  await now(() => room.strangers.set(1));
  expect(status()).toContain('You need the full link for this call, including the part after #. Ask the people in it.');
  expect(screen.getByText(/this link has no key: you rely on the server/)).toBeTruthy();
});

test('a link with a key says that the call is end-to-end encrypted', async () => {
  await lobby({}, 'r/tea#AAECAwQFBgcICQoLDA0ODw');
  expect(screen.getByText(/^End-to-end encrypted\. The key is in your link/)).toBeTruthy();
});

test('joining without a name asks for one, in the field', async () => {
  const { user } = await lobby();
  await user.click(joinButton());
  expect(alerts()).toContain('Enter your name first.');
  const field = screen.getByRole('textbox', { name: 'Your name', description: 'Enter your name first.' });
  expect(document.activeElement).toBe(field);
  expect(field.getAttribute('aria-invalid')).toBe('true');
  await user.keyboard('Alice');
  expect(alerts()).not.toContain('Enter your name first.');
});

test('a refused join is an alert, and Join is there to try again', async () => {
  const { user, room } = await lobby();
  room.answer = () => Promise.reject(refusal('room-full'));
  await user.type(screen.getByRole('textbox', { name: 'Your name' }), 'Bob{Enter}');
  await now(() => {});
  expect(alerts()).toContain('The room is full. You can join as soon as somebody leaves.');
  expect(joinButton().getAttribute('aria-disabled')).toBe('false');
});

test('a knock that the server lost is not said to have reached the host', async () => {
  const { user, room } = await lobby();
  room.answer = () => new Promise(() => room.waiting.set(true));
  await user.type(screen.getByRole('textbox', { name: 'Your name' }), 'Bob{Enter}');
  await now(() => room.signalling.set('away'));
  expect(status()).toEqual([
    'The server can’t be reached. Trying again…',
    'You’ll knock again as soon as the server is back: keep this page open.',
  ]);
  await now(() => room.signalling.set('connected'));
  expect(status().some((each) => each?.startsWith('You’ve knocked.'))).toBe(true);
});

test('somebody who has knocked is asked to keep the page open, and can stop waiting', async () => {
  const { user, room } = await lobby();
  room.join = ({ signal }: Parameters<FakeLobby['join']>[0] & { readonly signal?: AbortSignal }) => {
    room.waiting.set(true);
    return new Promise((_, reject) =>
      signal?.addEventListener('abort', () => {
        room.waiting.set(false);
        reject(refusal('aborted'));
      }),
    );
  };
  await now(() => room.entry.set('knock'));
  await user.type(screen.getByRole('textbox', { name: 'Your name' }), 'Bob');
  await user.click(screen.getByRole('button', { name: 'Ask to join' }));
  await now(() => {});
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Stop waiting' }));
  expect(status().some((each) => each?.startsWith('You’ve knocked.'))).toBe(true);
  expect(screen.queryByRole('button', { name: 'Ask to join' })).toBeNull();
  await user.keyboard('{Enter}');
  await now(() => {});
  const ask = screen.getByRole('button', { name: 'Ask to join' });
  expect([document.activeElement === ask, ask.getAttribute('aria-disabled')]).toEqual([true, 'false']);
  expect(alerts()).toEqual(['', '']);
});

const bob = { id: 'bob', name: 'Bob', order: 1 };
const carol = { id: 'carol', name: 'Carol', order: 2 };

/** Dave waits for a seat in a room of two. */
async function waitsForSeat() {
  const scene = await lobby();
  const { room, user } = scene;
  await now(() => {
    room.capacity.set(2);
    room.members.set([bob, carol]);
  });
  await user.type(screen.getByRole('textbox', { name: 'Your name' }), 'Dave');
  await user.click(screen.getByRole('button', { name: 'Join when there’s room' }));
  await now(() => {});
  return scene;
}

test('whoever waits for a seat joins by itself as soon as somebody leaves', async () => {
  const { room } = await waitsForSeat();
  expect(status()).toContain('You’ll join as soon as somebody leaves: keep this page open.');
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Stop waiting' }));
  await now(() => room.members.set([carol]));
  expect(await screen.findByRole('region', { name: 'Call controls' })).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByRole('main'));
});

test('if somebody else gets the seat first, the wait goes on', async () => {
  const { room } = await waitsForSeat();
  const { answer } = room;
  room.answer = () => Promise.reject(refusal('room-full'));
  await now(() => room.members.set([carol]));
  expect([screen.queryByRole('region', { name: 'Call controls' }), alerts()]).toEqual([null, ['', '']]);
  await now(() => room.members.set([carol, bob]));
  room.answer = answer;
  await now(() => room.members.set([bob]));
  expect(await screen.findByRole('region', { name: 'Call controls' })).toBeTruthy();
});

test('a seat that is freed while the page is told that it was too late is taken', async () => {
  const { room } = await waitsForSeat();
  const { answer } = room;
  room.answer = async () => {
    room.answer = answer;
    room.members.set([carol, bob]);
    room.members.set([bob]);
    throw refusal('room-full');
  };
  await now(() => room.members.set([carol]));
  expect(await screen.findByRole('region', { name: 'Call controls' })).toBeTruthy();
});

test('while the room stays full nothing is tried', async () => {
  const { room } = await waitsForSeat();
  let tries = 0;
  room.answer = () => {
    tries += 1;
    return Promise.reject(refusal('room-full'));
  };
  await now(() => room.members.set([carol, { id: 'erin', name: 'Erin', order: 3 }]));
  expect(tries).toBe(0);
});

test('the wait for a seat can be stopped', async () => {
  const { room, user } = await waitsForSeat();
  await user.click(screen.getByRole('button', { name: 'Stop waiting' }));
  await now(() => room.members.set([]));
  expect(joinButton().getAttribute('aria-disabled')).toBe('false');
  expect(document.activeElement).toBe(joinButton());
});

test('a locked room says so before anybody tries to join', async () => {
  const { room } = await lobby();
  await now(() => {
    room.members.set([bob]);
    room.entry.set('locked');
  });
  expect(status()).toContain('The host has locked this call. Nobody else can join now.');
  expect(joinButton().getAttribute('aria-disabled')).toBe('true');
  await now(() => room.entry.set('open'));
  expect(joinButton().getAttribute('aria-disabled')).toBe('false');
});

test('somebody who may only watch sees what they can do, and nothing to switch on', async () => {
  const { room } = await lobby();
  await now(() => room.permissions.set(new Set()));
  expect(screen.getByText('You can watch and listen here.')).toBeTruthy();
  expect(screen.getByText('Your camera stays off here')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /microphone|camera/i })).toBeNull();
  expect(screen.queryByRole('combobox')).toBeNull();
});

test('camera and microphone are chosen and switched in the lobby, by m and v as well', async () => {
  const { user, world } = await lobby();
  const pressed = () => world.media[0]?.microphone.current.state;
  await user.click(screen.getByRole('button', { name: 'Turn camera off' }));
  expect(screen.getByRole('button', { name: 'Turn camera on' })).toBeTruthy();
  screen.getByRole('button', { name: 'Turn camera on' }).focus();
  await user.keyboard('m');
  expect(pressed()).toBe('off');
  await user.type(screen.getByRole('textbox', { name: 'Your name' }), 'm');
  expect(pressed()).toBe('off');
  await user.selectOptions(screen.getByRole('combobox', { name: 'Camera' }), 'Front camera');
  expect(world.media[0]?.camera.current).toMatchObject({ id: 'front', state: 'on' });
});

test('hiding the address is remembered', async () => {
  const { user, room, world } = await lobby();
  await user.click(screen.getByRole('checkbox', { name: /^Hide my IP address/ }));
  expect(room.hidden).toBe(true);
  expect(world.memory.get('eyeline:relay-only')).not.toBeNull();
});
