// @vitest-environment happy-dom
import type { Permission } from '@eyeline/sdk';
import { screen, within } from '@testing-library/dom';
import { createRef } from 'preact';
import { expect, test } from 'vitest';
import { ControlBar } from '../../src/view/control-bar';
import { chatLine } from '../fakes';
import { aCall, draw, now, person, stream } from './scene';

async function bar() {
  const bob = person('Bob');
  const scene = await aCall([bob]);
  const ref = createRef<HTMLButtonElement>;
  const buttons = { chat: ref(), files: ref(), people: ref() };
  return { ...scene, bob, user: draw(<ControlBar call={scene.call} buttons={buttons} />) };
}

const names = () =>
  within(screen.getByRole('region', { name: 'Call controls' }))
    .getAllByRole('button')
    .map((each) => each.getAttribute('aria-label'));

test('microphone and camera say what a click does', async () => {
  const { user, world } = await bar();
  await user.click(screen.getByRole('button', { name: 'Mute microphone' }));
  await user.click(await screen.findByRole('button', { name: 'Unmute microphone' }));
  expect(await screen.findByRole('button', { name: 'Mute microphone' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Turn camera off' }));
  expect(await screen.findByRole('button', { name: 'Turn camera on' })).toBeTruthy();
  const [media] = world.media;
  expect([media?.microphone.current.state, media?.camera.current.state]).toEqual(['on', 'off']);
});

test('a panel that is open is pressed, and a second click closes it', async () => {
  const { user, call } = await bar();
  const chat = screen.getByRole('button', { name: 'Chat', pressed: false });
  await user.click(chat);
  expect(screen.getByRole('button', { name: 'Chat', pressed: true })).toBe(chat);
  await user.click(screen.getByRole('button', { name: 'Files' }));
  expect(screen.getByRole('button', { name: 'Chat', pressed: false })).toBe(chat);
  await user.click(screen.getByRole('button', { name: 'Files', pressed: true }));
  expect(call.panel.value).toBeNull();
});

test('a screen reader reads how many messages, files and people are waiting', async () => {
  const { room, bob } = await bar();
  await now(() => {
    room.hear(bob, chatLine('One', 1));
    room.hear(bob, chatLine('Two', 2));
    bob.offers('tea.bin', 3);
    room.moderation.role.set('host');
    room.moderation.knocks.set([{ id: 'carol', name: 'Carol' }]);
  });
  const about = (name: string) => screen.getByRole('button', { name }).getAttribute('aria-description');
  expect([about('Chat'), about('Files'), about('People')]).toEqual([
    '2 unread',
    '1 waiting for your answer',
    '1 waiting to join',
  ]);
});

test.each<[string, readonly Permission[], readonly string[]]>([
  ['watch', [], ['Chat', 'Files', 'People', 'Invite', 'More', 'Leave']],
  [
    'speak',
    ['microphone'],
    ['Mute microphone', 'Choose microphone and speaker', 'Chat', 'Files', 'People', 'Invite', 'More', 'Leave'],
  ],
])('somebody who may only %s has no other controls', async (_what, may, shown) => {
  const { room } = await bar();
  await now(() => room.permissions.set(new Set(may)));
  expect(names()).toEqual(shown);
});

test('everybody has a button for people, and where files are off nobody has one for files', async () => {
  const { room } = await bar();
  expect(names()).toEqual(expect.arrayContaining(['People', 'Files']));
  await now(() => room.moderation.setRules({ files: false }));
  expect(names()).toContain('People');
  expect(names()).not.toContain('Files');
});

test('sharing a screen and stopping it is the same button', async () => {
  const { user, world, room } = await bar();
  const shared = Object.assign(stream(), { getVideoTracks: () => [] });
  world.captureScreen = async () => shared;
  await user.click(screen.getByRole('button', { name: 'Share your screen' }));
  expect(room.screen.current).toBe(shared);
  await user.click(await screen.findByRole('button', { name: 'Stop sharing' }));
  expect(await screen.findByRole('button', { name: 'Share your screen' })).toBeTruthy();
  await now(() => room.moderation.setRules({ screens: false }));
  expect(names()).not.toContain('Share your screen');
});

test('a second click on a place where Leave has moved does not hang up, one by the keyboard does', async () => {
  const { user, room } = await bar();
  const spot = { clientX: 100, clientY: 100 };
  const at = (name: string) => ({ target: screen.getByRole('button', { name }), coords: spot, keys: '[MouseLeft]' });
  await user.pointer(at('Mute microphone'));
  await user.pointer(at('Leave'));
  expect(room.ended.current).toBeNull();
  screen.getByRole('button', { name: 'Leave' }).focus();
  await user.keyboard('{Enter}');
  expect(room.ended.current?.code).toBe('left');
});
