import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal } from '@preact/signals';
import { shownName } from './name';
import { hasCode } from './page-error';
import type { Subscriptions } from './subscriptions';

/** Somebody who waits to be let in. */
export interface Knocking {
  readonly knock: sdk.Knock;
  /** Empty for somebody without the key in the link: their name can't be decrypted. */
  readonly name: string;
}

/**
 * Roles, the waiting room, and the rules of the room that hosts can change. What returns a boolean returns whether the
 * server was told.
 */
export class People {
  readonly role: ReadonlySignal<sdk.Role>;
  /** The server can't be told now: what hosts do has no effect. */
  readonly away: ReadonlySignal<boolean>;
  readonly entry: ReadonlySignal<'open' | 'knock' | 'locked'>;
  readonly allowsFiles: ReadonlySignal<boolean>;
  readonly allowsHistory: ReadonlySignal<boolean>;
  readonly allowsScreens: ReadonlySignal<boolean>;
  readonly knocking: ReadonlySignal<readonly Knocking[]>;
  /** Whether we may let people in: we are host or co-host. */
  readonly keepsDoor: ReadonlySignal<boolean>;
  /** The link that makes anyone who opens it a host; null if we don't have it. */
  readonly hostLink: string | null;
  readonly #hosting: sdk.Moderation;
  /** We ended the call for everyone. */
  ended = false;

  constructor(hosting: sdk.Moderation, subscriptions: Subscriptions, hostLink: string | null) {
    this.#hosting = hosting;
    this.hostLink = hostLink;
    this.role = subscriptions.signal(hosting.role);
    const available = subscriptions.signal(hosting.available);
    this.away = computed(() => !available.value);
    const rules = subscriptions.signal(hosting.rules);
    this.entry = computed(() => rules.value.entry);
    this.allowsFiles = computed(() => rules.value.files);
    this.allowsHistory = computed(() => rules.value.history);
    this.allowsScreens = computed(() => rules.value.screens);
    const knocks = subscriptions.signal(hosting.knocks);
    this.knocking = computed(() => knocks.value.map((knock) => ({ knock, name: shownName(knock.name) })));
    this.keepsDoor = computed(() => this.role.value !== 'member');
  }

  admit({ knock }: Knocking): void {
    tell(() => this.#hosting.admit(knock));
  }

  deny({ knock }: Knocking): void {
    tell(() => this.#hosting.deny(knock));
  }

  letIn(entry: 'open' | 'knock' | 'locked'): boolean {
    return tell(() => this.#hosting.setRules({ entry }));
  }

  allowFiles(files: boolean): boolean {
    return tell(() => this.#hosting.setRules({ files }));
  }

  allowHistory(history: boolean): boolean {
    return tell(() => this.#hosting.setRules({ history }));
  }

  allowScreens(screens: boolean): boolean {
    return tell(() => this.#hosting.setRules({ screens }));
  }

  appoint(id: string, role: 'co-host' | 'member'): void {
    tell(() => this.#hosting.setRole(id, role));
  }

  askToMute(id: string): boolean {
    return tell(() => this.#hosting.askToMute(id));
  }

  /** Whether we may remove somebody with this role. */
  mayRemove(role: sdk.Role): boolean {
    const mine = this.role.value;
    return role !== 'host' && (mine === 'host' || (mine === 'co-host' && role === 'member'));
  }

  remove(id: string): void {
    tell(() => this.#hosting.remove(id));
  }

  endForAll(): void {
    this.ended = tell(() => this.#hosting.end());
  }
}

/** Returns whether the server was told: it may go away just before the page shows that. */
function tell(order: () => void): boolean {
  try {
    order();
    return true;
  } catch (error) {
    if (!hasCode(error)) throw error;
    return false;
  }
}
