import { Source, type Value } from '../value.ts';
import type { Knock, Rules } from './protocol.ts';
import type { ModerationMessage } from './session.ts';

export type Role = 'host' | 'co-host' | 'member';

/** What hosts have decided, and what they can do. The broker says no to who is none. */
export interface Moderation {
  /** What we are. */
  readonly role: Value<Role>;
  readonly rules: Value<Required<Rules>>;
  /** Who waits at the door, first come first; an empty name is of somebody without the key. For hosts and co-hosts. */
  readonly knocks: Value<readonly Knock[]>;
  /** For hosts: sets what is named, and leaves the rest as it is. */
  setRules(rules: Rules): void;
  admit(knock: Knock): void;
  deny(knock: Knock): void;
  /** Takes somebody out, by their id; newcomers knock from then on. */
  remove(id: string): void;
  setRole(id: string, role: 'co-host' | 'member'): void;
  askToMute(id: string): void;
  /** Ends the call for all. */
  end(): void;
  /** Calls `listener` when a host asks us to mute, with their id. */
  onAskedToMute(listener: (from: string) => void): () => void;
}

const OPEN: Required<Rules> = { entry: 'open', files: true, history: true, screens: true };

export class RoomModeration implements Moderation {
  readonly role = new Source<Role>('member');
  readonly rules = new Source<Required<Rules>>(OPEN);
  readonly knocks = new Source<readonly Knock[]>([]);
  readonly #send: (order: ModerationMessage) => void;
  readonly #listeners = new Set<(from: string) => void>();

  constructor(order: (order: ModerationMessage) => void) {
    this.#send = order;
  }

  setRules(rules: Rules): void {
    this.#send({ type: 'govern', rules: { ...this.rules.current, ...rules } });
  }

  admit({ id }: Knock): void {
    this.#send({ type: 'admit', knock: id });
  }

  deny({ id }: Knock): void {
    this.#send({ type: 'deny', knock: id });
  }

  remove(peer: string): void {
    this.#send({ type: 'remove', peer });
  }

  setRole(peer: string, role: 'co-host' | 'member'): void {
    this.#send({ type: 'appoint', peer, role });
  }

  askToMute(peer: string): void {
    this.#send({ type: 'ask-mute', peer });
  }

  end(): void {
    this.#send({ type: 'end' });
  }

  onAskedToMute(listener: (from: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The newest of the roster. */
  learn(role: Role, rules: Rules | undefined): void {
    this.role.set(role);
    const now = { ...OPEN, ...rules };
    if (JSON.stringify(now) !== JSON.stringify(this.rules.current)) this.rules.set(now);
    if (role === 'member') this.knocks.set([]);
  }

  asked(from: string): void {
    for (const listener of [...this.#listeners]) listener(from);
  }
}
