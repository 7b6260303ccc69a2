import type { IconNode } from 'lucide';
import type { ComponentChildren, Ref } from 'preact';
import { Icon } from './icon';

interface Props {
  readonly name: string;
  readonly icon: IconNode;
  readonly onClick: (event: MouseEvent) => void;
  readonly shortcut?: string;
  /** The device is off: the button is inverted. */
  readonly off?: boolean;
  readonly pressed?: boolean;
  /** It has a menu: whether that is open. */
  readonly open?: boolean;
  /** Shown only where the bar has room for it; else its action is in the menu "More". */
  readonly wide?: boolean;
  /** It is active, and its name says what ends it. */
  readonly on?: boolean;
  readonly kind?: 'leave' | 'microphone';
  readonly description?: string;
  readonly buttonRef?: Ref<HTMLButtonElement>;
  readonly children?: ComponentChildren;
}

/** A round button with an icon, a name, and a tooltip with the name and its key. */
export function RoundButton(props: Props) {
  const { name, icon, shortcut, off = false, pressed, open, on, kind, description, buttonRef } = props;
  return (
    <button
      ref={buttonRef ?? null}
      type="button"
      class={props.wide === true ? 'round bar-wide' : 'round'}
      data-off={off}
      data-on={on}
      data-kind={kind}
      aria-label={name}
      aria-pressed={pressed}
      aria-haspopup={open === undefined ? undefined : 'menu'}
      aria-expanded={open}
      aria-description={description}
      aria-keyshortcuts={shortcut}
      onClick={props.onClick}
    >
      <Icon node={icon} />
      {props.children}
      <span class="tip" aria-hidden="true">
        {name}
        {shortcut !== undefined && <kbd>{shortcut.toUpperCase()}</kbd>}
      </span>
    </button>
  );
}
