// @vitest-environment happy-dom
import type { ConnectionStatus, Safety, VerdictCode } from '@eyeline/sdk';
import { screen, waitFor, within } from '@testing-library/dom';
import { expect, test, vi } from 'vitest';
import { StageView } from '../../src/view/stage/stage';
import { direct, looking } from '../fakes';
import { aCall, draw, now, person, stream } from './scene';

/** The stage of a call with Bob. */
async function stage(line: ConnectionStatus = direct) {
  const bob = person('Bob');
  bob.connection.set(line);
  const scene = await aCall([bob]);
  const user = draw(<StageView call={scene.call} rest />);
  const all = { x: 0, y: 0, width: 1280, height: 800 };
  await now(() => scene.call.stage.measured({ all, free: all })); // happy-dom has no layout
  return { ...scene, bob, user };
}

/** Opens the panel of the connection to Bob. */
async function panel(line: ConnectionStatus = direct) {
  const scene = await stage(line);
  await scene.user.click(screen.getByRole('button', { name: /^Connection to Bob/ }));
  const dialog = await screen.findByRole('dialog', { name: 'Your connection to Bob' });
  return { ...scene, dialog };
}

const fact = (name: string) => screen.getByText(name, { selector: 'dt' }).nextElementSibling?.textContent;
const emoji = [
  ['🦊', 'fox'],
  ['🐻', 'bear'],
  ['🌵', 'cactus'],
  ['⛵', 'boat'],
] as const;
const ready = (identity = 'aa'): Safety => ({ state: 'ready', emoji, identity });

const relayed: ConnectionStatus = { ...direct, state: 'relayed', path: 'relay', localType: 'relay', protocol: 'tls' };
const lost: ConnectionStatus = { ...direct, state: 'lost', roundTripMs: null, packetLoss: null };

test.each<[string, ConnectionStatus, string, string, string]>([
  ['direct', direct, 'direct 23 ms', 'Direct, through both NATs (UDP)', '0.1 %'],
  ['relayed', relayed, 'relayed 23 ms', 'Relayed over TLS, still encrypted', '0.1 %'],
  ['lost', lost, 'lost', 'Lost. Trying again…', '–'],
  ['looking', looking, 'connecting…', 'Looking for a path…', '–'],
  ['without a path', { ...looking, verdict: 'no-path' }, 'no connection', 'None found yet', '–'],
])('a connection that is %s says so on its badge and in its panel', async (_state, line, badge, path, loss) => {
  await panel(line);
  const button = screen.getByRole('button', { name: `Connection to Bob: ${badge}` });
  expect(button.getAttribute('aria-expanded')).toBe('true');
  expect(button.hasAttribute('aria-label')).toBe(false); // what can be seen is what voice control understands
  expect([fact('Path'), fact('Packet loss')]).toEqual([path, loss]);
});

test('picture and badge of somebody without a path say the same', async () => {
  await stage({ ...looking, verdict: 'no-path' });
  expect(screen.getByText('No connection to Bob')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Connection to Bob: no connection' })).toBeTruthy();
});

test('beside the name of somebody who limits video it says what they see of you', async () => {
  const { bob } = await stage();
  const name = () => screen.getByText('Bob', { selector: '.name-words' }).closest('.name')?.textContent;
  expect(name()).toBe('Bob');
  await now(() => bob.videoLimit.set(0));
  await screen.findByText('Audio only'); // loaded later
  expect(name()).toBe('Bob, Audio only: can’t see you');
  await now(() => bob.videoLimit.set(180));
  expect(name()).toBe('Bob, Data saver: sees you small');
  await now(() => bob.videoLimit.set(null));
  expect(name()).toBe('Bob');
});

test('the panel names both addresses, what is sent, what else was tried, and who vouches for it', async () => {
  const { dialog } = await panel();
  expect(within(dialog).getByText('203.0.113.7', { exact: false })).toBeTruthy();
  expect(within(dialog).getByText('198.51.100.4', { exact: false })).toBeTruthy();
  expect(fact('Picture')).toBe('1280×720, 30\u00a0fps, 1.6\u00a0Mbit/\u2060s');
  expect(fact('Also tried')).toBe('Same network: no answer. Relay: ready, not used.');
  expect(fact('Setup protected by')).toBe('The key in your link');
});

test('a badge names whose connection is weak, in words that can be seen', async () => {
  const { bob } = await stage();
  for (let second = 0; second < 3; second += 1)
    await now(() => bob.connection.set({ ...direct, packetLoss: 0.1, packetLossSent: 0 }));
  const badge = screen.getByRole('button', { name: 'Connection to Bob: Bob’s connection is weak 23 ms' });
  expect(badge.textContent).toBe('Connection to Bob: Bob’s connection is weak 23 ms');
});

test('the panel follows the connection', async () => {
  const { bob } = await panel();
  await now(() => bob.connection.set(relayed));
  expect(fact('Path')).toBe('Relayed over TLS, still encrypted');
  expect(screen.getByText('the server relays it, still encrypted')).toBeTruthy();
});

test('the panel takes the focus, and gives it back to the badge', async () => {
  const { user, dialog } = await panel();
  await waitFor(() => expect(document.activeElement === dialog).toBe(true));
  await user.click(screen.getByRole('button', { name: 'Close' }));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole('button', { name: /^Connection to Bob/, expanded: false }));
});

test('the panel goes with the person', async () => {
  const { room } = await panel();
  await now(() => room.peers.set([]));
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('four emoji have words, and a confirmation verifies the person and says so to a screen reader', async () => {
  const { user, bob, call } = await panel();
  expect(screen.getByText('The four emoji appear once you’re connected.')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'They match' })).toBeNull();
  await now(() => bob.safety.set(ready()));
  const list = within(screen.getByRole('list', { name: 'Four emoji: fox, bear, cactus, boat' }));
  expect(list.getAllByRole('listitem').map((each) => each.textContent)).toEqual([
    '🦊fox',
    '🐻bear',
    '🌵cactus',
    '⛵boat',
  ]);
  await user.click(screen.getByRole('button', { name: 'They match' }));
  expect(screen.getByRole('heading', { name: 'Verified' })).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Connection to Bob: direct 23 ms verified' })).toBeTruthy();
  expect(call.notices.heard.value).toBe('Bob is verified');
  await user.click(screen.getByRole('button', { name: 'Undo verification' }));
  expect(screen.getByRole('button', { name: 'Connection to Bob: direct 23 ms' })).toBeTruthy();
});

test('emoji that do not match warn of a listener, and offer to hang up or to compare again', async () => {
  const { user, bob, room } = await panel();
  await now(() => bob.safety.set(ready()));
  await user.click(screen.getByRole('button', { name: 'They don’t match' }));
  expect(screen.getByRole('heading', { name: 'The emoji don’t match' })).toBeTruthy();
  expect(screen.getByRole('button', { name: /^Connection to Bob: .* the emoji don’t match$/ })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Compare again' }));
  expect(screen.getByRole('heading', { name: 'Is it really Bob?' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'They don’t match' }));
  await user.click(screen.getByRole('button', { name: 'Hang up' }));
  expect(room.ended.current?.code).toBe('left');
});

test('somebody of the same name with another key than before is not called verified, and can be compared', async () => {
  const { user, bob, room } = await panel();
  await now(() => bob.safety.set(ready('aa')));
  await user.click(screen.getByRole('button', { name: 'They match' }));
  const another = person('Bob', 'another');
  another.safety.set(ready('bb'));
  await now(() => room.peers.set([another]));
  await user.click(screen.getByRole('button', { name: /^Connection to Bob: .* has a different key than before$/ }));
  expect(screen.getByText(/^You verified a Bob before, but this one has a different key\./)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'They match' }));
  expect(screen.getByText(/^Forget the Bob you verified before\?/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Cancel' }));
  expect(screen.queryByRole('heading', { name: 'Verified' })).toBeNull();
  await user.click(screen.getByRole('button', { name: 'They match' }));
  await user.click(screen.getByRole('button', { name: 'Forget the other key' }));
  expect(screen.getByRole('heading', { name: 'Verified' })).toBeTruthy();
});

test('somebody verified under another name is shown with that name', async () => {
  const { user, bob, room } = await panel();
  await now(() => bob.safety.set(ready('aa')));
  await user.click(screen.getByRole('button', { name: 'They match' }));
  const renamed = person('Robert', 'again');
  renamed.safety.set(ready('aa'));
  await now(() => room.peers.set([renamed]));
  await user.click(screen.getByRole('button', { name: /^Connection to Robert: .* verified as Bob$/ }));
  expect(screen.getByRole('heading', { name: 'Verified as Bob' })).toBeTruthy();
  expect(screen.getByText(/^Nobody is listening in: .* whose name was Bob then\.$/)).toBeTruthy();
});

test('a check that failed shows no emoji and nothing to confirm', async () => {
  const { bob } = await panel();
  await now(() => bob.safety.set({ state: 'failed' }));
  expect(screen.getByText(/^The check with Bob failed\. Somebody may be listening in/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'They match' })).toBeNull();
  expect(screen.queryByRole('list', { name: /^Four emoji/ })).toBeNull();
  expect(screen.getByRole('button', { name: /somebody may be listening in$/ })).toBeTruthy();
});

test.each<[VerdictCode, string]>([
  ['no-relay', "This server offers no relay, so two networks that block direct paths can't connect."],
  ['relay-silent', 'No direct path was found, and our relay did not answer.'],
  ['network-blocked', 'Your network blocks UDP, and our relay did not answer.'],
  ['peer-silent', 'The other side has not said how it can be reached.'],
])('a tile without a connection says why (%s), and tries again', async (verdict, words) => {
  const { user, bob } = await stage({ ...looking, verdict });
  expect(screen.getByText('No connection to Bob')).toBeTruthy();
  expect(await screen.findByText(words)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Try again: Bob' }));
  expect(bob.retried).toBe(1);
  await now(() => bob.connection.set(direct));
  expect(screen.queryByText('No connection to Bob')).toBeNull();
});

test('a tile says who it is, muted and without camera, and who is lost', async () => {
  const { bob } = await stage();
  const tile = () => screen.getAllByRole('listitem')[0]?.querySelector('.name')?.textContent;
  expect(tile()).toBe('Bob');
  await now(() => bob.media.set({ microphone: 'muted', camera: 'off', screen: 'none' }));
  expect(tile()).toBe('Bob, muted, camera off');
  await now(() => bob.connection.set(lost));
  expect(screen.getByText('Lost Bob. Trying again…')).toBeTruthy();
});

test('of two screens the newest is large, and the other one is enlarged by the keyboard', async () => {
  const { user, room, bob, call } = await stage();
  const carol = person('Carol');
  await now(() => room.peers.set([bob, carol]));
  await now(() => bob.screen.set(stream()));
  await now(() => carol.screen.set(stream()));
  const large = () => document.querySelector('[data-role=screen][data-front=true] .name')?.textContent;
  expect(large()).toBe('Carol’s screen');
  expect(screen.queryByRole('button', { name: 'Enlarge Carol’s screen' })).toBeNull();
  const enlarge = screen.getByRole('button', { name: 'Enlarge Bob’s screen' });
  for (let press = 0; press < 9 && document.activeElement !== enlarge; press += 1) await user.tab();
  await user.keyboard('{Enter}');
  expect(large()).toBe('Bob’s screen');
  expect(call.screens.front.value?.person.name).toBe('Bob');
  await now(() => bob.screen.set(null));
  expect(large()).toBe('Carol’s screen');
});

test('where the browser blocks sound, one click turns it on', async () => {
  const { user, call } = await stage();
  let played = 0;
  await now(() => call.silenced('bob', () => (played += 1)));
  await user.click(screen.getByRole('button', { name: 'Click to turn on sound' }));
  expect(played).toBe(1);
  expect(screen.queryByRole('button', { name: 'Click to turn on sound' })).toBeNull();
});

test('your small window is moved by the arrow keys', async () => {
  const { user, call } = await stage();
  const mine = () => call.stage.layout.value.boxes.at(-1);
  const before = mine();
  screen.getByRole('button', { name: /^Your video: drag it/ }).focus();
  await user.keyboard('{ArrowUp}');
  expect(mine()?.y).toBeLessThan(before?.y ?? 0);
  expect(mine()?.x).toBe(before?.x);
});

test('somebody who gives no answer for long seems to be away, and that is said until they answer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { bob } = await stage(looking);
  expect(screen.getByText('Connecting to Bob…')).toBeTruthy();
  await now(() => void vi.advanceTimersByTime(8000));
  expect(screen.getByText('Bob seems to be away')).toBeTruthy();
  await now(() => bob.connection.set(direct));
  expect(screen.queryByText('Bob seems to be away')).toBeNull();
  vi.useRealTimers();
});
