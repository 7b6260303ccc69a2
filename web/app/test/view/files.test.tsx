// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/dom';
import { expect, test, vi } from 'vitest';
import { CallView } from '../../src/view/call';
import { Asks, FilesPanel } from '../../src/view/files/files';
import type { FakePeer, FakeTransfer } from '../fakes';
import { aCall, clear, draw, now, person } from './scene';

async function panel(people: readonly FakePeer[] = [person('Bob')]) {
  const scene = await aCall(people);
  const closed = vi.fn();
  const user = draw(<FilesPanel call={scene.call} files={scene.files} onClose={closed} />);
  const [bob = person('Bob')] = people;
  return { ...scene, bob, closed, user };
}

/** Bob offers it. */
async function offered(bob: FakePeer, name: string, size = 3_000_000): Promise<FakeTransfer> {
  let transfer: FakeTransfer | undefined;
  await now(() => {
    transfer = bob.offers(name, size);
  });
  if (transfer === undefined) throw new Error('no offer');
  return transfer;
}

/** Alice chooses it. */
const sends = async ({ user }: Awaited<ReturnType<typeof panel>>, name = 'tea.bin') => {
  await user.upload(screen.getByLabelText('Choose files', { selector: 'input' }), new File(['tea'], name));
  await now(() => {});
};

const list = () => within(screen.getByRole('region', { name: 'Files of this call' }));
const cards = () =>
  list()
    .queryAllByRole('listitem')
    .map((each) => each.textContent);
const button = (name: string) => screen.getByRole('button', { name });

test('an offer says from whom and what, and nothing is taken before Accept', async () => {
  const { user, bob, world } = await panel();
  const tea = await offered(bob, 'tea.pdf');
  expect(cards()[0]).toContain('Bob wants to send you');
  expect(cards()[0]).toContain('PDF file · 3\u00a0MB');
  expect(tea.accepted).toBe(false);
  await user.click(button('Accept'));
  await now(() => {});
  expect(tea.accepted).toBe(true);
  world.pass(1);
  await now(() => tea.now({ bytes: 1_000_000 }));
  expect(screen.getByRole('progressbar', { name: 'Progress of tea.pdf' }).getAttribute('value')).toBe('1000000');
  expect(cards()[0]).toContain('of 3\u00a0MB');
  await now(() => tea.now({ state: 'verified', bytes: 3_000_000 }));
  expect(cards()[0]).toContain('3\u00a0MB · Verified');
  expect(screen.queryByRole('progressbar')).toBeNull();
});

test('a declined file says so, and the other side is told', async () => {
  const { user, bob } = await panel();
  const tea = await offered(bob, 'tea.bin');
  await user.click(button('Decline'));
  expect(tea.progress.current).toMatchObject({ state: 'stopped', code: 'declined' });
  expect(cards()[0]).toContain('You declined.');
});

test('after Accept all, everything that person offers is taken, and nothing of anybody else', async () => {
  const [bob, carol] = [person('Bob'), person('Carol')];
  const { user } = await panel([bob, carol]);
  const files = [await offered(bob, 'a.bin'), await offered(bob, 'b.bin'), await offered(carol, 'c.bin')];
  const [first] = screen.getAllByRole('button', { name: 'Accept all from Bob for this call' });
  if (first !== undefined) await user.click(first);
  files.push(await offered(bob, 'd.bin'));
  await now(() => {});
  expect(files.map(({ accepted }) => accepted)).toEqual([true, true, false, true]);
});

test.each([
  ['wrong-hash', 'It was damaged on the way and has been deleted. Ask for it again.'],
  ['disk', 'It couldn’t be stored: your disk may be full.'],
  ['gone', 'Bob left before it was complete.'],
  ['cancelled', 'Cancelled.'],
])('a file that stops by %s says why', async (code, words) => {
  const { user, bob } = await panel();
  const tea = await offered(bob, 'tea.bin');
  await user.click(button('Accept'));
  await now(() => tea.now({ state: 'stopped', code }));
  expect(cards()[0]).toContain(words);
  await user.click(button('Clear the list'));
  expect(cards()).toEqual([]);
});

test('without space the offer ends, and both sides see why', async () => {
  const { user, bob, world } = await panel();
  world.room = false;
  const tea = await offered(bob, 'tea.bin');
  await user.click(button('Accept'));
  await now(() => {});
  expect(cards()[0]).toContain(
    'Your browser has no space for it. Save or cancel other files or free up disk space, then ask for it again.',
  );
  expect(tea.progress.current.code).toBe('no-room');
});

test('where the browser blocks storage, a file says that a reload loses it, until it is handed over', async () => {
  const { user, bob, world } = await panel();
  world.where = 'memory';
  const tea = await offered(bob, 'tea.bin');
  await user.click(button('Accept'));
  await now(() => {});
  expect(cards()[0]).toContain('reloading the page loses it');
  await now(() => tea.now({ state: 'verified', bytes: 3_000_000 }));
  await now(() => {});
  expect(cards()[0]).toContain('Verified · handed to your browser');
  expect(cards()[0]).not.toContain('reloading the page loses it');
});

test('a file that is sent says what the other side does with it', async () => {
  const scene = await panel();
  await sends(scene);
  const [tea] = scene.bob.offered;
  expect(cards()[0]).toContain('To Bob');
  expect(cards()[0]).toContain('waiting for Bob to accept');
  await now(() => tea?.now({ state: 'running', bytes: 1 }));
  await now(() => tea?.now({ paused: 'there' }));
  expect(cards()[0]).toContain('paused by Bob');
  await now(() => tea?.now({ paused: 'no', state: 'verified', bytes: 3 }));
  expect(cards()[0]).toContain('Verified');
});

test('a file that was declined says so to the sender, and one can be cancelled', async () => {
  const scene = await panel();
  await sends(scene, 'a.bin');
  await now(() => scene.bob.offered[0]?.now({ state: 'stopped', code: 'declined' }));
  expect(cards()[0]).toContain('Bob declined.');
  await sends(scene, 'b.bin');
  await scene.user.click(button('Cancel b.bin'));
  expect(scene.bob.offered[1]?.progress.current).toMatchObject({ state: 'stopped', code: 'cancelled' });
});

test('a running file is paused and resumed', async () => {
  const { user, bob } = await panel();
  const tea = await offered(bob, 'tea.bin');
  await user.click(button('Accept'));
  await now(() => tea.now({ bytes: 1 }));
  await user.click(button('Pause tea.bin'));
  expect(tea.progress.current.paused).toBe('here');
  expect(cards()[0]).toContain('· paused');
  await user.click(button('Resume tea.bin'));
  expect(tea.progress.current.paused).toBe('no');
});

test('a file for one person is offered to nobody else', async () => {
  const [bob, carol] = [person('Bob'), person('Carol')];
  const scene = await panel([bob, carol]);
  await scene.user.selectOptions(screen.getByRole('combobox', { name: 'Send to' }), 'Carol');
  await sends(scene, 'for-carol.bin');
  await scene.user.selectOptions(screen.getByRole('combobox', { name: 'Send to' }), 'Everyone');
  await sends(scene, 'for-all.bin');
  const names = (peer: FakePeer) => peer.offered.map(({ offer }) => offer.name);
  expect([names(bob), names(carol)]).toEqual([['for-all.bin'], ['for-carol.bin', 'for-all.bin']]);
});

test('a hostile file name is text, and its end is always shown', async () => {
  const { bob } = await panel();
  await offered(bob, `<img src=x onerror=globalThis.hacked=1>${'x'.repeat(100)}.exe`);
  expect(document.querySelectorAll('img')).toHaveLength(0);
  expect(list().getByText(/^x+\.exe$/)).toBeTruthy();
});

test('the preview of a picture is shown, and comes from no address', async () => {
  const { user, bob } = await panel();
  await user.upload(
    screen.getByLabelText('Choose files', { selector: 'input' }),
    new File(['tea'], 'tea.png', { type: 'image/png' }),
  );
  await now(() => {});
  expect(bob.offered[0]?.offer.preview).toBe('/9j/');
  expect(document.querySelector('img')?.getAttribute('src')).toBe('data:image/jpeg;base64,/9j/');
});

test('nothing can be chosen while nobody is there', async () => {
  await panel([]);
  expect(screen.getByLabelText('Choose files', { selector: 'input' })).toHaveProperty('disabled', true);
  expect(screen.queryByLabelText('Choose folder')).toBeNull();
});

test('somebody who may not send files receives them all the same', async () => {
  const { room, bob } = await panel();
  await now(() => room.permissions.set(new Set()));
  expect(screen.getByText('You can receive files here, but not send any.')).toBeTruthy();
  expect(screen.queryByLabelText('Choose files')).toBeNull();
  await offered(bob, 'tea.bin');
  expect(button('Accept')).toBeTruthy();
});

test('while the panel is closed the newest offers are cards over the call', async () => {
  const bob = person('Bob');
  const { call, files } = await aCall([bob]);
  const user = draw(<Asks call={call} files={files} />);
  expect(screen.queryByRole('region')).toBeNull();
  const tea = await offered(bob, 'tea.bin');
  const asks = within(screen.getByRole('region', { name: '1 waiting for your answer' }));
  await user.click(asks.getByRole('button', { name: 'Decline' }));
  expect(tea.progress.current.code).toBe('declined');
  expect(screen.queryByRole('region')).toBeNull();
});

test('several offers of one person are one card with one answer, and offers of others are not part of it', async () => {
  const [bob, carol] = [person('Bob'), person('Carol')];
  const { call, files } = await aCall([bob, carol]);
  const user = draw(<Asks call={call} files={files} />);
  const bobs = [];
  for (const name of ['a.bin', 'b.bin', 'c.bin', 'd.bin']) bobs.push(await offered(bob, name, 20_000));
  const carols = await offered(carol, 'tea.bin');
  const asks = within(screen.getByRole('region', { name: '5 waiting for your answer' }));
  const [card] = asks.getAllByRole('listitem');
  expect(card?.textContent).toContain('Bob wants to send you4 files · 80\u00a0kB');
  expect(card?.textContent).toContain('and 1 more');
  await user.click(asks.getByRole('button', { name: 'Show each file from Bob' }));
  expect(call.panel.value).toBe('files');
  await user.click(asks.getByRole('button', { name: 'Accept all from Bob' }));
  await now(() => {});
  expect(bobs.map(({ accepted }) => accepted)).toEqual([true, true, true, true]);
  expect(carols.accepted).toBe(false);
  const later = await offered(bob, 'e.bin');
  expect([later.accepted, files.asking.value.length]).toEqual([false, 2]);
});

test('all that one person offers is declined at once', async () => {
  const bob = person('Bob');
  const { call, files } = await aCall([bob]);
  const user = draw(<Asks call={call} files={files} />);
  const both = [await offered(bob, 'a.bin'), await offered(bob, 'b.bin')];
  await user.click(button('Decline all from Bob'));
  expect(both.map(({ progress }) => progress.current.code)).toEqual(['declined', 'declined']);
});

test('after a reload of this page a file has to be chosen again, or is given up', async () => {
  const first = await panel();
  await sends(first);
  expect(cards()[0]).toContain('waiting for Bob to accept');
  clear();
  first.world.shelved.clear(); // a browser that keeps no handle of the file
  const { call, files } = await aCall([first.bob], { world: first.world });
  const user = draw(<FilesPanel call={call} files={files} onClose={() => {}} />);
  await now(() => {});
  expect(cards()[0]).toContain('This page was reloaded. Choose the file again to continue where it stopped.');
  await user.click(button('Cancel tea.bin'));
  expect(cards()).toEqual([]);
});

test('files that are dropped on somebody are for them alone, and beside the tiles for everyone', async () => {
  const [bob, carol] = [person('Bob'), person('Carol')];
  const { call } = await aCall([bob, carol]);
  draw(<CallView call={call} />);
  const room = { x: 0, y: 0, width: 1280, height: 720 };
  await now(() => call.stage.measured({ all: room, free: room }));
  const file = new File(['tea'], 'tea.bin');
  const items = [{ kind: 'file', getAsFile: () => file, webkitGetAsEntry: () => null }];
  const dataTransfer = { types: ['Files'], files: [file], items };
  const [tile] = screen.getAllByText('Carol').map((each) => each.closest('li'));
  const over = async (where: Element, says: string) => {
    await now(() => fireEvent.dragOver(where, { dataTransfer }));
    expect(await screen.findByText(says)).toBeTruthy();
  };
  await over(document.body, 'Drop to send to everyone');
  if (!tile) throw new Error('no tile');
  await over(tile, 'Drop to send to Carol');
  await now(() => fireEvent.drop(tile, { dataTransfer }));
  await now(() => {});
  expect([bob.offered.length, carol.offered.length]).toEqual([0, 1]);
  await now(() => fireEvent.drop(document.body, { dataTransfer }));
  await now(() => {});
  expect([bob.offered.length, carol.offered.length]).toEqual([1, 2]);
});
