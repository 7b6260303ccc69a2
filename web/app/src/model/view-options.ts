import { signal } from '@preact/signals';
import type { FullScreen, Platform } from '../platform/platform';
import type { Shortcut } from './shortcuts';

/** How you see the call: what the menu "More" can change. */
export class ViewOptions {
  readonly fullScreen: FullScreen | null;
  /** The list of shortcuts is open. */
  readonly listsShortcuts = signal(false);
  readonly shortcuts: readonly Shortcut[];

  constructor(platform: Platform) {
    this.fullScreen = platform.fullScreen;
    this.shortcuts = [
      ...(this.fullScreen === null ? [] : [{ key: 'z', run: () => this.toggleFullScreen() } as const]),
      { key: '?', run: () => this.listShortcuts(!this.listsShortcuts.peek()) },
    ];
  }

  /** Call it while a click or a key press runs: otherwise browsers refuse. */
  toggleFullScreen(): void {
    const { fullScreen } = this;
    void (fullScreen?.on.peek() === true ? fullScreen.exit() : fullScreen?.enter())?.catch(() => undefined);
  }

  listShortcuts(open: boolean): void {
    this.listsShortcuts.value = open;
  }
}
