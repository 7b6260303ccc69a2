import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import type { Operator, Platform } from '../platform/platform';
import { words } from '../strings/strings';
import { RoomPage } from './room-page';
import { repairLink } from './start/link-fragment';
import { newCallPath } from './start/new-call';
import { homePath, readRoute, testPath } from './start/route';

export type Page =
  /** The models of these pages are loaded together with their views. */
  | { readonly at: 'home' | 'test' | BadLink; readonly platform: Platform }
  | { readonly at: 'room'; readonly roomPage: RoomPage };

/**
 * Why no call can come of a link. `insecure`: it has a key, and the page did not come over HTTPS. `no-webrtc`: the
 * browser has none.
 */
export type BadLink = 'bad-room' | 'bad-key' | 'insecure' | 'no-webrtc' | 'nowhere';

/** The whole page, chosen by the address. */
export class App {
  readonly page: ReadonlySignal<Page>;
  readonly title: ReadonlySignal<string>;
  readonly home: string;
  readonly testPage: string;
  readonly operator: Operator | null;
  readonly #platform: Platform;
  readonly #stop: () => void;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.home = platform.url;
    this.operator = platform.operator;
    this.testPage = new URL(testPath, platform.url).href;
    const page = signal<Page>({ at: 'nowhere', platform });
    this.page = page;
    this.#stop = effect(() => {
      const path = platform.address.path.value;
      untracked(() => {
        end(page.peek());
        page.value = open(platform, path);
      });
    });
    this.title = computed(() => titleOf(this.page.value));
  }

  goHome(): void {
    this.#platform.address.go(homePath);
  }

  goToTest(): void {
    this.#platform.address.go(testPath);
  }

  async newCall(): Promise<void> {
    this.#platform.address.go(await newCallPath(this.#platform));
  }

  end(): void {
    this.#stop();
    end(this.page.peek());
  }
}

function open(platform: Platform, path: string): Page {
  const link = repairLink(path);
  const route = readRoute(link);
  // A key that came as a part of the path would be sent to the server again by a reload.
  if (link !== path && (route.at === 'room' || route.at === 'bad-key')) platform.address.rename(link);
  if (route.at !== 'room') return { at: route.at, platform };
  if (!platform.webrtc) return { at: 'no-webrtc', platform };
  if (route.key !== null && !platform.secure) return { at: 'insecure', platform };
  return { at: 'room', roomPage: new RoomPage(platform, route) };
}

function end(page: Page): void {
  if (page.at === 'room') page.roomPage.end();
}

function titleOf(page: Page): string {
  if (page.at === 'home') return words.title.home;
  if (page.at === 'test') return words.title.test;
  if (page.at !== 'room') return words.title.badLink(page.at);
  const place = page.roomPage.state.value;
  if (place.at === 'returning') return words.title.returning;
  if (place.at === 'lobby') return words.title.lobby;
  if (place.at === 'over') return words.title.over(place.code);
  const { others, lazy } = place.call;
  const headline = lazy.attention.value?.headline.value ?? words.title.people(others.value.map((one) => one.name));
  return words.title.call(headline, lazy.chat.value?.unread.value ?? 0);
}
