import { continueSequenceAfter, newestSequence } from '../connection/sequence.ts';
import type { Ticket } from './session.ts';

const TICKET_KEY = 'eyeline:seat:';

/** Stores the seat so that this tab can resume it after a reload (sessionStorage); null deletes it. */
export function saveTicket(room: string, ticket: Ticket | null): void {
  try {
    if (ticket === null) sessionStorage.removeItem(TICKET_KEY + room);
    else sessionStorage.setItem(TICKET_KEY + room, JSON.stringify({ ...ticket, number: newestSequence() }));
  } catch {
    // Storage is disabled: after a reload the room has to be joined again.
  }
}

/** The seat that this tab had in the room before it was reloaded. Sequence numbers continue from there. */
export function loadTicket(room: string): Ticket | null {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(TICKET_KEY + room) ?? 'null');
    if (typeof value !== 'object' || value === null) return null;
    const { token, name, heard, number } = value as Record<string, unknown>;
    if (typeof token !== 'string' || typeof name !== 'string' || typeof heard !== 'number') return null;
    if (typeof number === 'number') continueSequenceAfter(number);
    return { token, name, heard };
  } catch {
    return null;
  }
}
