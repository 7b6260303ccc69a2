/** Three people, the links between them, and a clock that tests move: what `Peer.send` promises, and no more. */
import { type ChatEnvelope, type ChatReceived, Conversation } from '../src/chat/conversation.ts';
import type { WrittenLine } from '../src/chat/messages.ts';

/** Milliseconds after which others give up on a page that went away. */
const AWAY_MS = 5000;

interface Parcel {
  readonly send: ChatEnvelope;
  /** The page that has heard it: said again, it does not hear it twice. */
  heardBy: Node | null;
}

/** Somebody's page. */
class Node {
  readonly machine: Conversation;
  /** Messages that wait for their acknowledgement, by receiver. */
  readonly outbox = new Map<string, Parcel[]>();
  readonly busy = new Set<string>();

  constructor(id: string, page: string, own: readonly WrittenLine[]) {
    this.machine = new Conversation({ id, name: id }, page, own);
  }
}

export class World {
  readonly ids: readonly string[];
  readonly random: () => number;
  readonly nodes = new Map<string, Node>();
  /** What the tab keeps of a person's own lines. */
  readonly notebooks = new Map<string, Map<string, WrittenLine>>();
  now = 1_700_000_000_000;
  readonly #cuts = new Set<string>();
  /** Pages that went away, and whom the others have given up. */
  readonly #away = new Set<string>();
  readonly #given = new Set<string>();
  readonly #events: { at: number; run: () => void }[] = [];
  #pages = 0;

  constructor(ids: readonly string[], random: () => number) {
    this.ids = ids;
    this.random = random;
    for (const id of ids) this.notebooks.set(id, new Map());
    for (const id of ids) this.load(id);
  }

  machine(id: string): Conversation {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`${id} has no page`);
    return node.machine;
  }

  later(milliseconds: number, run: () => void): void {
    const event = { at: this.now + Math.ceil(milliseconds), run };
    const next = this.#events.findIndex(({ at }) => at > event.at);
    this.#events.splice(next < 0 ? this.#events.length : next, 0, event);
  }

  run(until = Number.POSITIVE_INFINITY): void {
    for (let next = this.#events[0]; next !== undefined && next.at <= until; next = this.#events[0]) {
      this.#events.shift();
      this.now = next.at;
      next.run();
    }
    if (until !== Number.POSITIVE_INFINITY) this.now = Math.ceil(until);
  }

  isHere(id: string): boolean {
    return !this.#away.has(id);
  }

  /** A new page; what the one before it had to say is gone, except for what the tab keeps. */
  load(id: string): void {
    this.#pages += 1;
    this.nodes.set(id, new Node(id, `page${this.#pages}`, [...(this.notebooks.get(id)?.values() ?? [])]));
    this.#away.delete(id);
    this.#given.delete(id);
    this.#meetAll();
  }

  /** The page unloads, and comes back by `load`, or by `wake` if it only slept. */
  leave(id: string): void {
    this.#away.add(id);
    const page = this.nodes.get(id);
    this.later(AWAY_MS, () => {
      if (!this.#away.has(id) || this.nodes.get(id) !== page) return;
      this.#given.add(id);
      for (const node of this.nodes.values()) {
        for (const { send } of node.outbox.get(id) ?? []) node.machine.failed(send);
        node.outbox.delete(id);
      }
      this.#meetAll();
    });
  }

  wake(id: string): void {
    this.#away.delete(id);
    this.#given.delete(id);
    this.#meetAll();
  }

  cut(a: string, b: string): void {
    this.#cuts.add([a, b].sort().join());
    this.#meetAll();
  }

  heal(a: string, b: string): void {
    this.#cuts.delete([a, b].sort().join());
    this.#meetAll();
  }

  healAll(): void {
    for (const id of this.ids) if (!this.isHere(id)) this.wake(id);
    this.#cuts.clear();
    this.#meetAll();
  }

  /** Gives to the others what `from` wants them to have. */
  carry(from: string, sends: readonly ChatEnvelope[]): void {
    const node = this.nodes.get(from);
    if (node === undefined) return;
    for (const send of sends) {
      const waiting = node.outbox.get(send.to) ?? [];
      node.outbox.set(send.to, [...waiting, { send, heardBy: null }]);
      this.#move(from, send.to);
    }
  }

  /** Says or changes something, and has the tab keep it. */
  write(from: string, written: ReturnType<Conversation['write']>): void {
    if (written === null) return;
    const { line, sends } = written;
    this.notebooks.get(from)?.set(line.key, line);
    this.carry(from, sends);
  }

  #isUp(a: string, b: string): boolean {
    return this.isHere(a) && this.isHere(b) && !this.#cuts.has([a, b].sort().join());
  }

  #meetAll(): void {
    for (const [id, node] of this.nodes) {
      if (!this.isHere(id)) continue;
      const others = this.ids.filter((other) => other !== id && this.nodes.has(other) && !this.#given.has(other));
      const people = others.map((other) => ({ id: other, name: other, reachable: this.#isUp(id, other) }));
      this.carry(id, node.machine.setParticipants({ id, name: id }, people));
      for (const other of others) this.#move(id, other);
    }
  }

  /** Delivers the oldest message, if there is a connection; the next one follows after its acknowledgement. */
  #move(from: string, to: string): void {
    const sender = this.nodes.get(from);
    if (sender === undefined || sender.busy.has(to) || !this.#isUp(from, to)) return;
    const parcel = sender.outbox.get(to)?.[0];
    if (parcel === undefined) return;
    sender.busy.add(to);
    this.later(5 + this.random() * 200, () => this.#deliver(from, sender, to, parcel));
  }

  #deliver(from: string, sender: Node, to: string, parcel: Parcel): void {
    const receiver = this.nodes.get(to);
    if (
      receiver !== undefined &&
      this.nodes.get(from) === sender &&
      this.#isUp(from, to) &&
      parcel.heardBy !== receiver
    ) {
      parcel.heardBy = receiver;
      const { sends }: ChatReceived = receiver.machine.receive({ id: from, name: from }, wire(parcel.send), this.now);
      this.carry(to, sends);
    }
    this.later(5 + this.random() * 200, () => {
      sender.busy.delete(to);
      const waiting = sender.outbox.get(to) ?? [];
      if (this.nodes.get(from) !== sender) return;
      if (this.#isUp(from, to) && parcel.heardBy === this.nodes.get(to) && waiting[0] === parcel) {
        sender.outbox.set(to, waiting.slice(1));
        this.carry(from, sender.machine.delivered(parcel.send));
      }
      this.#move(from, to);
    });
  }
}

function wire({ message }: ChatEnvelope): unknown {
  return JSON.parse(JSON.stringify(message)) as unknown;
}

/** Mulberry32: the same numbers from 0 to 1 for the same seed. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
