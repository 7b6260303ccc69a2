import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { alike } from './look-alike';
import type { Mismatches } from './mismatches';
import type { VerifiedPeople } from './verified-people';

export type Emoji = readonly (readonly [symbol: string, word: string])[];

/** What we know about whether this is really that person, with nobody in between. */
export type Standing =
  | { readonly is: 'comparing' }
  | { readonly is: 'failed' }
  /** The user says that the emoji don't match. Stays when either side comes back, until they want to compare again. */
  | { readonly is: 'mismatch'; readonly emoji: Emoji | null }
  | { readonly is: 'unverified'; readonly emoji: Emoji }
  /** In this call or, by their long-term key, in an earlier one. `as`: under another name than now; else null. */
  | { readonly is: 'verified'; readonly emoji: Emoji; readonly as: string | null }
  /** Somebody of this name was verified, with another key. `as`: this key was verified under that name; else null. */
  | { readonly is: 'changed'; readonly emoji: Emoji; readonly as: string | null };

/** Verification of one person by emoji (a short authentication string). */
export class Verification {
  readonly standing: ReadonlySignal<Standing>;
  /** You said that the emoji match, and we ask whether to forget the other key that was verified under this name. */
  readonly asksToReplace: ReadonlySignal<boolean>;
  readonly #safety: ReadonlySignal<sdk.Safety>;
  readonly #verified: VerifiedPeople;
  readonly #mismatches: Mismatches;
  readonly #name: string;
  /** The emoji that were confirmed to match, for people who show no long-term key. */
  readonly #matched = signal<Emoji | null>(null);
  /** The emoji about which we ask whether to replace a key. */
  readonly #asked = signal<Emoji | null>(null);
  /** You said so on this connection or one before, which may show no key yet. */
  readonly #mismatch = signal(false);
  readonly #changes = signal(0);

  constructor(safety: ReadonlySignal<sdk.Safety>, verified: VerifiedPeople, mismatches: Mismatches, name: string) {
    this.#safety = safety;
    this.#verified = verified;
    this.#mismatches = mismatches;
    this.#name = name;
    this.asksToReplace = computed(() => this.#asked.value !== null && this.#asked.value === emojiOf(safety.value));
    this.standing = computed(() => {
      this.#changes.value;
      return this.#judge(safety.value);
    });
  }

  /**
   * You have compared the emoji with the other person, and they match. If another key was verified under this name, it
   * is forgotten only with `replace`; without it we ask. Returns whether the person is verified now.
   */
  confirm(replace = false): boolean {
    const safety = this.#safety.peek();
    if (safety.state !== 'ready') return false;
    const { identity, emoji } = safety;
    const answered = replace && this.asksToReplace.peek(); // not about the emoji of an earlier connection
    const asks = !answered && identity !== null && this.#verified.contradicts(identity, this.#name);
    this.#asked.value = asks ? emoji : null;
    if (asks) return false;
    this.#matched.value = emoji;
    if (identity !== null) this.#verified.add(identity, this.#name);
    this.#changes.value += 1;
    return true;
  }

  /** You have compared the emoji with the other person, and they don't match. */
  reject(): void {
    this.revoke();
    this.#mismatch.value = true;
    this.#mismatches.add(identityOf(this.#safety.peek()), this.#name);
  }

  /** Takes {@link reject} back. */
  compareAgain(): void {
    this.#mismatch.value = false;
    this.#mismatches.remove(identityOf(this.#safety.peek()), this.#name);
  }

  /** The other key of this name stays verified, and this person unverified. */
  keepOther(): void {
    this.#asked.value = null;
  }

  /** Takes the confirmation back. */
  revoke(): void {
    const safety = this.#safety.peek();
    this.#matched.value = null;
    if (safety.state === 'ready' && safety.identity !== null) this.#verified.remove(safety.identity);
    this.#changes.value += 1;
  }

  #judge(safety: sdk.Safety): Standing {
    if (safety.state === 'failed') return { is: 'failed' };
    if (this.#mismatch.value || (safety.state === 'ready' && this.#mismatches.has(safety.identity, this.#name)))
      return { is: 'mismatch', emoji: emojiOf(safety) };
    if (safety.state !== 'ready') return { is: safety.state };
    const { emoji, identity } = safety;
    // People with a long-term key show it at once, so a missing one is not suspicious.
    const known = identity === null ? null : this.#verified.nameOf(identity);
    const as = known === null || alike(known, this.#name) ? null : known;
    if (identity !== null && this.#verified.contradicts(identity, this.#name)) return { is: 'changed', emoji, as };
    if (this.#matched.value === emoji || known !== null) return { is: 'verified', emoji, as };
    return { is: 'unverified', emoji };
  }
}

function identityOf(safety: sdk.Safety): string | null {
  return safety.state === 'ready' ? safety.identity : null;
}

function emojiOf(safety: sdk.Safety): Emoji | null {
  return safety.state === 'ready' ? safety.emoji : null;
}
