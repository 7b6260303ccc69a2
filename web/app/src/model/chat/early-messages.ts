import type { Json, Peer } from '@eyeline/sdk';

/** Messages kept; the chat gets those above later, since it asks everybody for what it lacks. */
const most = 1000;

/** Messages that arrive before the chat's code is loaded. */
export class EarlyMessages {
  readonly #kept: (readonly [Peer, Json])[] = [];

  receive(from: Peer, message: Json): void {
    if (this.#kept.length < most) this.#kept.push([from, message]);
  }

  /** Gives them to the chat, in order. */
  passOn(chat: { receive(from: Peer, message: Json): void }): void {
    for (const [from, message] of this.#kept.splice(0)) chat.receive(from, message);
  }
}
