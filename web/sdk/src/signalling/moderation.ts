import { EyelineError } from '../errors.ts';
import { notify, Source, type Value } from '../value.ts';
import type { Knock, Rules } from './protocol.ts';
import type { ModerationMessage } from './session.ts';

/** A member's role. Hosts can do everything below, co-hosts can admit, deny, remove members and ask to mute. */
export type Role = 'host' | 'co-host' | 'member';

/**
 * Moderation: the rules that hosts have set, and what hosts can do. Without the role, a call does nothing. While it is
 * not {@link available}, nothing is sent, now or later, and each of these calls throws an `EyelineError` with the code
 * `unreachable`.
 */
export interface Moderation {
  /** Whether the server can be told: false while it is away, and until we have our seat back. */
  readonly available: Value<boolean>;
  /** Our own role. */
  readonly role: Value<Role>;
  /** The rules in force. */
  readonly rules: Value<Required<Rules>>;
  /**
   * Who waits to be admitted, in order; an empty name is somebody without our secret. Empty unless we are (co-)host.
   */
  readonly knocks: Value<readonly Knock[]>;
  /** Sets the rules that are given, and leaves the others. For hosts. */
  setRules(rules: Rules): void;
  /** Admits somebody who is waiting. For hosts and co-hosts. */
  admit(knock: Knock): void;
  /** Turns away somebody who is waiting. For hosts and co-hosts. */
  deny(knock: Knock): void;
  /** Removes the member with that id. From then on newcomers have to knock. For hosts, and co-hosts for members. */
  remove(id: string): void;
  /** Makes a member co-host, or takes that back. For hosts. */
  setRole(id: string, role: 'co-host' | 'member'): void;
  /** Asks a member to mute; it is up to them. For hosts and co-hosts. */
  askToMute(id: string): void;
  /** Ends the call for everyone. For hosts. */
  end(): void;
  /** Calls `listener` with the id of each host who asks us to mute. Returns a function that stops this. */
  onAskedToMute(listener: (from: string) => void): () => void;
}

const OPEN: Required<Rules> = { entry: 'open', files: true, history: true, screens: true };

export class RoomModeration implements Moderation {
  readonly available = new Source(true);
  readonly role = new Source<Role>('member');
  readonly rules = new Source<Required<Rules>>(OPEN);
  readonly knocks = new Source<readonly Knock[]>([]);
  /** Returns false if the server can't be told now. */
  readonly #order: (order: ModerationMessage) => boolean;
  readonly #listeners = new Set<(from: string) => void>();

  constructor(order: (order: ModerationMessage) => boolean) {
    this.#order = order;
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

  /** What the newest roster says. */
  update(role: Role, rules: Rules | undefined): void {
    this.role.set(role);
    const now = { ...OPEN, ...rules };
    if (JSON.stringify(now) !== JSON.stringify(this.rules.current)) this.rules.set(now);
    if (role === 'member') this.knocks.set([]);
  }

  askedToMute(from: string): void {
    for (const listener of [...this.#listeners]) notify(listener, from);
  }

  #send(order: ModerationMessage): void {
    if (!this.#order(order)) throw new EyelineError('unreachable', 'The server is away: nothing was changed.');
  }
}
