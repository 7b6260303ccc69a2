/** One client's session for tests: Alice, as far as they want her. */

import type { Code, FromBroker, Joined, Signal, ToBroker } from '../src/signalling/protocol.ts';
import { Session, type SessionEffect, type SignallingEvent } from '../src/signalling/session.ts';

export const HELLO: ToBroker = { type: 'hello', room: 'tea' };
export const JOIN: ToBroker = { type: 'join', name: 'Alice' };

export function joined(more: Partial<Joined> = {}): Joined {
  const members = [{ id: 'alice-0001', name: 'Alice', order: 1 }];
  const roster = { type: 'roster', version: 1, members, complete: true } as const;
  return {
    type: 'joined',
    you: 'alice-0001',
    roster,
    iceServers: [],
    resume: 't',
    seatSeconds: 30,
    heard: 0,
    gap: false,
    ...more,
  };
}

export function refused(code: Code): FromBroker {
  return { type: 'refused', code, message: code };
}

export function signal(n: number): Signal {
  return { type: 'signal', to: 'bob-0001', n, data: `word ${n}` };
}

export function sent(effects: readonly SessionEffect[] | null): ToBroker[] {
  return (effects ?? []).flatMap((effect) => (effect.do === 'send' ? [effect.message] : []));
}

export function told(effects: readonly SessionEffect[]): SignallingEvent[] {
  return effects.flatMap((effect) => (effect.do === 'emit' ? [effect.event] : []));
}

/** Alice in the lobby of the room, at second 0. */
export function visiting(): Session {
  const session = new Session('tea');
  session.start(0);
  session.opened(0);
  return session;
}

/** Alice with a seat, at second 0. */
export function seated(): Session {
  const session = visiting();
  session.join('Alice');
  session.receive(joined(), 0);
  return session;
}

/** Says `word 1`, `word 2` ... to Bob, and gives what was sent. */
export function speak(session: Session, words: number): ToBroker[] {
  return Array.from({ length: words }, (_, n) => sent(session.signal('bob-0001', `word ${n + 1}`))).flat();
}

/** Closes the socket and opens the next; returns what it sends first. */
export function reopen(session: Session, now: number): ToBroker[] {
  session.closed(now, 0.5);
  session.checkConnection(now);
  return sent(session.opened(now));
}
