import type * as sdk from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import { Call } from './call';
import { Equipment } from './equipment';
import { Lobby } from './lobby';
import type { Outside } from './outside';
import { roomPath } from './route';

/** Where we are in a room's address. */
export type Place =
  | { readonly at: 'returning' }
  | { readonly at: 'lobby'; readonly lobby: Lobby }
  | { readonly at: 'call'; readonly call: Call }
  | { readonly at: 'over'; readonly code: string; readonly message: string };

/** One room's address from opening it to leaving it: lobby, call, over, and back in. */
export class Visit {
  readonly room: string;
  readonly place: ReadonlySignal<Place>;
  readonly #place = signal<Place>({ at: 'returning' });
  readonly #outside: Outside;
  #equipment: Equipment;
  #stopWatching: () => void = () => {};
  #gone = false;

  constructor(outside: Outside, room: string) {
    this.#outside = outside;
    this.room = room;
    this.place = this.#place;
    this.#equipment = this.#start();
    if (outside.session.get(this.#key) === null) this.#look();
    else void this.#comeBack();
  }

  /** In again after it was over. */
  rejoin(): void {
    this.#equipment = this.#start();
    void this.#look().join();
  }

  /** The address changed: whatever this was, it ends. */
  end(): void {
    this.#gone = true;
    this.#stopWatching();
    const place = this.#place.peek();
    if (place.at === 'lobby') place.lobby.leave();
    if (place.at === 'call') {
      place.call.leave();
      this.#outside.session.forget(this.#key);
      place.call.end();
    }
    this.#equipment.end();
  }

  get #key(): string {
    return `eyeline:in:${this.room}`;
  }

  #start(): Equipment {
    const equipment = new Equipment(this.#outside);
    void equipment.start();
    return equipment;
  }

  /** After a reload in mid-call: straight into the same seat, or into the lobby if it is gone. */
  async #comeBack(): Promise<void> {
    const { sdk, url } = this.#outside;
    const stream = this.#equipment.stream.peek();
    const room = await sdk.rejoin({ url, room: this.room, stream }).catch(() => null);
    if (this.#gone) room?.leave();
    else if (room === null) this.#look();
    else this.#enter(room);
  }

  #look(): Lobby {
    const lobby = new Lobby(this.#outside, this.room, this.#equipment, (room) => {
      lobby.end();
      this.#enter(room);
    });
    this.#place.value = { at: 'lobby', lobby };
    return lobby;
  }

  #enter(room: sdk.Room): void {
    const link = new URL(roomPath(this.room), this.#outside.url).href;
    const call = new Call(this.#outside, room, this.#equipment, link);
    this.#outside.session.set(this.#key, 'in');
    this.#place.value = { at: 'call', call };
    this.#stopWatching = room.ended.subscribe((why) => {
      if (why !== null) this.#over(call, why);
    });
  }

  #over(call: Call, why: sdk.EyelineError): void {
    this.#outside.session.forget(this.#key);
    call.end();
    this.#equipment.end();
    this.#place.value = { at: 'over', code: why.code, message: why.message };
    queueMicrotask(() => this.#stopWatching());
  }
}
