import type { ReadonlySignal } from '@preact/signals';
import type { shortcutWords } from '../strings/view';

/** A key that does something in a call while nobody is typing. */
export interface Shortcut {
  readonly key: keyof typeof shortcutWords;
  readonly run: () => unknown;
  /** Whether it does something now; always if left out. */
  readonly allowed?: ReadonlySignal<boolean>;
}

export function isAllowed({ allowed }: Shortcut): boolean {
  return allowed?.value !== false;
}
