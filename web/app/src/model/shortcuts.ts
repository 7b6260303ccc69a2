import type { ReadonlySignal } from '@preact/signals';
import type { shortcutWords } from '../strings/view';

/** A key that does something in a call while nobody is typing. */
export interface Shortcut {
  readonly key: keyof typeof shortcutWords;
  readonly run: (pressed: string) => unknown;
  /** Whether it does something now; always if left out. */
  readonly allowed?: ReadonlySignal<boolean>;
}

/** Whether a pressed key means this one. */
export function isFor({ key }: Shortcut, pressed: string): boolean {
  return key === pressed || (key === '1-9' && /^[1-9]$/.test(pressed));
}

export function isAllowed({ allowed }: Shortcut): boolean {
  return allowed?.value !== false;
}
