import type * as sdk from '@eyeline/sdk';
import { Conversation } from '@eyeline/sdk';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { shownNames } from '../look-alike';
import { shownName } from '../name';
import { showable } from './message-text';
import { SentMessages } from './sent-messages';
import { transcript } from './transcript';
import { Typing } from './typing';

/** In UTF-16 code units, as the browser counts. */
export const longestText = 4000;

/** A message as it's shown. */
export interface ChatMessage extends sdk.ChatLine {
  /** The message it replies to; null also if we don't have that one. */
  readonly quote: Quote | null;
  /** For a private message, the name of its recipient; empty for everyone, or if the name is no longer known. */
  readonly toName: string;
}

export type Quote = Pick<ChatMessage, 'mine' | 'name' | 'text'>;

/** The message that the draft replies to or edits. */
export interface DraftContext {
  readonly does: 'reply' | 'edit';
  readonly line: ChatMessage;
}

/** The chat of a call. */
export class Chat {
  readonly lines = signal<readonly ChatMessage[]>([]);
  readonly unread = signal(0);
  readonly draft = signal('');
  /** Recipient of the draft: a peer id, or empty for everyone. */
  readonly to = signal('');
  readonly about = signal<DraftContext | null>(null);
  /** Key of the message whose menu is open. */
  readonly chosen = signal('');
  /** By how many characters the draft is too long. */
  readonly excess = computed(() => Math.max(0, this.draft.value.trim().length - longestText));
  readonly typing: Typing;
  readonly #platform: Platform;
  readonly #here = signal<ReadonlySet<string>>(new Set());
  readonly #room: sdk.Room;
  readonly #conversation: sdk.Conversation;
  readonly #sent: SentMessages;
  readonly #peers = new Map<string, sdk.Peer>();
  /** The people in the call, each with a function that stops watching their connection. */
  #met = new Map<sdk.Peer, () => void>();
  #last: readonly sdk.ChatLine[] | null = null;
  /** Cache of shown messages, by the conversation's own. */
  readonly #shown = new WeakMap<
    sdk.ChatLine,
    { readonly line: ChatMessage; readonly quoted: sdk.ChatLine | undefined }
  >();
  readonly #names = new Map<string, string>();
  /** Whether the chat is open in a visible page. */
  readonly #read: ReadonlySignal<boolean>;
  readonly #stops: readonly (() => void)[];
  readonly #announce: (newest: ChatMessage) => void;
  /** Messages that are new, and not yet announced. */
  readonly #added: sdk.ChatLine[] = [];
  /** Whether something has changed since it was shown. */
  #stale = false;
  /** Calls off the animation frame that we wait for; null while we don't. */
  #endFrame: (() => void) | null = null;

  /** `open`: whether the chat panel is open. `announce` gets the newest message when some are new. */
  constructor(
    platform: Platform,
    room: sdk.Room,
    open: ReadonlySignal<boolean>,
    announce: (newest: ChatMessage) => void = () => undefined,
  ) {
    this.#read = computed(() => open.value && platform.seen.value);
    this.#announce = announce;
    this.#room = room;
    this.#platform = platform;
    this.typing = new Typing(platform.after);
    this.#sent = new SentMessages(platform.session, room);
    const page = [...platform.random(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    this.#conversation = new Conversation(room.me, page, this.#sent.read());
    this.#stops = [
      room.moderation.rules.subscribe(({ history }) => {
        this.#conversation.history = history;
      }),
      effect(() => {
        if (this.#read.value) this.unread.value = 0;
      }),
    ];
    this.#show();
  }

  /** Updates who is in the call. */
  meet(peers: readonly sdk.Peer[]): void {
    for (const [peer, end] of this.#met) {
      if (peers.includes(peer)) continue;
      end();
      this.typing.forget(peer.id);
      this.#peers.delete(peer.id);
    }
    const still = peers.filter((peer) => this.#met.has(peer));
    // The same id with a new object is a new connection.
    if (still.length < this.#met.size) this.#look(still);
    const before = this.#met;
    this.#met = new Map(peers.map((peer) => [peer, before.get(peer) ?? this.#watch(peer)]));
    this.#look(peers);
  }

  /** Handles anything a peer sent. */
  receive(from: sdk.Peer, message: unknown): void {
    this.#peers.set(from.id, from);
    const { added, sends } = this.#conversation.receive(from, message, this.#platform.now());
    if (added !== null) this.#added.push(added);
    this.#deliverAll(sends);
    this.typing.hear(from, message);
    this.#showSoon();
  }

  /** Sets the draft and tells its recipients that we're typing. */
  type(text: string): void {
    this.draft.value = text;
    const to = this.to.peek();
    const reached = [...this.#met.keys()].filter((peer) => isReachable(peer) && (to === '' || to === peer.id));
    if (text.trim() !== '' && this.about.peek()?.does !== 'edit') this.typing.type(reached);
  }

  /** Saves the whole chat as text. */
  save(): void {
    this.#platform.saveText(`chat-${this.#room.name}.txt`, transcript(this.lines.peek()));
  }

  /** Whether the recipient of the draft is still in the call. */
  readonly addressed = computed(() => {
    const about = this.about.value;
    const to = about?.does === 'edit' ? (about.line.to ?? '') : this.to.value;
    return to === '' || this.#here.value.has(to);
  });

  /** Sends the draft, if it isn't empty. */
  send(): void {
    const text = this.draft.peek().trim();
    const about = this.about.peek();
    if (text === '' || this.excess.peek() > 0) return;
    if (about?.does === 'edit' && !this.canChange(about.line)) {
      // The recipient has left, or our seat has changed: keep the text as a new draft.
      this.about.value = null;
      this.to.value = about.line.to ?? '';
      return;
    }
    if (!this.addressed.peek()) return;
    if (about?.does === 'edit') this.#write(this.#conversation.edit(about.line.key, text));
    else this.#write(this.#conversation.write(text, this.#platform.now(), this.#options(about)));
    this.cancel();
    this.draft.value = '';
    this.typing.rest();
  }

  reply(line: ChatMessage): void {
    this.about.value = { does: 'reply', line };
    this.chosen.value = '';
    // A reply to a private message is private too.
    if (line.to !== null) this.to.value = line.mine ? line.to : line.author;
    else this.to.value = '';
  }

  edit(line: ChatMessage): void {
    if (!this.canChange(line)) return;
    this.about.value = { does: 'edit', line };
    this.chosen.value = '';
    this.draft.value = line.text;
  }

  /** Whether we may send messages, and not only read. */
  get mayWrite(): boolean {
    return this.#room.permissions.current.has('chat');
  }

  canChange(line: ChatMessage): boolean {
    return this.mayWrite && this.#conversation.canEdit(line);
  }

  /** Edits our last message that can still be changed. */
  editLast(): void {
    const last = this.lines
      .peek()
      .filter((line) => this.canChange(line))
      .at(-1);
    if (last !== undefined) this.edit(last);
  }

  remove(line: ChatMessage): void {
    if (this.about.peek()?.line.key === line.key) this.cancel();
    this.chosen.value = '';
    this.#write(this.#conversation.edit(line.key, ''));
  }

  /** Back to a plain draft: no reply, no edit. */
  cancel(): void {
    if (this.about.peek()?.does === 'edit') this.draft.value = '';
    this.about.value = null;
  }

  /** Opens or closes the menu of this message. */
  choose(line: ChatMessage): void {
    this.chosen.value = this.chosen.peek() === line.key ? '' : line.key;
  }

  end(): void {
    for (const stop of this.#stops) stop();
    for (const end of this.#met.values()) end();
    this.typing.end();
    this.#endFrame?.();
    this.#endFrame = null;
  }

  #watch(peer: sdk.Peer): () => void {
    this.#peers.set(peer.id, peer);
    let known = isReachable(peer);
    return peer.connection.subscribe(() => {
      if (isReachable(peer) === known) return;
      known = !known;
      this.#look([...this.#met.keys()]);
    });
  }

  #look(peers: readonly sdk.Peer[]): void {
    for (const [id, name] of shownNames(peers)) this.#names.set(id, name);
    this.#here.value = new Set(peers.map(({ id }) => id));
    const people = peers.map((peer) => ({ id: peer.id, name: peer.name, reachable: isReachable(peer) }));
    this.#carry(this.#conversation.setParticipants(this.#room.me, people));
  }

  #options(about: DraftContext | null): sdk.ChatOptions {
    const to = this.to.peek();
    return { reply: about?.line.key ?? null, to: to === '' ? null : to };
  }

  #write(written: ReturnType<sdk.Conversation['write']>): void {
    if (written === null) return;
    this.#sent.keep(written.line);
    this.#carry(written.sends);
  }

  #carry(sends: readonly sdk.ChatEnvelope[]): void {
    this.#deliverAll(sends);
    this.#show();
  }

  #deliverAll(sends: readonly sdk.ChatEnvelope[]): void {
    for (const send of sends) void this.#deliver(send);
  }

  async #deliver(send: sdk.ChatEnvelope): Promise<void> {
    try {
      const peer = this.#peers.get(send.to);
      if (peer === undefined) throw new Error('gone');
      await peer.send(send.message);
    } catch {
      this.#conversation.failed(send); // they left
      return;
    }
    this.#deliverAll(this.#conversation.delivered(send));
    this.#showSoon();
  }

  /** At once, but once in each picture of the page at most, however many messages arrive. */
  #showSoon(): void {
    this.#stale = true;
    if (this.#endFrame !== null) return;
    this.#endFrame = () => undefined;
    this.#showNews();
    const end = this.#platform.frame(() => {
      this.#endFrame = null;
      if (this.#stale || this.#added.length > 0) this.#showSoon();
    });
    if (this.#endFrame !== null) this.#endFrame = end;
  }

  #showNews(): void {
    this.#show();
    const added = this.#added.splice(0);
    const last = added.at(-1);
    if (last === undefined) return;
    if (!this.#read.peek()) this.unread.value += added.length;
    this.#announce(this.#fit(last));
  }

  #show(): void {
    this.#stale = false;
    const lines = this.#conversation.lines;
    if (lines !== this.#last) this.lines.value = lines.map((line) => this.#fit(line));
    this.#last = lines;
  }

  #fit(line: sdk.ChatLine): ChatMessage {
    const quoted = line.reply === null ? undefined : this.#conversation.line(line.reply);
    const known = this.#shown.get(line);
    if (known !== undefined && known.quoted === quoted) return known.line;
    const { delivery, via, to } = line;
    const fit: ChatMessage = {
      ...line,
      ...this.#fitQuote(line),
      via: shownName(via),
      delivery: { ...delivery, lacking: delivery.lacking.map(shownName) },
      quote: quoted === undefined ? null : this.#fitQuote(quoted),
      toName: this.#names.get(to ?? '') ?? '',
    };
    this.#shown.set(line, { line: fit, quoted });
    return fit;
  }

  #fitQuote({ author, mine, name, text }: sdk.ChatLine): Quote {
    return { mine, name: this.#names.get(author) ?? shownName(name), text: showable(text) };
  }
}

function isReachable(peer: sdk.Peer): boolean {
  const { state } = peer.connection.current;
  return state === 'direct' || state === 'relayed';
}
