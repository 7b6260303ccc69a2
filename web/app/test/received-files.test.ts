import { beforeEach, expect, test, vi } from 'vitest';
import type { Incoming } from '../src/model/files/transfer';
import { fileWords } from '../src/strings/files';
import { settled } from './fake-platform';
import { accept, bob, file, files, newest, notices, reload, startCall, world } from './files-call';

beforeEach(startCall);

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
