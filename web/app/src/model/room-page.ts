import type * as sdk from '@eyeline/sdk';
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../platform/platform';
import { Call } from './call';
import { firstConnection, secondsForThoseThere } from './first-connection';
import { LocalDevices } from './local-devices';
import { hidesAddress, LobbyModel, type Refusal } from './start/lobby';
import { keepOwner, ownerOf } from './start/new-call';
import { type RoomAddress, roomPath } from './start/route';

/** Refusals that trying again doesn't change, so there is nothing to do in the lobby. */
const finalRefusals: ReadonlySet<string> = new Set([
  'pass-needed',
  'pass-invalid',
  'pass-expired',
  'not-allowed',
  'time-up',
]);

/** Where we are in a room's address. */
export type RoomState =
  | { readonly at: 'returning' }
  | { readonly at: 'lobby'; readonly lobby: LobbyModel }
  | { readonly at: 'call'; readonly call: Call }
  | { readonly at: 'over'; readonly code: string; readonly message: string; readonly call: PastCall | null };

/** What is left of a call that is over. */
export interface PastCall {
  readonly seconds: number;
  /** Saves the chat as text; null if nothing was written. */
  readonly saveChat: (() => void) | null;
}

/** The page of a room: lobby, call, over, and back in. */
export class RoomPage {
  readonly room: string;
  readonly #address: RoomAddress;
  readonly state: ReadonlySignal<RoomState>;
  readonly #state = signal<RoomState>({ at: 'returning' });
  readonly #platform: Platform;
  #devices: LocalDevices;
  #stopWatching: () => void = () => {};
  /** The call we are in, even before it is drawn. */
  #call: Call | null = null;
  #gone = false;
  /** When we joined, over reloads too: milliseconds since 1970. */
  #since = 0;

  constructor(platform: Platform, address: RoomAddress) {
    this.#platform = platform;
    this.room = address.room;
    if (address.owner !== null) {
      keepOwner(platform, address.room, address.owner);
      platform.address.rename(roomPath(address.room, address.key)); // so that a shared screen doesn't give it away
    }
    this.#address = { ...address, owner: ownerOf(platform, address.room) };
    this.state = this.#state;
    this.#devices = this.#start();
    if (platform.session.get(this.#mark) === null) this.#look();
    else void this.#comeBack();
  }

  /** Joins again after the call was over. */
  rejoin(): void {
    this.#devices = this.#start();
    void this.#look().join();
  }

  /** The address changed: leaves the lobby or the call. */
  end(): void {
    this.#gone = true;
    this.#stopWatching();
    const state = this.#state.peek();
    if (state.at === 'lobby') state.lobby.leave();
    if (this.#call !== null) {
      this.#call.forget();
      this.#call.leave();
      this.#platform.session.forget(this.#mark);
      this.#call.end();
    }
    this.#devices.end();
  }

  get #mark(): string {
    return `eyeline:in:${this.room}`;
  }

  /**
   * A pass may exclude camera or microphone, so with a pass we ask for them only after the server has said what is
   * allowed.
   */
  #start(): LocalDevices {
    const devices = new LocalDevices(this.#platform);
    if (this.#address.pass === null) void devices.start();
    return devices;
  }

  /** After a reload during a call: straight back into our seat, or into the lobby if it's gone. */
  async #comeBack(): Promise<void> {
    const { sdk, url, identity } = this.#platform;
    const relayOnly = hidesAddress(this.#platform);
    const stream = this.#devices.stream.peek();
    const { key: secret, pass, owner } = this.#address;
    const room = await sdk
      .rejoin({ url, room: this.room, secret, pass, owner, identity, relayOnly, stream })
      .catch(() => null);
    if (this.#gone) room?.leave();
    else if (room === null) this.#look();
    else await this.#enter(room);
  }

  #look(): LobbyModel {
    const lobby = new LobbyModel(this.#platform, this.#address, this.#devices, async (room) => {
      lobby.end();
      await this.#enter(room);
    });
    this.#state.value = { at: 'lobby', lobby };
    this.#stopWatching = effect(() => {
      const status = lobby.status.value;
      const refusal = lobby.refusal.value ?? (status.is === 'refused' ? status : null);
      if (refusal !== null && finalRefusals.has(refusal.code)) queueMicrotask(() => this.#turnAway(lobby, refusal));
    });
    return lobby;
  }

  #turnAway(lobby: LobbyModel, { code, message }: Refusal): void {
    const state = this.#state.peek();
    if (this.#gone || state.at !== 'lobby' || state.lobby !== lobby) return;
    this.#stopWatching();
    lobby.leave();
    this.#devices.end();
    this.#state.value = { at: 'over', code, message, call: null };
  }

  async #enter(room: sdk.Room): Promise<void> {
    const link = new URL(roomPath(this.room, this.#address.key), this.#platform.url).href;
    const { owner } = this.#address;
    const hostLink = owner === null ? null : `${link}${link.includes('#') ? '&' : '#'}host=${owner}`;
    const call = new Call(this.#platform, room, this.#devices, { link, hostLink });
    this.#call = call;
    this.#devices.enterCall();
    void this.#devices.start();
    this.#since = Number(this.#platform.session.get(this.#mark)) || this.#platform.now();
    this.#platform.session.set(this.#mark, String(this.#since));
    this.#stopWatching();
    this.#stopWatching = room.ended.subscribe((why) => {
      if (why !== null) this.#over(call, why);
    });
    const peers = room.peers.current;
    if (peers.length > 0)
      await Promise.race(peers.map((peer) => firstConnection(peer, this.#platform.after, secondsForThoseThere)));
    if (this.#call === call) this.#state.value = { at: 'call', call };
  }

  #over(call: Call, why: sdk.EyelineError): void {
    this.#call = null;
    this.#platform.session.forget(this.#mark);
    // The stored messages belong to the seat, which lives on if another window has taken it.
    if (why.code !== 'replaced') call.forget();
    call.end();
    this.#devices.end();
    const code = why.code === 'ended' && call.people.ended ? 'ended-by-us' : why.code;
    const seconds = (this.#platform.now() - this.#since) / 1000;
    const chat = call.lazy.chat.peek();
    const saveChat = chat === null || chat.lines.peek().length === 0 ? null : () => chat.save();
    this.#state.value = { at: 'over', code, message: why.message, call: { seconds, saveChat } };
    queueMicrotask(() => this.#stopWatching());
  }
}
