import type * as sdk from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import { lazy } from '../../platform/lazy';
import type { Platform } from '../../platform/platform';
import { hasCode, report } from '../page-error';
import { hidesAddress } from '../start/lobby';
import { Subscriptions } from '../subscriptions';

const wordsPart = lazy(() => import('./spoken-words'));

/** Seconds for which the words lead to the call. */
const lasts = 600;

export type SpokenState =
  | { readonly is: 'preparing' }
  /** `until` in milliseconds since 1970; `taken` is how many people have got the link by now. */
  | { readonly is: 'open'; readonly words: readonly string[]; readonly until: number; readonly taken: number }
  | { readonly is: 'failed'; readonly code: string }
  /** The time is up. */
  | { readonly is: 'over' };

/**
 * Five words to say instead of the link. For ten minutes we wait in a room whose name and key come from the words, and
 * hand the link to everybody who comes: over a data channel, so that somebody who finds the words later has nothing.
 */
export class SpokenInvitation {
  readonly state: ReadonlySignal<SpokenState>;
  readonly #state = signal<SpokenState>({ is: 'preparing' });
  readonly #platform: Platform;
  /** What is handed over: the path of the call below the server's base URL, with its fragment. */
  readonly #path: string;
  readonly #abort = new AbortController();
  readonly #subscriptions = new Subscriptions();
  /** Ids of the people who are there, and have been sent the link. */
  #met: ReadonlySet<string> = new Set();

  constructor(platform: Platform, path: string) {
    this.#platform = platform;
    this.#path = path;
    this.state = this.#state;
    void wordsPart().then(
      (part) => this.#open(part).catch((error: unknown) => this.#fail(error)),
      () => this.#finish({ is: 'failed', code: 'unreachable' }),
    );
  }

  /** From now on the words lead nowhere. */
  stop(): void {
    this.#finish({ is: 'over' });
  }

  /** The call is over. */
  end(): void {
    this.#abort.abort();
    this.#subscriptions.end();
  }

  async #open({ newWords, rendezvousOf }: typeof import('./spoken-words')): Promise<void> {
    const { sdk, random, url, after, now } = this.#platform;
    const words = newWords(random);
    const { room, key: secret } = await rendezvousOf(words, url);
    const { signal: aborted } = this.#abort;
    if (aborted.aborted) return;
    const lobby = sdk.openLobby({ url, room, secret, relayOnly: hidesAddress(this.#platform) });
    this.#subscriptions.add(() => lobby.leave());
    const joined = await lobby.join({ name: 'Host', signal: aborted });
    this.#state.value = { is: 'open', words, until: now() + lasts * 1000, taken: 0 };
    this.#subscriptions.add(after(lasts, () => this.stop()));
    this.#subscriptions.on(joined.peers, (peers) => this.#meet(peers));
    this.#subscriptions.on(joined.ended, (why) => why !== null && this.#finish({ is: 'failed', code: why.code }));
    this.#subscriptions.add(() => joined.leave());
  }

  #meet(peers: readonly sdk.Peer[]): void {
    const newcomers = peers.filter(({ id }) => !this.#met.has(id));
    this.#met = new Set(peers.map(({ id }) => id));
    for (const peer of newcomers) {
      void peer.send({ kind: 'invitation', path: this.#path }).then(
        () => this.#handedOver(),
        () => {}, // they are gone
      );
    }
  }

  #handedOver(): void {
    const state = this.#state.peek();
    if (state.is === 'open') this.#state.value = { ...state, taken: state.taken + 1 };
  }

  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    if (!hasCode(error)) report(error);
    this.#finish({ is: 'failed', code: hasCode(error) ? error.code : 'page-error' });
  }

  #finish(state: SpokenState): void {
    this.end();
    this.#state.value = state;
  }
}
