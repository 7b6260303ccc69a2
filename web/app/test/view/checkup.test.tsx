// @vitest-environment happy-dom
import { screen } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { CheckupPage } from '../../src/view/start/checkup';
import type { World } from '../fake-platform';
import { FakeRoom } from '../fakes';
import { aWorld, draw, now } from './scene';

const udp = 'turn:meet.example:3478?transport=udp';
const relay = { urls: [udp], username: 'a', credential: 'b' };

function offering(servers: readonly { readonly urls: readonly string[] }[]): World {
  const world = aWorld('test');
  world.answer = async (name) => {
    const room = new FakeRoom('test', name);
    room.iceServers.set(servers);
    return room;
  };
  return world;
}

async function checked(world: World) {
  const user = draw(<CheckupPage platform={world} home="https://eyeline.example/call/" />);
  expect(screen.getByRole('status').textContent).toBe('Testing…');
  const again = await screen.findByRole('button', { name: 'Test again' });
  return { user, again };
}

/** What the page says of each thing that it has tested. */
const found = () =>
  Object.fromEntries(
    screen
      .getAllByRole('heading', { level: 2 })
      .map((each) => [each.textContent, each.nextElementSibling?.textContent]),
  );

test('what works is listed by name, and what it means for a call', async () => {
  const world = offering([{ urls: ['stun:meet.example:3478'] }, relay]);
  world.relays.set(udp, { found: 'passes', roundTripMs: 30.6 });
  await checked(world);
  expect(found()).toEqual({
    Camera: 'front',
    Microphone:
      'built-in: nothing heard yet. Say something. If the bar doesn’t move, choose another microphone in your system’s settings.',
    Server: 'Reachable.',
    'Direct path (STUN)': 'Your public address is 203.0.113.7.',
    'Relay over UDP': 'A test message came back in 31 ms.',
    'Relay over TCP': 'This server doesn’t offer it.',
    'Relay over TLS': 'This server doesn’t offer it.',
  });
  expect(screen.getByRole('status').textContent).toBe(
    'Calls work from here: directly where possible, otherwise through the relay.',
  );
});

test('the level of the microphone is shown, and a sound can be played', async () => {
  const world = offering([]);
  const { user } = await checked(world);
  await now(() => world.media[0]?.level.set(0.5));
  expect(screen.getByRole<HTMLMeterElement>('meter', { name: 'Microphone level' }).value).toBe(0.5);
  expect(found()['Microphone']).toBe('built-in');
  await user.click(screen.getByRole('button', { name: 'Play a sound' }));
  expect(world.sounds).toEqual(['arrival']);
  expect(screen.getByText(/^Nothing heard\?/)).toBeTruthy();
});

test('a server without a relay is said to have none', async () => {
  await checked(offering([{ urls: ['stun:meet.example:3478'] }]));
  expect(found()['Relay over UDP']).toBe('This server offers no relay.no-relay');
  expect(screen.getByRole('status').textContent).toMatch(/There is no relay to fall back on\.$/);
});

test('what fails has a code, and says what to do', async () => {
  const world = offering([{ urls: ['stun:meet.example:3478'] }, relay]);
  world.stun = { found: 'silent' };
  await checked(world);
  expect(found()['Direct path (STUN)']).toMatch(/stun-silent$/);
  expect(found()['Relay over UDP']).toMatch(/turn-udp-blocked$/);
  expect(screen.getByRole('status').textContent).toBe('Calls only work with people on your own network.');
});

test('the test runs again by its button, not twice at once', async () => {
  const world = offering([]);
  const { user, again } = await checked(world);
  const runs = world.lobbies.length;
  await user.click(again);
  await screen.findByRole('button', { name: 'Test again' });
  expect(world.lobbies.length).toBe(runs + 1);
});

test('the report is copied, or shown to be copied by hand', async () => {
  const world = offering([]);
  const { user } = await checked(world);
  await user.click(screen.getByRole('button', { name: 'Copy for the administrator' }));
  const report = /^Eyeline test of https:\/\/eyeline\.example\/call\/, .*^Relay over UDP: .* \[no-relay\]$/ms;
  expect(world.copied).toEqual([expect.stringMatching(report)]);
  expect(await screen.findByRole('button', { name: 'Copied' })).toBeTruthy();
  world.clipboard = false;
  await user.click(screen.getByRole('button', { name: 'Copied' }));
  await now(() => {});
  const field = screen.getByRole<HTMLTextAreaElement>('textbox', { name: /^Your browser blocked copying/ });
  expect(field.value).toMatch(report);
});

test('the page begins at its heading', async () => {
  await checked(offering([]));
  expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1, name: 'Will calls work from here?' }));
});
