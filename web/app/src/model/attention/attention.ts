import type * as sdk from '@eyeline/sdk';
import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import type { Alerts, Platform, Sound } from '../../platform/platform';
import { attentionWords } from '../../strings/attention';
import type { Call } from '../call';
import type { Chat, ChatMessage } from '../chat/chat';
import type { Other } from '../person';
import { Subscriptions } from '../subscriptions';
import { HostRequests } from './host-requests';
import { MessageToast } from './message-toast';
import { NotificationSwitch } from './notification-switch';
import { Sounds } from './sounds';

/** Characters of a message that a notification or a screen reader gets. */
const longestExcerpt = 200;

/** Sees to it that nobody is missed: sounds, the page's title and icon, notifications, and toasts of messages. */
export class Attention {
  readonly sounds: Sounds;
  readonly notifications: NotificationSwitch;
  readonly toast: MessageToast;
  /** For the page's title, in place of the names: who is knocking, or who came while nobody looked. */
  readonly headline: ReadonlySignal<string | null>;
  readonly #platform: Platform;
  readonly #call: Call;
  readonly #hosts: HostRequests;
  readonly #arrived = signal<string | null>(null);
  readonly #subscriptions = new Subscriptions();

  /** `firstRole` is our role when the call began. */
  constructor(platform: Platform, alerts: Alerts, call: Call, chat: Chat, firstRole: sdk.Role) {
    this.#platform = platform;
    this.#call = call;
    const { people, others } = call;
    this.sounds = new Sounds(platform, (sound) => alerts.play(sound));
    this.notifications = new NotificationSwitch(platform.memory, alerts.notifications);
    this.toast = new MessageToast(platform, chat);
    this.#hosts = new HostRequests(call, firstRole);
    this.headline = computed(() => {
      const [first] = people.knocking.value;
      return first === undefined ? this.#arrived.value : attentionWords.knocking(first.name);
    });
    const ends = [
      effect(() => {
        if (!platform.seen.value) return;
        this.#arrived.value = null;
        alerts.notifications?.clear();
      }),
      effect(() => alerts.mark(this.headline.value !== null || chat.unread.value > 0)),
      () => alerts.mark(false),
      effect(() => {
        if (call.panel.value === 'chat') this.toast.clear();
      }),
      onNew(
        others,
        ({ id }) => id,
        others.peek(),
        (one, before) => this.#came(one, before),
      ),
      onNew(
        people.knocking,
        ({ knock }) => knock.id,
        [],
        ({ name }) => this.#knocked(name),
      ),
    ];
    for (const end of ends) this.#subscriptions.add(end);
    const newest = chat.lines.peek().at(-1);
    if (chat.unread.peek() > 0 && newest !== undefined) this.wrote(newest);
  }

  /** A new message, the newest of those that arrived together. */
  wrote(message: ChatMessage): void {
    const { panel, notices, screens } = this.#call;
    const reading = panel.peek() === 'chat';
    if (reading && this.#platform.seen.peek()) return;
    const { name } = message;
    const text = message.text.slice(0, longestExcerpt);
    if (!reading) {
      this.toast.show(message);
      notices.tell(attentionWords.wrote(name, text));
    }
    // Whoever shares their screen may be showing the notification, too.
    const body = screens.sharing.peek() ? attentionWords.message : text;
    this.#alert('message', name, body, () => this.#call.showPanel('chat'));
  }

  /** A host, given by id, asks us to mute. */
  askedToMute(from: string): void {
    this.#hosts.askedToMute(from);
  }

  end(): void {
    this.#subscriptions.end();
    this.#hosts.end();
    this.toast.end();
  }

  #came({ name }: Other, before: number): void {
    const seen = this.#platform.seen.peek();
    if (before > 0 && seen) return;
    if (!seen) this.#arrived.value = attentionWords.joined(name);
    this.#alert('arrival', attentionWords.joined(name), '', () => undefined);
  }

  #knocked(name: string): void {
    this.#alert('knock', attentionWords.knocking(name), attentionWords.letIn, () => this.#call.showPanel('people'));
  }

  /** A sound and, in a hidden page, a notification. */
  #alert(sound: Sound, title: string, body: string, open: () => void): void {
    this.sounds.play(sound);
    if (!this.#platform.seen.peek()) this.notifications.show(sound, title, body, open);
  }
}

/** Calls `found` for everybody who comes into the list, with how many were there before. */
function onNew<One>(
  list: ReadonlySignal<readonly One[]>,
  idOf: (one: One) => string,
  known: readonly One[],
  found: (one: One, before: number) => void,
): () => void {
  let ids = new Set(known.map(idOf));
  return effect(() => {
    const now = list.value;
    const before = ids;
    ids = new Set(now.map(idOf));
    untracked(() => {
      for (const one of now) if (!before.has(idOf(one))) found(one, before.size);
    });
  });
}
