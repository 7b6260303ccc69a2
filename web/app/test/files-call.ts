import { signal } from '@preact/signals';
import { droppedFiles } from '../src/model/files/dropped-files';
import { Files } from '../src/model/files/files';
import { Incoming } from '../src/model/files/transfer';
import { Notices } from '../src/model/notices';
import { settled, World } from './fake-platform';
import { FakePeer, FakeRoom } from './fakes';

export let world: World;
export let room: FakeRoom;
export let notices: Notices;
export let files: Files;
export let bob: FakePeer;
export let carol: FakePeer;

export const file = (name = 'tea.bin', size = 3): File => new File([new Uint8Array(size)], name);

/** Bob's newest offer, as it's shown. */
export const newest = (): Incoming => {
  const one = files.transfers.value.at(-1);
  if (!(one instanceof Incoming)) throw new Error('nothing was offered');
  return one;
};

/** A page opens the call's files. */
export async function openPage(platform = world): Promise<void> {
  files = new Files(platform, room, notices, signal(false));
  await settled();
}

/** The page is reloaded. */
export async function reload(again = world): Promise<void> {
  files.end();
  Object.assign(again, { page: `after ${again.page}` });
  await openPage(again);
}

/** Accepts Bob's newest offer. */
export async function accept(): Promise<Incoming> {
  await settled();
  files.accept(newest());
  await settled();
  return newest();
}

export const drop = (items: readonly object[]) =>
  droppedFiles(items as unknown as DataTransferItemList, (item) => item.getAsFile());

/** Alice in a call with Bob and Carol, before any file. */
export function startCall(): void {
  world = new World();
  room = new FakeRoom('tea', 'Alice');
  notices = new Notices(world.after);
  files = new Files(world, room, notices, signal(false));
  bob = new FakePeer('Bob', {} as MediaStream);
  carol = new FakePeer('Carol', {} as MediaStream);
  room.peers.set([bob, carol]);
}
