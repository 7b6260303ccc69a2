import type * as sdk from '@eyeline/sdk';
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Outside } from '../platform/platform';
import { Call } from './call';
import { Equipment } from './equipment';
import { arrival, secondsForThoseThere } from './first-connection';
import { hidesAddress, Lobby, type Refusal } from './start/lobby';
import { keepOwner, ownerOf } from './start/new-call';
import { type RoomAddress, roomPath } from './start/route';

/** Refusals that no other try changes: there is nothing to do in the lobby. */
const closedDoors: ReadonlySet<string> = new Set([
  'pass-needed',
  'pass-invalid',
  'pass-expired',
  'not-allowed',
  'time-up',
]);

/** Where we are in a room's address. */
export type Place =
  | { readonly at: 'returning' }
  | { readonly at: 'lobby'; readonly lobby: Lobby }
  | { readonly at: 'call'; readonly call: Call }
  | { readonly at: 'over'; readonly code: string; readonly message: string };

/** One room's address from opening it to leaving it: lobby, call, over, and back in. */
export class Visit {
  readonly room: string;
  readonly #address: RoomAddress;
  readonly place: ReadonlySignal<Place>;
  readonly #place = signal<Place>({ at: 'returning' });
  readonly #outside: Outside;
  #equipment: Equipment;
  #stopWatching: () => void = () => {};
  /** The call that we are in, also while it is not drawn yet. */
  #call: Call | null = null;
  #gone = false;

  constructor(outside: Outside, address: RoomAddress) {
    this.#outside = outside;
    this.room = address.room;
    if (address.owner !== null) {
      keepOwner(outside, address.room, address.owner);
      outside.address.rename(roomPath(address.room, address.key)); // a screen that is shown must not give it away
    }
    this.#address = { ...address, owner: ownerOf(outside, address.room) };
    this.place = this.#place;
    this.#equipment = this.#start();
    if (outside.session.get(this.#mark) === null) this.#look();
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
    if (this.#call !== null) {
      this.#call.chat.leave();
      this.#call.leave();
      this.#outside.session.forget(this.#mark);
      this.#call.end();
    }
    this.#equipment.end();
  }

  get #mark(): string {
    return `eyeline:in:${this.room}`;
  }

  /** Who has a pass may have to do without camera or microphone: they are asked for once the server has said so. */
  #start(): Equipment {
    const equipment = new Equipment(this.#outside);
    if (this.#address.pass === null) void equipment.start();
    return equipment;
  }

  /** After a reload in mid-call: straight into the same seat, or into the lobby if it is gone. */
  async #comeBack(): Promise<void> {
    const { sdk, url, identity } = this.#outside;
    const relayOnly = hidesAddress(this.#outside);
    const stream = this.#equipment.stream.peek();
    const { key: secret, pass, owner } = this.#address;
    const room = await sdk
      .rejoin({ url, room: this.room, secret, pass, owner, identity, relayOnly, stream })
      .catch(() => null);
    if (this.#gone) room?.leave();
    else if (room === null) this.#look();
    else await this.#enter(room);
  }

  #look(): Lobby {
    const lobby = new Lobby(this.#outside, this.#address, this.#equipment, async (room) => {
      lobby.end();
      await this.#enter(room);
    });
    this.#place.value = { at: 'lobby', lobby };
    this.#stopWatching = effect(() => {
      const status = lobby.status.value;
      const refusal = lobby.refusal.value ?? (status.is === 'refused' ? status : null);
      if (refusal !== null && closedDoors.has(refusal.code)) queueMicrotask(() => this.#turnAway(lobby, refusal));
    });
    return lobby;
  }

  #turnAway(lobby: Lobby, { code, message }: Refusal): void {
    const place = this.#place.peek();
    if (this.#gone || place.at !== 'lobby' || place.lobby !== lobby) return;
    this.#stopWatching();
    lobby.leave();
    this.#equipment.end();
    this.#place.value = { at: 'over', code, message };
  }

  async #enter(room: sdk.Room): Promise<void> {
    const link = new URL(roomPath(this.room, this.#address.key), this.#outside.url).href;
    const { owner } = this.#address;
    const hostLink = owner === null ? null : `${link}${link.includes('#') ? '&' : '#'}host=${owner}`;
    const call = new Call(this.#outside, room, this.#equipment, { link, hostLink });
    this.#call = call;
    void this.#equipment.start();
    this.#outside.session.set(this.#mark, 'in');
    this.#stopWatching();
    this.#stopWatching = room.ended.subscribe((why) => {
      if (why !== null) this.#over(call, why);
    });
    const peers = room.peers.current;
    if (peers.length > 0)
      await Promise.race(peers.map((peer) => arrival(peer, this.#outside.after, secondsForThoseThere)));
    if (this.#call === call) this.#place.value = { at: 'call', call };
  }

  #over(call: Call, why: sdk.EyelineError): void {
    this.#call = null;
    this.#outside.session.forget(this.#mark);
    // What was said stays with the seat, and goes with it.
    if (why.code !== 'replaced') call.chat.leave();
    call.end();
    this.#equipment.end();
    const code = why.code === 'ended' && call.people.ended ? 'ended-by-us' : why.code;
    this.#place.value = { at: 'over', code, message: why.message };
    queueMicrotask(() => this.#stopWatching());
  }
}
