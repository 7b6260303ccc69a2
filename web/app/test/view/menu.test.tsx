// @vitest-environment happy-dom
import { screen } from '@testing-library/dom';
import { Video } from 'lucide';
import { useRef, useState } from 'preact/hooks';
import { expect, test } from 'vitest';
import { Menu, MenuCheck, MenuGroup, MenuItem, MenuRadio } from '../../src/view/ui/menu';
import { draw } from './scene';

function Example({ chosen }: { readonly chosen: string[] }) {
  const anchor = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const choose = (what: string) => () => void chosen.push(what);
  return (
    <>
      <button ref={anchor} type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        More
      </button>
      {open && (
        <Menu label="More" anchor={anchor} onClose={() => setOpen(false)}>
          <MenuItem icon={Video} words="Invite" shortcut="i" onChoose={choose('invite')} />
          <MenuCheck words="Full screen" checked onChoose={choose('full')} />
          <MenuGroup label="Camera">
            <MenuRadio words="Built-in" checked={false} onChoose={choose('built-in')} />
            <MenuRadio words="External" checked onChoose={choose('external')} />
          </MenuGroup>
        </Menu>
      )}
      <button type="button">Elsewhere</button>
    </>
  );
}

/** A menu that was opened. */
async function opened() {
  const chosen: string[] = [];
  const user = draw(<Example chosen={chosen} />);
  await user.click(screen.getByRole('button', { name: 'More' }));
  return { chosen, user };
}

const focused = () => document.activeElement?.textContent?.trim();
const isClosed = () => screen.queryByRole('menu') === null;

test('arrow keys, Home and End go around in the menu', async () => {
  const { user } = await opened();
  expect(focused()).toBe('InviteI');
  const path = [];
  for (const key of ['ArrowDown', 'ArrowUp', 'ArrowUp', 'ArrowDown', 'End', 'Home']) {
    await user.keyboard(`{${key}}`);
    path.push(focused());
  }
  expect(path).toEqual(['Full screen', 'InviteI', 'External', 'InviteI', 'External', 'InviteI']);
});

test('a letter goes to the next item that begins with it, and not to the shortcuts of the call', async () => {
  const { user } = await opened();
  const keys: string[] = [];
  document.addEventListener('keydown', ({ key }) => keys.push(key), { once: true });
  await user.keyboard('e');
  expect(focused()).toBe('External');
  expect(keys).toEqual([]);
});

test('a choice acts once, closes the menu, and gives the focus back', async () => {
  const { user, chosen } = await opened();
  await user.keyboard('{ArrowDown}{Enter}');
  expect(chosen).toEqual(['full']);
  expect(isClosed()).toBe(true);
  expect(focused()).toBe('More');
});

test.each(['{Escape}', '{Tab}'])('%s closes it without a choice', async (key) => {
  const { user, chosen } = await opened();
  await user.keyboard(key);
  expect(isClosed()).toBe(true);
  expect(chosen).toEqual([]);
  expect(focused()).toBe(key === '{Tab}' ? 'Elsewhere' : 'More');
});

test('a press elsewhere closes it, and so does a second one on its button', async () => {
  const { user } = await opened();
  await user.click(screen.getByRole('button', { name: 'Elsewhere' }));
  expect(isClosed()).toBe(true);
  await user.click(screen.getByRole('button', { name: 'More' }));
  expect(isClosed()).toBe(false);
  await user.click(screen.getByRole('button', { name: 'More' }));
  expect(isClosed()).toBe(true);
});

test('a screen reader reads what is on, and which of a group is chosen', async () => {
  await opened();
  expect(screen.getByRole('menuitemcheckbox', { name: 'Full screen', checked: true })).toBeTruthy();
  expect(screen.getByRole('group', { name: 'Camera' })).toBeTruthy();
  expect(screen.getByRole('menuitemradio', { name: 'External', checked: true })).toBeTruthy();
  expect(screen.getByRole('menuitem', { name: 'Invite' }).getAttribute('aria-keyshortcuts')).toBe('i');
});
