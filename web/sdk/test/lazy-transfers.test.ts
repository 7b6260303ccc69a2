import { expect, test, vi } from 'vitest';
import type { FileConnection } from '../src/files/channel.ts';
import { LazyTransfers } from '../src/files/lazy-transfers.ts';
import type { FileTransfer, IncomingFile } from '../src/files/transfer.ts';
import { TransferLoader } from '../src/files/transfer-loader.ts';

/** A data channel that is open. */
class OpenChannel {
  readonly readyState = 'open';
  readonly said: object[] = [];
  onmessage: (event: { readonly data: string }) => void = () => undefined;
  onopen: () => void = () => undefined;

  send(text: string): void {
    this.said.push(JSON.parse(text));
  }

  hear(frame: object): void {
    this.onmessage({ data: JSON.stringify(frame) });
  }
}

/** A loader that is still loading. */
class SlowLoader extends TransferLoader {
  override load(): void {}
  override loadAfter(): void {}
  arrive = (): void => super.load();
}

function made(dropped = () => undefined): { readonly loader: SlowLoader; readonly lazy: LazyTransfers } {
  const loader = new SlowLoader();
  return { loader, lazy: new LazyTransfers(loader, 'bob-0001', true, dropped) };
}

function attach(lazy: LazyTransfers): OpenChannel {
  const files = new OpenChannel();
  lazy.attach({ files, connection: {}, fail: () => undefined } as unknown as FileConnection);
  return files;
}

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const offer = (number: number): object => ({
  frame: 'offer',
  id: id(number),
  name: `${number}.txt`,
  size: 3,
  preview: '',
});

test('files offered before the code is there are offered to the page, in order, once it is', async () => {
  const { loader, lazy } = made();
  const offered: string[] = [];
  lazy.onFile((file) => offered.push(file.offer.name));
  const channel = attach(lazy);
  for (const number of [1, 2, 3]) channel.hear(offer(number));
  expect(offered).toEqual([]);
  loader.arrive();
  await vi.waitFor(() => expect(offered).toEqual(['1.txt', '2.txt', '3.txt']));
  channel.hear(offer(4));
  expect(offered).toHaveLength(4);
  lazy.close();
});

test('a listener that was taken off before the code is there is not called', async () => {
  const { loader, lazy } = made();
  const [kept, gone]: [IncomingFile[], IncomingFile[]] = [[], []];
  const stop = lazy.onFile((file) => gone.push(file));
  lazy.onFile((file) => kept.push(file));
  stop();
  attach(lazy).hear(offer(1));
  loader.arrive();
  await vi.waitFor(() => expect(kept).toHaveLength(1));
  expect(gone).toEqual([]);
  lazy.close();
});

test('a file sent before the code is there is offered under the same id, paused if it was', async () => {
  const { loader, lazy } = made();
  const channel = attach(lazy);
  const [first, second] = ['a', 'b'].map((name) => lazy.sendFile(new File(['tea'], name), {})) as [
    FileTransfer,
    FileTransfer,
  ];
  second.pause();
  expect(second.progress.current).toEqual({ state: 'asked', bytes: 0, code: '', paused: 'here' });
  loader.arrive();
  await vi.waitFor(() =>
    expect(channel.said).toMatchObject([
      { frame: 'offer', id: first.offer.id, name: 'a' },
      { frame: 'offer', id: second.offer.id, name: 'b' },
      { frame: 'pause', id: second.offer.id, on: true },
    ]),
  );
  expect([first.progress.current.paused, second.progress.current.paused]).toEqual(['no', 'here']);
  channel.hear({ frame: 'stop', id: first.offer.id, code: 'declined' });
  expect(first.progress.current).toMatchObject({ state: 'stopped', code: 'declined' });
  lazy.close();
  expect(second.progress.current).toMatchObject({ state: 'stopped', code: 'gone' });
});

test('a file that was cancelled, or whose receiver left, before the code is there is never offered', async () => {
  const { loader, lazy } = made();
  const channel = attach(lazy);
  const cancelled = lazy.sendFile(new File(['tea'], 'a'), {});
  cancelled.cancel();
  cancelled.resume();
  lazy.sendFile(new File(['tea'], 'b'), {});
  loader.arrive();
  await vi.waitFor(() => expect(channel.said).toMatchObject([{ frame: 'offer', name: 'b' }]));
  expect(cancelled.progress.current).toMatchObject({ state: 'stopped', code: 'cancelled' });

  const away = made();
  const left = away.lazy.sendFile(new File(['tea'], 'c'), {});
  away.lazy.close();
  expect(left.progress.current).toMatchObject({ state: 'stopped', code: 'gone' });
});

test('a file that was sent before the code is there can be paused and cancelled after that', async () => {
  const { loader, lazy } = made();
  const channel = attach(lazy);
  const sent = lazy.sendFile(new File(['tea'], 'a'), {});
  loader.arrive();
  await vi.waitFor(() => expect(channel.said).toHaveLength(1));
  sent.pause();
  sent.resume();
  sent.cancel();
  expect(channel.said.slice(1)).toEqual([
    { frame: 'pause', id: sent.offer.id, on: true },
    { frame: 'pause', id: sent.offer.id, on: false },
    { frame: 'stop', id: sent.offer.id, code: 'cancelled' },
  ]);
  expect(sent.progress.current).toMatchObject({ state: 'stopped', code: 'cancelled' });
  lazy.close();
});

test('of messages that arrive before the code is there, so many are kept as may come at once', async () => {
  const dropped = vi.fn();
  const { loader, lazy } = made(dropped);
  const channel = attach(lazy);
  for (let number = 0; number < 1010; number += 1) channel.hear({ frame: 'get', id: id(number), index: 0 });
  expect(dropped).toHaveBeenCalledTimes(10);
  loader.arrive();
  await vi.waitFor(() => expect(channel.said).toHaveLength(1000));
  expect(dropped).toHaveBeenCalledTimes(10);
  lazy.close();
});

test('the code is loaded 1.5 s after the channel opened, though nobody needs it yet', async () => {
  vi.useFakeTimers();
  const loader = new TransferLoader();
  const channel = attach(new LazyTransfers(loader, 'bob-0001', true, () => undefined));
  channel.onopen();
  vi.advanceTimersByTime(1499);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  await vi.waitFor(() => expect(loader.loaded.current).not.toBeNull());
});

test('a call that is over loads nothing more', () => {
  vi.useFakeTimers();
  const loader = new TransferLoader();
  loader.close();
  loader.loadAfter(1500);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test('what arrived over a connection that was replaced is dropped: over the new one they offer again', async () => {
  const { loader, lazy } = made();
  const offered: string[] = [];
  lazy.onFile((file) => offered.push(file.offer.name));
  attach(lazy).hear(offer(1));
  const channel = attach(lazy);
  channel.hear(offer(2));
  loader.arrive();
  await vi.waitFor(() => expect(offered).toEqual(['2.txt']));
  lazy.close();
});
