import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal } from '@preact/signals';
import { shownName } from './name';
import type { Subscriptions } from './subscriptions';

/** Somebody who waits to be let in. */
export interface Knocking {
  readonly knock: sdk.Knock;
  /** Empty for somebody without the key in the link: their name can't be decrypted. */
  readonly name: string;
}

/** Roles, the waiting room, and the rules of the room that hosts can change. */
export class People {
  readonly role: ReadonlySignal<sdk.Role>;
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
    this.#hosting.admit(knock);
  }

  deny({ knock }: Knocking): void {
    this.#hosting.deny(knock);
  }

  letIn(entry: 'open' | 'knock' | 'locked'): void {
    this.#hosting.setRules({ entry });
  }

  allowFiles(files: boolean): void {
    this.#hosting.setRules({ files });
  }

  allowHistory(history: boolean): void {
    this.#hosting.setRules({ history });
  }

  allowScreens(screens: boolean): void {
    this.#hosting.setRules({ screens });
  }

  appoint(id: string, role: 'co-host' | 'member'): void {
    this.#hosting.setRole(id, role);
  }

  askToMute(id: string): void {
    this.#hosting.askToMute(id);
  }

  /** Whether we may remove somebody with this role. */
  mayRemove(role: sdk.Role): boolean {
    const mine = this.role.value;
    return role !== 'host' && (mine === 'host' || (mine === 'co-host' && role === 'member'));
  }

  remove(id: string): void {
    this.#hosting.remove(id);
  }

  endForAll(): void {
    this.ended = true;
    this.#hosting.end();
  }
}
