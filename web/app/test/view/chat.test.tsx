// @vitest-environment happy-dom
import { screen, within } from '@testing-library/dom';
import { expect, test, vi } from 'vitest';
import { ChatPanel } from '../../src/view/chat/chat';
import { chatLine, type FakePeer, FakeRoom } from '../fakes';
import { aCall, draw, drawIn, now, person } from './scene';

async function chat(people: readonly FakePeer[] = [person('Bob')]) {
  const scene = await aCall(people);
  const closed = vi.fn();
  const user = draw(<ChatPanel call={scene.call} chat={scene.chat} onClose={closed} />);
  const [bob] = people;
  const hear = (text: string, at = 0, more = {}) =>
    now(() => {
      if (bob !== undefined) scene.room.hear(bob, chatLine(text, at, more));
    });
  return { ...scene, bob, closed, user, hear };
}

const field = (name = 'Message everyone') => screen.getByRole('textbox', { name });
const log = () => screen.getByRole('log', { name: 'Messages' });
const lines = () => [...log().querySelectorAll('.said-words')].map((each) => each.textContent);
const choose = (text: string) => screen.getByRole('button', { name: `Reply and more: ${text}` });

test.each(['<img src=x onerror=globalThis.hacked=1>', '<script>globalThis.hacked=1</script>', '&lt;b&gt;'])(
  'a name and a message that are %s are text',
  async (hostile) => {
    const { hear } = await chat([person(hostile, 'mallory')]);
    await hear(hostile);
    expect(lines()).toEqual([hostile]);
    expect(log().querySelector('.said-by bdi')?.textContent).toBe(hostile);
    expect(document.querySelectorAll('img, script, b')).toHaveLength(0);
  },
);

test('an address in a message is a link to a tab of its own that learns nothing, and a script is none', async () => {
  const { hear } = await chat();
  await hear('see https://example.org/tea or javascript:alert(1)');
  const [link, ...more] = screen.getAllByRole('link');
  expect(more).toEqual([]);
  expect([link?.getAttribute('href'), link?.getAttribute('target')]).toEqual(['https://example.org/tea', '_blank']);
  expect(link?.getAttribute('rel')).toContain('noopener');
  expect(link?.getAttribute('rel')).toContain('noreferrer');
});

test('Enter sends, Shift and Enter start a new line, and the field stays in focus', async () => {
  const { user } = await chat();
  expect(document.activeElement).toBe(field());
  await user.keyboard('The boat{Shift>}{Enter}{/Shift}at four{Enter}');
  expect(lines()).toEqual(['The boat\nat four']);
  expect(field()).toHaveProperty('value', '');
  expect(document.activeElement).toBe(field());
});

test('nothing is sent while nobody is there, or while the message is too long', async () => {
  const { user, chat: model, room } = await chat([]);
  await user.type(field(), 'Hello?{Enter}');
  expect(lines()).toEqual([]);
  await now(() => {
    room.peers.set([person('Bob')]);
    model.type('x'.repeat(4001));
  });
  expect(screen.getByRole('status').textContent).toBe('1 character too many. The limit is 4000.');
  expect(screen.getByRole('button', { name: 'Send' }).getAttribute('aria-disabled')).toBe('true');
  expect(field().getAttribute('aria-invalid')).toBe('true');
  await user.type(field(), '{Enter}');
  expect(lines()).toEqual([]);
});

test('a reply quotes the message, and says whom it answers', async () => {
  const { user, hear } = await chat();
  await hear('The boat comes at five');
  const more = choose('The boat comes at five');
  expect(more.getAttribute('aria-expanded')).toBe('false');
  await user.click(more);
  expect(more.getAttribute('aria-expanded')).toBe('true');
  await user.click(screen.getByRole('button', { name: 'Reply' }));
  expect(screen.getByText(/^Reply to Bob/)).toBeTruthy();
  expect(document.activeElement).toBe(field());
  await user.keyboard('Really?{Enter}');
  expect(log().querySelector('[data-mine=true] .said-quote')?.textContent).toBe('BobThe boat comes at five');
});

test('only your own messages are edited and deleted', async () => {
  const { user, hear } = await chat();
  await hear('Hers');
  await user.click(choose('Hers'));
  expect(screen.queryByRole('button', { name: 'Edit' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
  await user.type(field(), 'Mnie{Enter}');
  await user.click(choose('Mnie'));
  await user.click(screen.getByRole('button', { name: 'Edit' }));
  expect(field()).toHaveProperty('value', 'Mnie');
  await user.clear(field());
  await user.type(field(), 'Mine{Enter}');
  expect(lines()).toEqual(['Hers', 'Mine']);
  expect(screen.getByText('edited')).toBeTruthy();
  await user.click(choose('Mine'));
  await user.click(screen.getByRole('button', { name: 'Delete' }));
  expect(lines()).toEqual(['Hers', 'Deleted']);
  expect(screen.queryByText('edited')).toBeNull();
});

test('Escape closes the menu of a message and gives the focus to its button, and closes the chat only then', async () => {
  const { user, hear, closed } = await chat();
  await hear('Hello');
  await user.click(choose('Hello'));
  screen.getByRole('button', { name: 'Reply' }).focus();
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('button', { name: 'Reply' })).toBeNull();
  expect(document.activeElement).toBe(choose('Hello'));
  expect(closed).not.toHaveBeenCalled();
  await user.keyboard('{Escape}');
  expect(closed).toHaveBeenCalledTimes(1);
});

test('the arrow up edits your last message, and Escape gives that up before it closes the panel', async () => {
  const { user, closed } = await chat();
  await user.type(field(), 'Tea{Enter}');
  await user.keyboard('{ArrowUp}');
  expect(screen.getByText(/^Editing your message/)).toBeTruthy();
  await user.keyboard('{Escape}');
  expect(screen.queryByText(/^Editing your message/)).toBeNull();
  expect(field()).toHaveProperty('value', '');
  expect(closed).not.toHaveBeenCalled();
  await user.keyboard('{Escape}');
  expect(closed).toHaveBeenCalledOnce();
});

test('a message of somebody with a name like that of the author before has its own heading, with a number', async () => {
  const [bob, mallory] = [person('Bob'), person('Bob', 'mallory')];
  const { hear, room } = await chat([bob, mallory]);
  await hear('The boat comes at five');
  await now(() => room.hear(mallory, chatLine('No, at nine', 1)));
  expect([...log().querySelectorAll('.said-by bdi')].map((each) => each.textContent)).toEqual(['Bob', 'Bob (2)']);
});

test('a message for one person is marked as such, and is not sent once they have left', async () => {
  const [bob, carol] = [person('Bob'), person('Carol')];
  const { user, room } = await chat([bob, carol]);
  await user.selectOptions(screen.getByRole('combobox', { name: 'To' }), 'Carol');
  await user.type(field('Message only Carol'), 'Between us{Enter}');
  expect(log().textContent).toContain('only to Carol');
  const got = (peer: FakePeer) => JSON.stringify(peer.sent).includes('Between us');
  expect([got(bob), got(carol)]).toEqual([false, true]);
  await now(() => room.peers.set([bob]));
  expect(screen.getByRole('status').textContent).toBe('They left. Choose someone else.');
  await user.type(screen.getByRole('textbox'), 'Still there?{Enter}');
  expect(lines()).toEqual(['Between us']);
});

test('a message for us alone says so, and its reply goes to nobody else', async () => {
  const { user, hear, chat: model } = await chat([person('Bob'), person('Carol')]);
  await hear('Between us', 1, { to: 'me' });
  expect(log().textContent).toContain('only to you');
  await user.click(choose('Between us'));
  await user.click(screen.getByRole('button', { name: 'Reply' }));
  expect(model.to.value).toBe('bob');
  expect(field('Message only Bob')).toBeTruthy();
});

test('a reply, an edit and a deletion reach everybody, and a message for one person nobody else', async () => {
  const names = ['Alice', 'Bob', 'Carol'];
  const scenes = await Promise.all(names.map((name) => aCall([], { room: new FakeRoom('tea', name, name) })));
  for (const { room } of scenes) {
    const peers = scenes.filter((each) => each.room !== room).map((each) => person(each.room.me.name, each.room.me.id));
    for (const peer of peers) {
      peer.send = async (message) => {
        const there = scenes.find((each) => each.room.me.id === peer.id)?.room;
        const from = there?.peers.current.find(({ id }) => id === room.me.id);
        if (from !== undefined) there?.hear(from, message);
      };
    }
    await now(() => room.peers.set(peers));
  }
  const [alice, bob, carol] = scenes.map(({ call, chat }) => {
    const { user, root } = drawIn(<ChatPanel call={call} chat={chat} onClose={() => {}} />);
    const said = () => [...root.querySelectorAll('.said-words')].map((each) => each.textContent);
    const press = async (name: string) => user.click(within(root).getByRole('button', { name }));
    const write = async (text: string) => {
      const field = within(root).getByRole('textbox');
      await user.clear(field);
      await user.type(field, `${text}{Enter}`);
      await now(() => {});
    };
    const to = (name: string) => user.selectOptions(within(root).getByRole('combobox'), name);
    return { root, said, press, write, to };
  });
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('nobody');
  await alice.write('The boat comes at five');
  await bob.press('Reply and more: The boat comes at five');
  await bob.press('Reply');
  await bob.write('Really?');
  expect(carol.root.querySelector('.said-quote-words')?.textContent).toBe('The boat comes at five');
  await alice.to('Bob');
  await alice.write('Between us');
  await alice.to('Everyone');
  await alice.press('Reply and more: The boat comes at five');
  await alice.press('Edit');
  await alice.write('The boat comes at four');
  await bob.press('Reply and more: Really?');
  await bob.press('Delete');
  await now(() => {});
  expect(bob.said()).toEqual(['The boat comes at four', 'Deleted', 'Between us']);
  expect(carol.said()).toEqual(['The boat comes at four', 'Deleted']);
});

test('a message says whom it has not reached', async () => {
  const { user, bob } = await chat();
  if (bob !== undefined) bob.delivery = () => new Promise(() => {});
  await user.type(field(), 'Hello{Enter}');
  expect(screen.getByText('sending…').getAttribute('title')).toBe('Not delivered to Bob yet');
});

test('somebody who may not write reads, and has no field', async () => {
  const { room, hear } = await chat();
  await now(() => room.permissions.set(new Set()));
  await hear('Can you hear me?');
  expect(screen.getByText('You can read messages here, but not send any.')).toBeTruthy();
  expect(screen.queryByRole('textbox')).toBeNull();
  expect(lines()).toEqual(['Can you hear me?']);
});

test('the chat says who is typing', async () => {
  const { room, bob } = await chat();
  await now(() => {
    if (bob !== undefined) room.hear(bob, { kind: 'chat-typing' });
  });
  expect(screen.getByText('Bob is typing…')).toBeTruthy();
});

test('of a long chat the newest messages are drawn, and the earlier ones on demand', async () => {
  const { user, room, bob } = await chat();
  await now(() => {
    for (let at = 1; at <= 230; at += 1) if (bob !== undefined) room.hear(bob, chatLine(`line ${at}`, at));
  });
  expect(lines().at(-1)).toBe('line 230');
  expect(lines()).not.toContain('line 1');
  await user.click(screen.getByRole('button', { name: 'Earlier messages' }));
  expect(lines()).toHaveLength(230);
  expect(screen.queryByRole('button', { name: 'Earlier messages' })).toBeNull();
});

test('sound and saving are buttons that say their state', async () => {
  const { user, hear, world } = await chat();
  expect(screen.getByRole('button', { name: 'Save as text' }).getAttribute('aria-disabled')).toBe('true');
  await hear('Tea');
  await user.click(screen.getByRole('button', { name: 'Save as text' }));
  expect(world.texts[0]?.text).toContain('Bob: Tea');
  const chime = screen.getByRole('button', { name: 'Sounds' });
  const before = chime.getAttribute('aria-pressed');
  await user.click(chime);
  expect(chime.getAttribute('aria-pressed')).not.toBe(before);
});

test('a file chosen in the chat goes to whom the message is for', async () => {
  const [bob, carol] = [person('Bob'), person('Carol')];
  const { user, chat: model } = await chat([bob, carol]);
  await now(() => {
    model.to.value = 'carol';
  });
  await user.upload(screen.getByLabelText('Choose files', { selector: 'input' }), new File(['tea'], 'tea.bin'));
  await now(() => {});
  expect([bob.offered.length, carol.offered.length]).toEqual([0, 1]);
});
