import { beforeEach, expect, test, vi } from 'vitest';
import type { Incoming } from '../src/model/files/transfer';
import { fileWords } from '../src/strings/files';
import { settled } from './fake-platform';
import { accept, bob, file, files, newest, notices, reload, startCall, world } from './files-call';

beforeEach(startCall);

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
