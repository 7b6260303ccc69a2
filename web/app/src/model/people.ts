import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal } from '@preact/signals';
import { shownName } from './name';
import type { Subscriptions } from './subscriptions';

/** Somebody at the door. */
export interface Knocking {
  readonly knock: sdk.Knock;
  /** Empty for somebody without the key of the link, whose name can't be read. */
  readonly name: string;
}

/** Who is host, who waits, and what hosts do about both. */
export class People {
  readonly role: ReadonlySignal<sdk.Role>;
  readonly entry: ReadonlySignal<'open' | 'knock' | 'locked'>;
  readonly allowsFiles: ReadonlySignal<boolean>;
  readonly allowsHistory: ReadonlySignal<boolean>;
  readonly allowsScreens: ReadonlySignal<boolean>;
  readonly knocking: ReadonlySignal<readonly Knocking[]>;
  /** Whether we may say who enters. */
  readonly keepsDoor: ReadonlySignal<boolean>;
  /** The link that makes whoever opens it a host; null where we don't have it. */
  readonly hostLink: string | null;
  readonly #hosting: sdk.Hosting;
  /** It was us who ended the call for all. */
  ended = false;

  constructor(hosting: sdk.Hosting, subscriptions: Subscriptions, hostLink: string | null) {
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
    this.#hosting.govern({ entry });
  }

  allowFiles(files: boolean): void {
    this.#hosting.govern({ files });
  }

  allowHistory(history: boolean): void {
    this.#hosting.govern({ history });
  }

  allowScreens(screens: boolean): void {
    this.#hosting.govern({ screens });
  }

  appoint(id: string, role: 'co-host' | 'member'): void {
    this.#hosting.appoint(id, role);
  }

  askToMute(id: string): void {
    this.#hosting.askToMute(id);
  }

  remove(id: string): void {
    this.#hosting.remove(id);
  }

  endForAll(): void {
    this.ended = true;
    this.#hosting.end();
  }
}
