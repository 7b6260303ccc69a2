import { NEGOTIATION, type NegotiationEvent, type NegotiationState } from './negotiation-table.ts';

/** Candidates that may wait for their description; more are dropped. */
const CANDIDATES_HELD = 64;

/** Replaced descriptions whose late candidates are dropped. A candidate of an earlier one waits for nothing. */
const OLD_UFRAGS_KEPT = 16;

/** An offer or answer on its way; an answer repeats the number of its offer. */
export interface SignalledDescription {
  readonly kind: 'offer' | 'answer';
  readonly number: number;
  readonly ufrag: string;
  readonly sdp: string;
}

/** A candidate on its way; `ufrag` names the description that it belongs to. */
export interface SignalledCandidate {
  readonly ufrag: string;
  readonly candidate: string;
  readonly mid: string | null;
}

export type NegotiationEffect =
  /** Make an offer (or answer) and set it as the local description; then `done`. */
  | { readonly do: 'make-offer' | 'make-answer' }
  /** Set this as the remote description, rolling back a local offer; then `done`. */
  | { readonly do: 'take'; readonly description: SignalledDescription }
  /** Send the local description under this number. */
  | { readonly do: 'send'; readonly kind: 'offer' | 'answer'; readonly number: number }
  /** Add this remote candidate. */
  | { readonly do: 'add'; readonly candidate: SignalledCandidate };

/**
 * Perfect negotiation (W3C WebRTC, 10.7) for one side of one connection: a pure machine that handles glare between the
 * polite and the impolite peer, and renegotiation. The table comes from the server, see docs/protocol.md.
 *
 * After each of `make-offer`, `make-answer` and `take` the caller calls `done`; if one fails, neither the connection
 * nor this machine can be used any more. A rolled back offer is not made again here: browsers fire `negotiationneeded`
 * again.
 */
export class Negotiation {
  readonly #polite: boolean;
  #state: NegotiationState = 'stable';
  /** Number of our newest offer. */
  #number = 0;
  /** Number of the newest offer taken. */
  #answered = 0;
  #taking: SignalledDescription | null = null;
  #held: SignalledDescription | null = null;
  #again = false;
  /** ICE ufrag of the current remote description. */
  #ufrag: string | null = null;
  #oldUfrags: (string | null)[] = [];
  #waiting: SignalledCandidate[] = [];

  constructor(polite: boolean) {
    this.#polite = polite;
  }

  get state(): NegotiationState {
    return this.#state;
  }

  /** The browser fired `negotiationneeded`. */
  needNegotiation(): NegotiationEffect[] {
    return this.#step('needed', null);
  }

  /** A description arrived. */
  receiveDescription(description: SignalledDescription): NegotiationEffect[] {
    if (description.kind === 'answer') {
      return description.number === this.#number ? this.#step('answer', description) : [];
    }
    return this.#step(this.#polite ? 'polite-offer' : 'impolite-offer', description);
  }

  /** A candidate arrived. */
  receiveCandidate(candidate: SignalledCandidate): NegotiationEffect[] {
    if (candidate.ufrag === this.#ufrag) return [{ do: 'add', candidate }];
    if (!this.#oldUfrags.includes(candidate.ufrag) && this.#waiting.length < CANDIDATES_HELD)
      this.#waiting.push(candidate);
    return [];
  }

  /** The operation that ran has succeeded. */
  done(): NegotiationEffect[] {
    const effects = this.#inForce();
    if (this.#state === 'offering' && this.#held !== null) {
      this.#state = 'offered'; // glare: our offer would be ignored, so don't send it
    } else {
      effects.push(...this.#step('done', null));
    }
    if (this.#held !== null && (this.#state === 'stable' || this.#state === 'offered')) {
      const held = this.#held;
      this.#held = null;
      return [...effects, ...this.receiveDescription(held)];
    }
    if (this.#again && this.#state === 'stable') {
      this.#again = false;
      return [...effects, ...this.needNegotiation()];
    }
    return effects;
  }

  #step(event: NegotiationEvent, description: SignalledDescription | null): NegotiationEffect[] {
    const [act, after] = NEGOTIATION[this.#state][event];
    const answering = this.#state === 'answering';
    this.#state = after;
    switch (act) {
      case 'make-offer':
        this.#number += 1;
        return [{ do: 'make-offer' }];
      case 'take-offer':
      case 'take-answer':
        if (description === null) return [];
        this.#taking = description;
        return [{ do: 'take', description }];
      case 'make-answer':
        return [{ do: 'make-answer' }];
      case 'send':
        return answering
          ? [{ do: 'send', kind: 'answer', number: this.#answered }]
          : [{ do: 'send', kind: 'offer', number: this.#number }];
      case 'hold':
        this.#held = description;
        return [];
      case 'remember':
        this.#again = true;
        return [];
      case 'bug':
        throw new Error(`done() was called while no operation was running: ${after}`);
      case 'nothing':
        return [];
    }
  }

  /** Candidates that waited for the remote description that was just set. */
  #inForce(): NegotiationEffect[] {
    const taken = this.#taking;
    this.#taking = null;
    if (taken === null) return [];
    if (taken.kind === 'offer') this.#answered = taken.number;
    if (taken.ufrag !== this.#ufrag) {
      this.#oldUfrags = [...this.#oldUfrags, this.#ufrag].slice(-OLD_UFRAGS_KEPT);
      this.#ufrag = taken.ufrag;
    }
    const ready = this.#waiting.filter((candidate) => candidate.ufrag === this.#ufrag);
    this.#waiting = this.#waiting.filter((candidate) => candidate.ufrag !== this.#ufrag);
    return ready.map((candidate) => ({ do: 'add', candidate }));
  }
}
