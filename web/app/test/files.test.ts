import { beforeEach, expect, test, vi } from 'vitest';
import { fileWords } from '../src/strings/files';
import { settled, World } from './fake-platform';
import type { FakeTransfer } from './fakes';
import {
  accept,
  bob,
  carol,
  drop,
  file,
  files,
  newest,
  notices,
  openPage,
  reload,
  room,
  startCall,
  world,
} from './files-call';

beforeEach(startCall);

test('a file goes to everyone, or to the chosen person', () => {
  void files.send([file()]);
  files.to.value = 'carol';
  void files.send([file()]);
  expect([bob.offered.length, carol.offered.length]).toEqual([1, 2]);
});

test('the storage is prepared before it is used', () => {
  expect(world.prepared).toBe(true);
});

test('people who get the same file can pass it on to each other, even after its sender reloads', async () => {
  await files.send([file('tea.bin', 7), file('cup.bin')]);
  const shares = [bob, carol].map(({ offered }) => offered.map(({ offer }) => offer.share));
  expect(shares[0]).toEqual(shares[1]);
  expect(new Set(shares.flat()).size).toBe(2);
  expect(shares[0]?.[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  await reload();
  await files.send([file('tea.bin', 7)]);
  expect([bob, carol].map(({ offered }) => offered.at(-1)?.offer.share)).toEqual([shares[0]?.[0], shares[0]?.[0]]);
  files.to.value = 'bob';
  await files.send([file('spoon.bin')]);
  expect(bob.offered.at(-1)?.offer).not.toHaveProperty('share');
});

test('when the host has turned off files, none are offered and none are asked about', async () => {
  room.moderation.setRules({ files: false });
  await files.send([file()]);
  expect(bob.offered).toEqual([]);
  expect(notices.shown.value).toBe(fileWords.forbidden);
  const asked = bob.offers('secret.bin', 3);
  await settled();
  expect(files.transfers.value).toEqual([]);
  expect(asked.progress.current.state).toBe('stopped');
});

test('endless offers that are withdrawn fill no memory, and finished files stay', async () => {
  const whole = bob.offers('whole.bin', 3);
  await settled();
  whole.now({ state: 'verified', bytes: 3 });
  for (let index = 0; index < 100; index += 1) {
    const offered = bob.offers(`${index}.bin`, 3);
    await settled();
    offered.now({ state: 'stopped', code: 'cancelled' });
  }
  const names = files.transfers.value.map(({ name }) => name);
  expect([names.length, names.at(0), names.at(-1)]).toEqual([34, 'whole.bin', '99.bin']);
});

test('offers of people who left are ignored', () => {
  room.peers.set([carol]);
  expect([bob.listeners, carol.listeners]).toEqual([0, 1]);
  room.peers.set([bob, carol]);
  expect(bob.listeners).toBe(1);
});

test('an image is offered with a preview', async () => {
  await files.send([new File(['x'], 'cup.png', { type: 'image/png' }), file()]);
  expect(bob.offered.map(({ offer }) => offer.preview)).toEqual(['/9j/', '']);
});

test('many files are queued, and each is offered in turn', () => {
  files.to.value = 'bob';
  void files.send(Array.from({ length: 100 }, (_, index) => file(`${index}`)));
  expect([bob.offered.length, files.queue.value.length]).toEqual([48, 52]);
  bob.offered[0]?.now({ state: 'stopped', code: 'declined' });
  expect(bob.offered.at(-1)?.offer.name).toBe('48');
  room.peers.set([carol]);
  expect(files.queue.value).toEqual([]);
});

test('a dropped folder is offered with each of its files, or the reason is shown', async () => {
  const few = { webkitGetAsEntry: () => null, getAsFile: () => file() };
  await files.sendDropped(drop([few, few]));
  expect(bob.offered.length).toBe(2);
  await files.sendDropped(drop(Array.from({ length: 1001 }, () => few)));
  expect([bob.offered.length, notices.shown.value]).toEqual([2, fileWords.tooMany(1000)]);
  const locked = { isDirectory: true, createReader: () => ({ readEntries: (_: unknown, fail: () => void) => fail() }) };
  await files.sendDropped(drop([{ webkitGetAsEntry: () => locked }]));
  expect([bob.offered.length, notices.shown.value]).toEqual([2, fileWords.unreadable]);
});

test('somebody who leaves is no longer the recipient', () => {
  files.to.value = 'carol';
  room.peers.set([bob]);
  expect(files.to.value).toBe('');
});

test('an offer is announced and waits for an answer', async () => {
  bob.offers('tea.bin', 3);
  await settled();
  expect(notices.heard.value).toBe('Bob wants to send you tea.bin');
  expect(files.asking.value.length).toBe(1);
});

test('after "accept all" the next file of that person is accepted, and others still ask', async () => {
  const first = bob.offers('one', 3);
  await settled();
  files.acceptAll(newest());
  const second = bob.offers('two', 3);
  const other = carol.offers('three', 3);
  await settled();
  expect([first.accepted, second.accepted, other.accepted]).toEqual([true, true, false]);
});

test('a transfer that an earlier page stored in part resumes without asking', async () => {
  const first = bob.offers('tea.bin', 300_000, 'id-1');
  await accept();
  expect(first.accepted).toBe(true);
  await reload();
  world.stored.set('id-1.bob', new Blob([new Uint8Array(256 * 1024)]));
  const offer = bob.offers('tea.bin', 300_000, 'id-1');
  await vi.waitFor(() => expect(offer.accepted).toBe(true)); // it is hashed first
  expect(offer.kept?.bytes).toBe(256 * 1024);
});

test.each<[string, () => FakeTransfer]>([
  ['another person', () => carol.offers('tea.bin', 300_000, 'id-1')],
  ['another name', () => bob.offers('cup.bin', 300_000, 'id-1')],
  ['another size', () => bob.offers('tea.bin', 300_001, 'id-1')],
  ['a folder', () => bob.offers('tea.bin', 300_000, 'id-1', [{ path: 'a', size: 300_000 }])],
])('an offer with the id of an accepted one, but from %s, is asked about', async (_, offers) => {
  bob.offers('tea.bin', 300_000, 'id-1');
  await accept();
  await reload();
  for (const who of ['bob', 'carol']) world.stored.set(`id-1.${who}`, new Blob([new Uint8Array(256 * 1024)]));
  const offer = offers();
  await settled();
  expect([files.asking.value.length, offer.accepted]).toEqual([1, false]);
});

test('a stored part that can no longer be read is received again from the start', async () => {
  bob.offers('tea.bin', 300_000, 'id-1');
  await accept();
  await reload();
  const broken = Object.assign(new Blob([new Uint8Array(256 * 1024)]), {
    slice: () => new Blob([new Uint8Array(1000)]),
  });
  world.stored.set('id-1.bob', broken);
  const offer = bob.offers('tea.bin', 300_000, 'id-1');
  await vi.waitFor(() => expect(offer.accepted).toBe(true));
  expect(offer.kept).toBeUndefined();
});

test('a duplicated tab neither sends nor receives what the tab that is still open does', async () => {
  void files.send([file('tea.bin', 7)]);
  bob.offers('cup.bin', 300_000, 'id-1');
  await accept();
  const copy = new World();
  for (const key of ['eyeline:sending:tea', 'eyeline:receiving:tea'])
    copy.session.set(key, world.session.get(key) ?? '');
  Object.assign(copy, { page: 'a copy', fileHandles: world.fileHandles });
  copy.stored.set('id-1.bob', new Blob([]));
  copy.openPages.add(world.page);
  await reload(copy);
  expect([files.unfinished.entries.value, bob.offered.length]).toEqual([[], 1]);
  await files.send([file('tea.bin', 7)]);
  expect(new Set(bob.offered.map(({ offer }) => offer.id)).size).toBe(2);
  const offer = bob.offers('cup.bin', 300_000, 'id-1');
  await settled();
  expect(offer.accepted).toBe(false);
});

test('the screen stays awake while a file is transferred, and not while it is paused', () => {
  void files.send([file()]);
  const [transfer] = bob.offered;
  transfer?.now({ state: 'running' });
  expect(world.awake).toBe(true);
  transfer?.now({ paused: 'there' });
  expect(world.awake).toBe(false);
  transfer?.now({ paused: 'no' });
  transfer?.now({ state: 'verified' });
  expect(world.awake).toBe(false);
});

test('the browser asks before the page is closed while a file is on its way, and not before or after', () => {
  expect(world.warns).toBe(false);
  void files.send([file()]);
  bob.offered[0]?.now({ state: 'running' });
  expect(world.warns).toBe(true);
  files.end();
  expect(world.warns).toBe(false);
});

test('a verified file is saved once, and that is announced', async () => {
  const offer = bob.offers('tea.bin', 3, 'id-2');
  await settled();
  files.accept(newest());
  await settled();
  offer.now({ state: 'running' });
  offer.now({ state: 'verified', bytes: 3 });
  await settled();
  expect(world.saved).toEqual(['id-2.bob']);
  expect(notices.heard.value).toBe('Got tea.bin from Bob');
});

test('after a reload the file is asked for again, and resumes under its id for the same people', async () => {
  files.to.value = 'carol';
  void files.send([file('tea.bin', 7)]);
  const id = carol.offered[0]?.offer.id;
  await settled();
  world.shelved.clear(); // a browser without handles
  await reload();
  expect(files.unfinished.entries.value.map(({ name }) => name)).toEqual(['tea.bin']);
  void files.send([file('other.bin', 7)]);
  void files.send([file('tea.bin', 7)]);
  expect(carol.offered.at(-1)?.offer.id).toBe(id);
  expect(bob.offered.map(({ offer }) => offer.name)).toEqual(['other.bin']);
  expect(files.unfinished.entries.value).toEqual([]);
});

/** Simulates a reload in the middle of a file for Carol. Returns the id of its transfer. */
async function reloaded(): Promise<string> {
  files.to.value = 'carol';
  await files.send([file('tea.bin', 7)]);
  carol.offered[0]?.now({ state: 'running' });
  const again = new World();
  Object.assign(again, { session: world.session, fileHandles: world.fileHandles });
  await openPage(again);
  return carol.offered[0]?.offer.id ?? '';
}

test('after a reload a file whose handle was kept resumes automatically', async () => {
  const id = await reloaded();
  expect(carol.offered.map(({ offer }) => offer.id)).toEqual([id, id]);
  expect([bob.offered.length, files.unfinished.entries.value.length]).toEqual([0, 0]);
});

test('if the browser asks for permission, the file resumes once it is granted', async () => {
  world.permission = 'prompt';
  world.allows = false;
  const id = await reloaded();
  expect([carol.offered.length, [...files.resumable.asking.value]]).toEqual([1, [id]]);
  await files.goOn();
  expect(carol.offered.length).toBe(1);
  world.allows = true;
  await files.goOn();
  expect([carol.offered.at(-1)?.offer.id, files.resumable.asking.value.size]).toEqual([id, 0]);
});

test('a kept file resumes when its recipient comes back, but not if its size has changed', async () => {
  const id = await reloaded();
  world.shelved.set(id, file('tea.bin', 8));
  room.peers.set([bob]);
  await openPage();
  room.peers.set([bob, carol]);
  await settled();
  expect(files.unfinished.entries.value.map((one) => one.id)).toEqual([id]);
  world.shelved.set(id, file('tea.bin', 7));
  await openPage();
  expect(files.unfinished.entries.value).toEqual([]);
});

test('a handle is kept until its transfer ends or is given up, or you leave', async () => {
  await files.send([file('a'), file('b')]);
  expect(world.shelved.size).toBe(4);
  bob.offered[0]?.now({ state: 'verified' });
  await settled();
  expect(world.shelved.size).toBe(3);
  files.giveUp(bob.offered[1]?.offer.id ?? '');
  await settled();
  expect(world.shelved.size).toBe(2);
  files.leave();
  await settled();
  expect(world.shelved.size).toBe(0);
});

test('speed and time left are measured during a transfer', () => {
  void files.send([file('tea.bin', 10_000_000)]);
  const transfer = bob.offered[0];
  transfer?.now({ state: 'running' });
  for (const bytes of [1e6, 2e6, 3e6]) {
    world.pass(1);
    transfer?.now({ bytes });
  }
  const [one] = files.transfers.value;
  expect(one?.pace.value).toEqual({ bytesPerSecond: 1e6, secondsLeft: 7 });
  expect(one && fileWords.state(one)).toBe('3\u00a0MB of 10\u00a0MB · 1\u00a0MB/\u2060s · 7\u00a0s left');
});

test('every end code has its own text for each side', () => {
  for (const code of [
    'declined',
    'gone',
    'changed',
    'disk',
    'no-room',
    'stalled',
    'wrong-hash',
    'from a later version',
  ]) {
    void files.send([file()]);
    bob.offered.at(-1)?.now({ state: 'stopped', code });
    expect(notices.heard.value.trim()).toMatch(/^tea\.bin: .+\.$/);
  }
});

test.each([
  [0, '0\u00a0B'],
  [999, '999\u00a0B'],
  [1400, '1.4\u00a0kB'],
  [999_999, '1\u00a0MB'],
  [2_100_000_000, '2.1\u00a0GB'],
])('%i bytes are %s', (bytes, words) => {
  expect(fileWords.size(bytes)).toBe(words);
});
