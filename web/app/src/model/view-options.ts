import { signal } from '@preact/signals';
import type { FullScreen, Platform } from '../platform/platform';
import { viewWords } from '../strings/view';
import type { Call } from './call';
import { DataSaver } from './data-saver';
import { PictureInPicture } from './picture-in-picture';
import type { Shortcut } from './shortcuts';

/** How you see the call: what the menu "More" and its keys can change. */
export class ViewOptions {
  readonly fullScreen: FullScreen | null;
  readonly pictureInPicture: PictureInPicture;
  readonly dataSaver: DataSaver;
  /** The list of shortcuts is open. */
  readonly listsShortcuts = signal(false);
  readonly shortcuts: readonly Shortcut[];
  readonly #call: Pick<Call, 'others' | 'stage' | 'notices' | 'isOn'>;

  constructor(platform: Platform, call: Call) {
    this.#call = call;
    this.fullScreen = platform.fullScreen;
    this.pictureInPicture = new PictureInPicture(platform, call);
    this.dataSaver = new DataSaver(call);
    this.shortcuts = [
      { key: '1-9', run: (key) => this.#pin(Number(key)), allowed: call.stage.pins },
      { key: 'o', run: () => this.pictureInPicture.toggle(), allowed: this.pictureInPicture.possible },
      { key: 'h', run: () => this.toggleSelfView() },
      ...(this.fullScreen === null ? [] : [{ key: 'z', run: () => this.toggleFullScreen() } as const]),
      { key: '?', run: () => this.listShortcuts(!this.listsShortcuts.peek()) },
    ];
  }

  /** Call it while a click or a key press runs: otherwise browsers refuse. */
  toggleFullScreen(): void {
    const { fullScreen } = this;
    void (fullScreen?.on.peek() === true ? fullScreen.exit() : fullScreen?.enter())?.catch(() => undefined);
  }

  toggleSelfView(): void {
    const { stage, notices } = this.#call;
    const shown = !stage.selfView.peek();
    stage.showSelf(shown);
    if (shown) notices.tell(viewWords.selfShown);
    else notices.show(viewWords.selfHidden(this.#call.isOn('camera')));
  }

  listShortcuts(open: boolean): void {
    this.listsShortcuts.value = open;
  }

  end(): void {
    this.pictureInPicture.end();
    this.dataSaver.end();
  }

  /** Pins the first of the others, the second, and so on. */
  #pin(place: number): void {
    const { others, stage, notices } = this.#call;
    const one = others.peek()[place - 1];
    if (one === undefined) return;
    stage.pin(one.id);
    const pinned = stage.pinned.peek();
    notices.tell(pinned === null ? viewWords.unpinned : viewWords.pinned(pinned.name));
  }
}
