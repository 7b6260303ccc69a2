import type * as sdk from '@eyeline/sdk';
import { computed, signal } from '@preact/signals';
import { shownName } from './name';
import { Notebook } from './notebook';
import type { Outside } from './outside';
import { showable } from './text';

/** In characters as the browser counts them. */
export const longestText = 4000;

/** A line as it is shown. */
export type Line = sdk.ChatLine;

/** What people write to one another in this call. */
export class Chat {
  readonly lines = signal<readonly Line[]>([]);
  readonly open = signal(false);
  readonly unread = signal(0);
  readonly draft = signal('');
  /** How many characters the draft has too many. */
  readonly excess = computed(() => Math.max(0, this.draft.value.trim().length - longestText));
  readonly #room: sdk.Room;
  readonly #now: () => number;
  readonly #conversation: sdk.Conversation;
  readonly #notebook: Notebook;
  readonly #peers = new Map<string, sdk.Peer>();
  /** Who is in the call, and what ends our look at their connections. */
  #met = new Map<sdk.Peer, () => void>();
  /** Lines made fit to be shown, by what the conversation has. */
  readonly #shown = new WeakMap<sdk.ChatLine, Line>();

  constructor(outside: Outside, room: sdk.Room) {
    this.#room = room;
    this.#now = outside.now;
    this.#notebook = new Notebook(outside.session, room.name);
    const page = [...outside.random(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    this.#conversation = new outside.sdk.Conversation(room.me, page, this.#notebook.read());
    this.#show();
  }

  /** Who is in the call now. */
  meet(peers: readonly sdk.Peer[]): void {
    for (const [peer, end] of this.#met) if (!peers.includes(peer)) end();
    const still = peers.filter((peer) => this.#met.has(peer));
    // The same seat with another object is somebody to be met again.
    if (still.length < this.#met.size) this.#look(still);
    const before = this.#met;
    this.#met = new Map(peers.map((peer) => [peer, before.get(peer) ?? this.#watch(peer)]));
    this.#look(peers);
  }

  show(open: boolean): void {
    this.open.value = open;
    if (open) this.unread.value = 0;
  }

  /** Anything a peer sent. Answers with the line, if it was one for people that is news. */
  receive(from: sdk.Peer, message: unknown): Line | null {
    this.#peers.set(from.id, from);
    const { news, sends } = this.#conversation.hear(from, message, this.#now());
    this.#carry(sends);
    if (news === null) return null;
    if (!this.open.peek()) this.unread.value += 1;
    return this.#fit(news);
  }

  /** Sends the draft, if there is something in it. */
  send(): void {
    const text = this.draft.peek().trim();
    if (text === '' || this.excess.peek() > 0) return;
    this.draft.value = '';
    this.#write(this.#conversation.say(text, this.#now()));
  }

  /** Forgets what the tab keeps for a reload. */
  leave(): void {
    this.#notebook.forget();
  }

  end(): void {
    for (const end of this.#met.values()) end();
  }

  #watch(peer: sdk.Peer): () => void {
    this.#peers.set(peer.id, peer);
    let known = isReachable(peer);
    return peer.line.subscribe(() => {
      if (isReachable(peer) === known) return;
      known = !known;
      this.#look([...this.#met.keys()]);
    });
  }

  #look(peers: readonly sdk.Peer[]): void {
    const people = peers.map((peer) => ({ id: peer.id, name: peer.name, reachable: isReachable(peer) }));
    this.#carry(this.#conversation.meet(this.#room.me, people));
  }

  #write(written: ReturnType<sdk.Conversation['say']>): void {
    if (written === null) return;
    this.#notebook.keep(written.line);
    this.#carry(written.sends);
  }

  #carry(sends: readonly sdk.Send[]): void {
    for (const send of sends) void this.#deliver(send);
    this.#show();
  }

  async #deliver(send: sdk.Send): Promise<void> {
    try {
      await this.#peers.get(send.to)?.send(send.message);
    } catch {
      this.#conversation.failed(send); // they left
      return;
    }
    this.#carry(this.#conversation.arrived(send));
  }

  #show(): void {
    this.lines.value = this.#conversation.lines.map((line) => this.#fit(line));
  }

  #fit(line: sdk.ChatLine): Line {
    const known = this.#shown.get(line);
    if (known !== undefined) return known;
    const { name, via, text, delivery } = line;
    const lacking = delivery.lacking.map(shownName);
    const names = { name: shownName(name), via: shownName(via) };
    const fit = { ...line, ...names, text: showable(text), delivery: { ...delivery, lacking } };
    this.#shown.set(line, fit);
    return fit;
  }
}

function isReachable(peer: sdk.Peer): boolean {
  const { state } = peer.line.current;
  return state === 'direct' || state === 'relayed';
}
