import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { VerifiedPeople } from './verified-people';

export type Emoji = readonly (readonly [symbol: string, word: string])[];

/** What we know of whether this is really that person, with nobody in between. */
export type Standing =
  | { readonly is: 'comparing' }
  | { readonly is: 'failed' }
  | { readonly is: 'unverified'; readonly emoji: Emoji }
  /** In this call or, by their long-term key, in an earlier one. */
  | { readonly is: 'verified'; readonly emoji: Emoji }
  /** Somebody of this name was verified, with another key. */
  | { readonly is: 'changed'; readonly emoji: Emoji };

/** Verification of one person by emoji (a short authentication string). */
export class Verification {
  readonly standing: ReadonlySignal<Standing>;
  readonly #safety: ReadonlySignal<sdk.Safety>;
  readonly #verified: VerifiedPeople;
  readonly #name: string;
  /** The emoji that were confirmed to match, for people who show no long-term key. */
  readonly #matched = signal<Emoji | null>(null);
  readonly #changes = signal(0);

  constructor(safety: ReadonlySignal<sdk.Safety>, verified: VerifiedPeople, name: string) {
    this.#safety = safety;
    this.#verified = verified;
    this.#name = name;
    this.standing = computed(() => {
      this.#changes.value;
      return this.#judge(safety.value);
    });
  }

  /** You have compared the emoji with the other person, and they match. */
  confirm(): void {
    const safety = this.#safety.peek();
    if (safety.state !== 'ready') return;
    this.#matched.value = safety.emoji;
    if (safety.identity !== null) this.#verified.add(safety.identity, this.#name);
    this.#changes.value += 1;
  }

  /** Takes the confirmation back. */
  revoke(): void {
    const safety = this.#safety.peek();
    this.#matched.value = null;
    if (safety.state === 'ready' && safety.identity !== null) this.#verified.remove(safety.identity);
    this.#changes.value += 1;
  }

  #judge(safety: sdk.Safety): Standing {
    if (safety.state !== 'ready') return { is: safety.state };
    const { emoji, identity } = safety;
    if (this.#matched.value === emoji || (identity !== null && this.#verified.has(identity)))
      return { is: 'verified', emoji };
    // People with a long-term key show it at once, so a missing one is not suspicious.
    if (identity !== null && this.#verified.contradicts(identity, this.#name)) return { is: 'changed', emoji };
    return { is: 'unverified', emoji };
  }
}
