import type { IconNode } from 'lucide';
import { Check } from 'lucide';
import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icon';
import { placeMenu } from './menu-place';

interface MenuProps {
  readonly label: string;
  /** The button that opens the menu. It gets the focus back. */
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * A menu beside the button that opened it (the menu button pattern of WAI-ARIA). Arrow keys, Home, End and first letters
 * move in it. It closes after a choice, on Escape and Tab, and when somebody presses elsewhere.
 */
export function Menu({ label, anchor, onClose, children }: MenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = menu.current;
    if (element === null) return undefined;
    const place = () => placeBeside(element, anchor.current);
    element.showPopover?.(); // over everything else, in browsers that have popovers
    place();
    itemsOf(element)[0]?.focus({ preventScroll: true });
    window.addEventListener('resize', place);
    return () => {
      window.removeEventListener('resize', place);
      const { activeElement } = document;
      if (activeElement === document.body || element.contains(activeElement)) anchor.current?.focus();
    };
  }, [anchor]);
  useLayoutEffect(() => {
    const press = ({ target }: Event) => {
      const inside = target instanceof Node && (menu.current?.contains(target) || anchor.current?.contains(target));
      if (!inside) onClose();
    };
    document.addEventListener('pointerdown', press, true);
    return () => document.removeEventListener('pointerdown', press, true);
  }, [anchor, onClose]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // letters choose an item here
    const items = itemsOf(menu.current);
    const next = itemAfter(event.key, items);
    if (next !== undefined) {
      event.preventDefault();
      next.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      anchor.current?.focus();
      onClose();
    }
  };
  const isChoice = ({ target }: Event) => target instanceof Element && target.closest(choice) !== null;
  return (
    <div
      ref={menu}
      class="menu"
      role="menu"
      aria-label={label}
      popover="manual"
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onClickCapture={(event) => {
        if (isChoice(event)) anchor.current?.focus(); // before the item acts: what it opens gives the focus back to there
      }}
      onClick={(event) => {
        if (isChoice(event)) onClose();
      }}
    >
      {children}
    </div>
  );
}

const selector = '[role^="menuitem"]';

/** An item that does something. */
const choice = `${selector}:not([aria-disabled="true"])`;

/** The items that can be seen. */
function itemsOf(menu: HTMLElement | null): readonly HTMLElement[] {
  const items = [...(menu?.querySelectorAll<HTMLElement>(selector) ?? [])];
  return items.filter((item) => getComputedStyle(item).display !== 'none');
}

/** The item that this key moves to, or undefined if it isn't a key that moves. */
function itemAfter(key: string, items: readonly HTMLElement[]): HTMLElement | undefined {
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (key === 'ArrowDown') return items[(at + 1) % items.length];
  if (key === 'ArrowUp') return items.at(at < 0 ? -1 : at - 1);
  if (key === 'Home') return items[0];
  if (key === 'End') return items.at(-1);
  if (key.length !== 1 || key === ' ') return undefined;
  const later = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return later.find((item) => item.textContent.trim().toLowerCase().startsWith(key.toLowerCase()));
}

function placeBeside(menu: HTMLElement, anchor: HTMLElement | null): void {
  if (anchor === null) return;
  const { x, y, width, height } = anchor.getBoundingClientRect();
  const size = { width: menu.offsetWidth, height: menu.scrollHeight + menu.offsetHeight - menu.clientHeight };
  const viewport = { width: document.documentElement.clientWidth, height: document.documentElement.clientHeight };
  const place = placeMenu({ x, y, width, height }, size, viewport);
  Object.assign(menu.style, { left: `${place.x}px`, top: `${place.y}px`, maxHeight: `${place.height}px` });
}

interface ItemProps {
  readonly icon?: IconNode;
  readonly words: string;
  /** The key that does the same. */
  readonly shortcut?: string;
  /** Shown only where the bar has no room for its button. */
  readonly narrow?: boolean;
  /** It's there, and does nothing now. */
  readonly disabled?: boolean;
  readonly onChoose: () => void;
}

/** One thing to do. */
export function MenuItem(props: ItemProps) {
  return <Item {...props} role="menuitem" />;
}

/** Something that is on or off. */
export function MenuCheck({ checked, ...props }: ItemProps & { readonly checked: boolean }) {
  return <Item {...props} role="menuitemcheckbox" checked={checked} />;
}

/** One of several, in a {@link MenuGroup}. */
export function MenuRadio({ checked, ...props }: ItemProps & { readonly checked: boolean }) {
  return <Item {...props} role="menuitemradio" checked={checked} />;
}

/** Items that belong together, under a heading. */
export function MenuGroup({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <fieldset class="menu-group">
      <legend class="menu-heading">{label}</legend>
      {children}
    </fieldset>
  );
}

interface AnyItemProps extends ItemProps {
  readonly role: 'menuitem' | 'menuitemcheckbox' | 'menuitemradio';
  readonly checked?: boolean;
}

function Item({ role, checked, icon, words, shortcut, narrow, disabled, onChoose }: AnyItemProps) {
  const semantics = { role, 'aria-checked': checked } as const;
  return (
    <button
      type="button"
      class={narrow === true ? 'menu-item bar-narrow' : 'menu-item'}
      {...semantics}
      aria-disabled={disabled}
      aria-keyshortcuts={shortcut}
      tabIndex={-1}
      onClick={disabled === true ? undefined : onChoose}
    >
      {icon !== undefined && <Icon node={icon} size={20} />}
      <span class="menu-words">{words}</span>
      {checked === true && <Icon node={Check} size={18} />}
      {shortcut !== undefined && (
        <span class="menu-key" aria-hidden="true">
          {shortcut.toUpperCase()}
        </span>
      )}
    </button>
  );
}
