import { EyelineError } from '../errors.ts';
import { notify, Source, type Value } from '../value.ts';
import type { Phones } from './protocol.ts';
import type { MemberCommand } from './session.ts';

/** How a call to a phone goes. */
export interface PhoneCallStatus {
  /** Whom we call. */
  readonly user: string;
  /** `calling` until a phone rings; `answered` when somebody has picked up, and the phone connects. */
  readonly state: 'calling' | 'ringing' | 'answered' | 'ended';
  /**
   * Why it has `ended`: `unavailable` if there is no such user or none of their phones is online, `incompatible` if the
   * phone can't do what browsers need, `crowded` unless we are alone, `sealed` if the room has a secret, `too-many` if
   * phones were called too often, `not-allowed` if only hosts may call here.
   */
  readonly why?:
    | 'busy'
    | 'declined'
    | 'no-answer'
    | 'unavailable'
    | 'incompatible'
    | 'cancelled'
    | 'crowded'
    | 'sealed'
    | 'not-allowed'
    | 'too-many'
    | 'failed';
}

/** A phone has called the room and could not join. */
export interface RefusedPhone {
  /** The caller's name, as the phone gave it. */
  readonly name: string;
  /** `sealed` if the room has a secret; `crowded` if not exactly one person was in it. */
  readonly why: 'sealed' | 'crowded';
}

/**
 * Calls to phones, by SIP. A phone is one more {@link Peer} once it was answered, and talks to one other participant: we
 * must be alone in the room to call it. The server refuses it in rooms with a `secret`.
 */
export interface PhoneCalls {
  /** What the server can do with phones; null if it has no SIP. */
  readonly server: Value<Phones | null>;
  /** How the call goes that we began last; null before the first. */
  readonly current: Value<PhoneCallStatus | null>;
  /**
   * Calls all phones of `user`, the part before the `@` in an address of this server. Follow {@link current}. Throws an
   * `EyelineError` with code `unreachable` while the server is away.
   */
  call(user: string): void;
  /** Ends the call that we began last, if it still rings. Throws as {@link call}. */
  hangUp(): void;
  /** Calls `listener` when a phone has called the room and could not join. Returns a function that stops this. */
  onRefused(listener: (refused: RefusedPhone) => void): () => void;
}

/** The {@link PhoneCalls} of a room. */
export class RoomPhoneCalls implements PhoneCalls {
  readonly server = new Source<Phones | null>(null);
  readonly current = new Source<PhoneCallStatus | null>(null);
  /** Returns false if the server can't be told now. */
  readonly #command: (command: MemberCommand) => boolean;
  readonly #listeners = new Set<(refused: RefusedPhone) => void>();

  constructor(command: (command: MemberCommand) => boolean) {
    this.#command = command;
  }

  call(user: string): void {
    this.#send({ type: 'call-phone', user });
  }

  hangUp(): void {
    const { current } = this.current;
    if (current !== null && current.state !== 'ended') this.#send({ type: 'hang-up-phone', user: current.user });
  }

  onRefused(listener: (refused: RefusedPhone) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  refuse(refused: RefusedPhone): void {
    for (const listener of [...this.#listeners]) notify(listener, refused);
  }

  #send(command: MemberCommand): void {
    if (!this.#command(command)) throw new EyelineError('unreachable', 'The server is away.');
  }
}
