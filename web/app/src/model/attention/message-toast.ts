import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import type { Chat, ChatMessage } from '../chat/chat';

/** Seconds that a message is shown while the page is visible. */
const stay = 6;

/** The newest message, shown over the stage while the chat is closed. */
export class MessageToast {
  /** null also once its author has deleted it. */
  readonly shown: ReadonlySignal<ChatMessage | null>;
  readonly #key = signal<string | null>(null);
  readonly #end: () => void;
  #cancel: () => void = () => {};

  constructor({ seen, after }: Pick<Platform, 'seen' | 'after'>, chat: Pick<Chat, 'lines'>) {
    this.shown = computed(() => {
      const key = this.#key.value;
      return (key !== null && chat.lines.value.find((line) => line.key === key && line.text !== '')) || null;
    });
    this.#end = effect(() => {
      this.#cancel();
      if (this.#key.value === null || !seen.value) return;
      this.#cancel = after(stay, () => this.clear());
    });
  }

  show(message: ChatMessage): void {
    this.#key.value = message.key;
  }

  clear(): void {
    this.#key.value = null;
  }

  end(): void {
    this.#end();
    this.#cancel();
  }
}
