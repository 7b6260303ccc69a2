import { notify } from '../value.ts';
import { type Knock, type Member, PAYLOAD_CHARACTERS_MAX, type Roster } from './protocol.ts';
import type { MemberCommand, SignallingEvent, Ticket } from './session.ts';
import { type Card, isCard, Seal, type SealedEnd, sealedLength } from './signal-encryption.ts';
import { type Signalling, type SignallingTarget, WebSocketSignalling } from './websocket.ts';

/** Characters of a message besides its signal. */
const AROUND_SIGNAL = 256;

/** Whether the member's secret is not ours, so that we can't even read their name. We don't connect to them. */
export function isStranger(member: Member): boolean {
  return member.name === '' || isCard(member.name);
}

/** A member whose card we could decrypt. */
interface KnownMember {
  readonly end: SealedEnd;
  readonly card: string;
  readonly name: string;
}

/**
 * Signalling with end-to-end encryption: names and signals are encrypted with the link's secret, and the server learns
 * only who gets what. Its events have names in clear; those of strangers are empty, and their signals are dropped.
 */
export class SealedSignalling implements Signalling {
  readonly #seal: Promise<Seal>;
  readonly #emit: (event: SignallingEvent) => void;
  readonly #known = new Map<string, KnownMember>();
  /**
   * Replay protection: the newest count of each sender's page. It outlasts `#known`, so that the server can't replay
   * signals by removing a member from the roster and listing them again. Only holders of the secret can add to it.
   */
  readonly #counts = new Map<string, number>();
  #inner: WebSocketSignalling | null = null;
  #name: string | null = null;
  #me = '';
  #sent = 0;
  #gone = false;
  /** Queues: what we send, and what we receive, each in order. */
  #asked: Promise<void> = Promise.resolve();
  #heard: Promise<void> = Promise.resolve();

  constructor(door: SignallingTarget, secret: string, ticket: Ticket | null, emit: (event: SignallingEvent) => void) {
    this.#seal = Seal.of(secret, door.room);
    this.#emit = emit;
    const start = (seat: Ticket | null): void => {
      this.#inner = new WebSocketSignalling(door, seat, (event) => this.#receive(event));
    };
    if (ticket === null) {
      start(null);
      return;
    }
    this.#name = ticket.name;
    this.#then(async () => {
      const card = await this.#card(ticket.name);
      if (!this.#gone) start({ ...ticket, name: card });
    });
  }

  get ticket(): Ticket | null {
    const ticket = this.#inner?.ticket ?? null;
    return ticket === null ? null : { ...ticket, name: this.#name ?? '' };
  }

  checkConnection(): void {
    this.#inner?.checkConnection();
  }

  join(name: string): void {
    this.#name = name;
    this.#then(async () => {
      const card = await this.#card(name);
      if (this.#name === name) this.#inner?.join(card);
    });
  }

  cancelJoin(): void {
    this.#inner?.cancelJoin();
    if (this.#inner?.ticket === null) this.#name = null;
  }

  signal(to: string, data: string): boolean {
    if (sealedLength(data) > PAYLOAD_CHARACTERS_MAX - AROUND_SIGNAL) return false;
    this.#then(async () => {
      const known = this.#known.get(to);
      if (known === undefined) return; // they left
      const seal = await this.#seal;
      this.#sent += 1;
      const me = { id: this.#me, nonce: seal.nonce };
      this.#inner?.signal(to, await seal.sealSignal(data, me, known.end, this.#sent));
    });
    return true;
  }

  command(command: MemberCommand): boolean {
    return this.#inner?.command(command) ?? false;
  }

  leave(): void {
    this.#gone = true;
    this.#inner?.leave();
  }

  #then(work: () => Promise<void>): void {
    this.#asked = this.#asked.then(work).catch(fail);
  }

  async #card(name: string): Promise<string> {
    const seal = await this.#seal;
    return seal.sealCard({ nonce: seal.nonce, name });
  }

  #receive(event: SignallingEvent): void {
    const hear = async (): Promise<void> => {
      const opened = await this.#open(event);
      // Drops events that arrive after we left, or after we gave up the seat that they are about.
      const late = this.#gone || (event.type === 'joined' && this.#inner?.ticket === null);
      if (opened !== null && !late) notify(this.#emit, opened);
    };
    this.#heard = this.#heard.then(hear).catch(fail);
  }

  async #open(event: SignallingEvent): Promise<SignallingEvent | null> {
    switch (event.type) {
      case 'welcome':
        return { ...event, welcome: { ...event.welcome, roster: await this.#read(event.welcome.roster) } };
      case 'joined':
        this.#me = event.joined.you;
        return { ...event, joined: { ...event.joined, roster: await this.#read(event.joined.roster) } };
      case 'roster':
        return { ...event, roster: await this.#read(event.roster) };
      case 'knocks': {
        const waiting: Knock[] = [];
        for (const knock of event.waiting) {
          const card = await (await this.#seal).openCard(knock.name);
          waiting.push({ ...knock, name: card?.name ?? '' });
        }
        return { ...event, waiting };
      }
      case 'signalled': {
        const data = await this.#unseal(event.signalled.from, event.signalled.data);
        return data === null ? null : { ...event, signalled: { ...event.signalled, data } };
      }
      default:
        return event;
    }
  }

  async #read(roster: Roster): Promise<Roster> {
    const members: Member[] = [];
    for (const member of roster.members) members.push({ ...member, name: await this.#nameOf(member) });
    const inside = new Set(roster.members.map((member) => member.id));
    for (const id of this.#known.keys()) if (!inside.has(id)) this.#known.delete(id);
    return { ...roster, members };
  }

  /** The member's name; empty for a stranger. */
  async #nameOf({ id, name: sealed }: Member): Promise<string> {
    if (id === this.#me && this.#name !== null) return this.#name;
    const known = this.#known.get(id);
    if (known?.card === sealed) return known.name;
    const card: Card | null = await (await this.#seal).openCard(sealed);
    if (card === null) {
      this.#known.delete(id);
      return '';
    }
    this.#known.set(id, { end: { id, nonce: card.nonce }, card: sealed, name: card.name });
    return card.name;
  }

  async #unseal(from: string, data: string): Promise<string | null> {
    const [seal, sender] = [await this.#seal, this.#known.get(from)];
    if (sender === undefined) return null;
    const page = `${sender.end.id} ${sender.end.nonce}`;
    const me = { id: this.#me, nonce: seal.nonce };
    const opened = await seal.openSignal(data, sender.end, me, this.#counts.get(page) ?? 0);
    if (opened === null) return null;
    this.#counts.set(page, opened.count);
    return opened.text;
  }
}

function fail(error: unknown): void {
  console.warn('eyeline: encryption failed:', error);
}
