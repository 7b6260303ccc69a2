import { signal } from '@preact/signals';
import { beforeEach, expect, test, vi } from 'vitest';
import { droppedFiles } from '../src/model/files/dropped-files';
import { Files } from '../src/model/files/files';
import { Incoming } from '../src/model/files/transfer';
import { Notices } from '../src/model/notices';
import { fileWords } from '../src/strings/files';
import { settled, World } from './fake-platform';
import { FakePeer, FakeRoom, type FakeTransfer } from './fakes';

let world: World;
let room: FakeRoom;
let notices: Notices;
let files: Files;
let bob: FakePeer;
let carol: FakePeer;

const file = (name = 'tea.bin', size = 3): File => new File([new Uint8Array(size)], name);

/** Bob's newest offer, as it's shown. */
const newest = (): Incoming => {
  const one = files.transfers.value.at(-1);
  if (!(one instanceof Incoming)) throw new Error('nothing was offered');
  return one;
};

/** The page is reloaded. */
async function reload(again = world): Promise<void> {
  files.end();
  Object.assign(again, { page: `after ${again.page}` });
  files = new Files(again, room, notices, signal(false));
  await settled();
}

/** Accepts Bob's newest offer. */
async function accept(): Promise<Incoming> {
  await settled();
  files.accept(newest());
  await settled();
  return newest();
}

const drop = (items: readonly object[]) =>
  droppedFiles(items as unknown as DataTransferItemList, (item) => item.getAsFile());

beforeEach(() => {
  world = new World();
  room = new FakeRoom('tea', 'Alice');
  notices = new Notices(world.after);
  files = new Files(world, room, notices, signal(false));
  bob = new FakePeer('Bob', {} as MediaStream);
  carol = new FakePeer('Carol', {} as MediaStream);
  room.peers.set([bob, carol]);
});

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

test('stored bytes can be read back, to be passed on', async () => {
  const offer = bob.offers('tea.bin', 10, 'id-3');
  await accept();
  world.stored.set('id-3.bob', new Blob(['0123456789']));
  expect(new TextDecoder().decode(await offer.readBack?.(3, 2))).toBe('34');
});

test('a file there is no space for is refused, and both sides are told', async () => {
  world.room = false;
  const offer = bob.offers('tea.bin', 3);
  await accept();
  expect(offer.progress.current).toMatchObject({ state: 'stopped', code: 'no-room' });
  expect(fileWords.state(newest())).toMatch(/^Your browser has no space for it\. Save or cancel other files/);
  await files.send([file()]);
  bob.offered.at(-1)?.now({ state: 'stopped', code: 'no-room' });
  expect(notices.heard.value).toBe('tea.bin: Bob has no space for it.');
});

test('where nothing can be stored, files are kept in memory up to a bound, and a reload loses them', async () => {
  world.where = 'memory';
  const small = bob.offers('small.bin', 3);
  const one = await accept();
  expect([small.accepted, one.losesOnReload, fileWords.inMemory]).toEqual([
    true,
    true,
    'Your browser doesn’t let this page store files: reloading the page loses it.',
  ]);
  small.now({ state: 'verified', bytes: 3 });
  await settled();
  expect([world.saved, one.losesOnReload]).toEqual([['from-bob-small.bin.bob'], false]);
  world.room = false;
  const large = bob.offers('large.bin', 3_000_000_000);
  await accept();
  expect([large.progress.current.code, newest().problem.value]).toEqual(['no-room', 'memory']);
  expect(fileWords.problem('memory')).toContain('256 MB');
});

test('files accepted together do not count on the same space', async () => {
  for (const size of [10, 20, 30]) bob.offers(`${size}`, size);
  await settled();
  files.acceptAll(newest());
  await settled();
  expect([...world.asked].sort((one, other) => one - other)).toEqual([30, 40, 60]);
});

test('a file that is accepted twice is stored once', async () => {
  let times = 0;
  const { store } = world.storage;
  world.storage.store = (key, kept) => {
    times += 1;
    return store(key, kept);
  };
  bob.offers('tea.bin', 3);
  await settled();
  files.accept(newest());
  files.accept(newest());
  await settled();
  expect([times, world.asked]).toEqual([1, [3]]);
});

test('a file that made room for others can no longer be saved', async () => {
  const first = bob.offers('one', 3);
  const one = await accept();
  first.now({ state: 'verified', bytes: 3 });
  await settled();
  expect(one.stored.value).toBe(true);
  world.removable = [one.key];
  bob.offers('two', 3);
  await accept();
  expect(one.stored.value).toBe(false);
});

/** Bob offers a file, it's accepted and received. */
async function received(name: string): Promise<Incoming> {
  const offer = bob.offers(name, 3);
  const one = await accept();
  offer.now({ state: 'verified', bytes: 3 });
  await settled();
  return one;
}

test('received bytes are deleted when they were saved and the list is cleared, or the call is left', async () => {
  const one = await received('one');
  const two = await received('two'); // its download waits for its turn
  bob.offers('three', 3);
  const three = await accept();
  expect([world.removed, two.saving.value]).toEqual([[], 'runs']);
  files.clear();
  expect([world.removed, files.transfers.value]).toEqual([[one.key], [two, three]]);
  files.leave();
  await settled();
  expect(world.removed.length).toBe(1);
  world.pass(1);
  await settled();
  world.pass(1);
  await settled();
  expect(world.saved).toEqual([one.key, two.key]);
  expect(world.removed).toEqual([one.key, two.key, three.key]);
  await reload();
  world.stored.set(three.key, new Blob([]));
  bob.offers('three', 3);
  await settled();
  expect(newest().asksUs).toBe(true);
});

test('what a person who left had sent is deleted with its row, but not if they came back with it', async () => {
  const gone = bob.offers('tea.bin', 300_000, 'id-1');
  const one = await accept();
  gone.now({ state: 'stopped', code: 'gone' });
  world.stored.set(one.key, new Blob([]));
  const again = bob.offers('tea.bin', 300_000, 'id-1');
  await vi.waitFor(() => expect(again.accepted).toBe(true));
  files.clear();
  expect([files.transfers.value.length, world.removed]).toEqual([1, []]);
  again.now({ state: 'stopped', code: 'gone' });
  files.clear();
  expect([files.transfers.value.length, world.removed]).toEqual([0, [one.key]]);
});

test('many files are given to the browser one at a time, and each says when', async () => {
  const all: Incoming[] = [];
  for (let count = 0; count < 25; count += 1) all.push(await received(`${count}`));
  const handed = () => all.filter((one) => fileWords.state(one).endsWith('handed to your browser')).length;
  expect([world.saved.length, handed()]).toEqual([1, 1]);
  expect(all.map((one) => fileWords.state(one)).slice(1)).toEqual(Array(24).fill('3\u00a0B · Verified · saving…'));
  for (let tenths = 0; tenths < 10; tenths += 1) {
    world.pass(0.1);
    await settled();
  }
  expect(world.saved.length).toBeLessThan(10); // in the first second
  for (let tenths = 0; tenths < 60; tenths += 1) {
    world.pass(0.1);
    await settled();
  }
  expect([new Set(world.saved).size, handed()]).toEqual([25, 25]);
});

test('a download that fails is reported, and delays no other', async () => {
  const { save } = world.storage;
  world.storage.save = (key, name, bytes) =>
    name === 'one' ? Promise.reject(new RangeError('not all of it is stored')) : save(key, name, bytes);
  const one = await received('one');
  const two = await received('two');
  world.pass(1);
  await settled();
  expect([one.problem.value, one.saving.value, two.saving.value]).toEqual(['lost', 'no', 'handed']);
});

test('a file too large for the storage is written where the person picks, or stays unanswered', async () => {
  world.room = false;
  world.storage.pick = () => Promise.reject(new DOMException('', 'AbortError'));
  const offer = bob.offers('tea.bin', 3);
  expect([(await accept()).asksUs, newest().problem.value]).toEqual([true, null]);
  world.storage.pick = () => Promise.reject(new DOMException('', 'SecurityError')); // without a click
  expect([(await accept()).asksUs, newest().problem.value]).toEqual([true, 'room']);
  world.storage.pick = async () => new WritableStream();
  await accept();
  offer.now({ state: 'verified', bytes: 3 });
  expect([world.saved, fileWords.state(newest())]).toEqual([[], '3\u00a0B · Verified · saved']);
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
  files = new Files(again, room, notices, signal(false));
  await settled();
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
  files = new Files(world, room, notices, signal(false));
  await settled();
  room.peers.set([bob, carol]);
  await settled();
  expect(files.unfinished.entries.value.map((one) => one.id)).toEqual([id]);
  world.shelved.set(id, file('tea.bin', 7));
  files = new Files(world, room, notices, signal(false));
  await settled();
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

const tea = (...paths: readonly string[]) => ({
  name: 'tea',
  files: paths.map((path) => ({ path, file: file(path, 3) })),
});

test('a folder is one offer with its files, and is asked for again as a folder after a reload', async () => {
  await files.send([tea('b', 'deep/a')]);
  const [transfer] = bob.offered;
  expect(transfer?.offer).toMatchObject({ name: 'tea', size: 6, entries: [{ path: 'b' }, { path: 'deep/a' }] });
  world.shelved.clear();
  await reload();
  const [entry] = files.unfinished.entries.value;
  expect(fileWords.unfinished(entry?.folder === true)).toContain('Choose the folder again');
  await files.send([file('tea', 6)]);
  expect(bob.offered.at(-1)?.offer.id).not.toBe(transfer?.offer.id);
  await files.send([tea('b', 'deep/a')]);
  expect(bob.offered.at(-1)?.offer.id).toBe(transfer?.offer.id);
});

test('a folder that is empty or too large is reported', async () => {
  await files.send([tea()]);
  expect(notices.shown.value).toBe(fileWords.emptyFolder);
  await files.send([tea(...Array.from({ length: 1001 }, (_, index) => `${index}`))]);
  expect([notices.shown.value, bob.offered]).toEqual([fileWords.tooMany(1000), []]);
});

const entries = [{ path: 'a', size: 4 }];

/** Bob offers a folder, and it's accepted. Its bytes are its id here. */
async function accepted(): Promise<Incoming> {
  const offer = bob.offers('tea', 4, 'id-3', entries);
  await settled();
  files.accept(newest());
  await settled();
  if (offer.accepted) offer.now({ state: 'verified', bytes: 4 });
  await settled();
  return newest();
}

/** The person chooses a folder. Returns what is written there, by name. */
function chosen(): Map<string, string> {
  const written = new Map<string, string>();
  const write = async (name: string) =>
    new WritableStream<Uint8Array<ArrayBuffer>>({
      write: (bytes) => void written.set(name, new TextDecoder().decode(bytes)),
    });
  world.storage.pickFolder = async () => ({ write });
  return written;
}

test('a folder becomes an archive if the browser has no folder picker', async () => {
  const one = await accepted();
  expect([world.saved, one.saving.value]).toEqual([['id-3.bob.zip'], 'handed']);
});

test('a folder goes where the person chose on accepting it, and stays unanswered if they cancelled', async () => {
  world.storage.pickFolder = async () => Promise.reject(new DOMException('', 'AbortError'));
  expect((await accepted()).asksUs).toBe(true);
  const written = chosen();
  const one = await accepted();
  await vi.waitFor(() => expect(one.saving.value).toBe('done'));
  expect([[...written], one.stored.value, world.removed]).toEqual([[['tea', 'id-3.bob']], false, ['id-3.bob']]);
});

test('a complete folder without a place, as after a reload, waits for the person to choose one', async () => {
  bob.offers('tea', 4, 'id-3', entries);
  await accept();
  await reload();
  world.stored.set('id-3.bob', new Blob([]));
  const written = chosen();
  const offer = bob.offers('tea', 4, 'id-3', entries);
  await vi.waitFor(() => expect(offer.accepted).toBe(true));
  offer.now({ state: 'verified', bytes: 4 });
  expect([files.waiting.value, fileWords.state(newest())]).toEqual([1, '4\u00a0B · Verified · not saved yet']);
  await files.save(newest());
  expect([[...written.keys()], newest().saving.value, files.waiting.value]).toEqual([['tea'], 'done', 0]);
});

test('a folder is written to its place completely, even if the call is left meanwhile', async () => {
  let finish: () => void = () => undefined;
  world.storage.copy = () =>
    new Promise((resolve) => {
      finish = resolve;
    });
  chosen();
  const one = await accepted();
  files.leave();
  await settled();
  expect([one.saving.value, world.removed]).toEqual(['runs', []]);
  finish();
  await settled();
  expect([one.saving.value, world.removed]).toEqual(['done', ['id-3.bob']]);
});

test('a folder that cannot be written there can be saved elsewhere', async () => {
  world.storage.pickFolder = async () => ({ write: () => Promise.reject(new DOMException('', 'QuotaExceededError')) });
  const one = await accepted();
  expect([one.problem.value, one.saving.value]).toEqual(['unsaved', 'no']);
  chosen();
  await files.save(one);
  expect([one.problem.value, one.saving.value]).toEqual([null, 'done']);
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
