import type * as sdk from '@eyeline/sdk';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import type { LocalDevices } from '../local-devices';
import { type NameReading, readName, shownName } from '../name';
import { hasCode, report } from '../page-error';
import { Subscriptions } from '../subscriptions';
import type { RoomAddress } from './route';

/** Who is inside, or why we don't know. */
export type Status =
  | { readonly is: 'connecting' }
  | { readonly is: 'away' }
  | { readonly is: 'refused'; readonly code: string; readonly message: string }
  | { readonly is: 'full'; readonly capacity: number }
  | { readonly is: 'locked' }
  /** The people inside use a key that our link lacks. */
  | { readonly is: 'keyless' }
  | { readonly is: 'here'; readonly names: readonly string[] };

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

const nameKey = 'eyeline:name';
const hiddenKey = 'eyeline:relay-only';

/** Whether this person hides their IP address from the others. */
export function hidesAddress({ memory }: Pick<Platform, 'memory'>): boolean {
  return memory.get(hiddenKey) !== null;
}

/** The lobby before a call: check your camera, enter your name, see who is inside. */
export class LobbyModel {
  readonly devices: LocalDevices;
  readonly room: string;
  /** Whether the link has a key. */
  readonly sealed: boolean;
  readonly name: ReadonlySignal<string>;
  /** What is wrong with the name, after an attempt to join with it. */
  readonly nameProblem = signal<Exclude<NameReading, { is: 'name' }> | null>(null);
  readonly status: ReadonlySignal<Status>;
  /** Relay only: hides our IP address. */
  readonly hidden = signal(false);
  readonly joining = signal(false);
  /** What we may send in the call. */
  readonly permissions: ReadonlySignal<sdk.Permissions>;
  /** Whether we have to knock. */
  readonly knocks: ReadonlySignal<boolean>;
  /** We have knocked and wait for a host. */
  readonly waiting: ReadonlySignal<boolean>;
  /** The room is full, and we join as soon as a seat is free. */
  readonly queued = signal(false);
  /** Why the last attempt to join failed. */
  readonly refusal = signal<Refusal | null>(null);
  readonly #name = signal('');
  readonly #memory: Platform['memory'];
  readonly #lobby: sdk.Lobby;
  readonly #enter: (room: sdk.Room) => Promise<void>;
  readonly #subscriptions = new Subscriptions();
  #abort = new AbortController();

  constructor(
    platform: Platform,
    { room, key, pass, owner }: RoomAddress,
    devices: LocalDevices,
    enter: (room: sdk.Room) => Promise<void>,
  ) {
    this.room = room;
    this.sealed = key !== null;
    this.devices = devices;
    this.#enter = enter;
    this.#memory = platform.memory;
    this.#name.value = platform.memory.get(nameKey) ?? '';
    this.name = this.#name;
    this.hidden.value = hidesAddress(platform);
    this.#lobby = platform.sdk.openLobby({
      url: platform.url,
      room,
      secret: key,
      pass,
      owner,
      identity: platform.identity,
      relayOnly: this.hidden.peek(),
    });
    this.waiting = this.#subscriptions.signal(this.#lobby.waiting);
    const entry = this.#subscriptions.signal(this.#lobby.entry);
    this.knocks = computed(() => entry.value === 'knock');
    this.permissions = this.#subscriptions.signal(this.#lobby.permissions);
    this.#subscriptions.on(this.#lobby.permissions, (now) => devices.allow(now));
    this.#subscriptions.on(this.#lobby.members, (members) => members !== null && void devices.start());
    this.status = statusOf(this.#lobby, this.#subscriptions, this.sealed);
    this.#subscriptions.add(
      effect(() => {
        // Not earlier: without camera or microphone permission, browsers hide their local addresses.
        const { camera, microphone, stream } = devices;
        if (camera.value.state === 'on' || microphone.value.state === 'on') this.#lobby.prepare(stream.peek());
      }),
    );
  }

  type(name: string): void {
    this.#name.value = name;
    this.nameProblem.value = null;
  }

  /** Joins the call; a full one as soon as a seat is free. If refused, the lobby stays open and says why. */
  async join(): Promise<void> {
    if (this.joining.peek()) return;
    const reading = readName(this.#name.peek());
    if (reading.is !== 'name') {
      this.nameProblem.value = reading;
      return;
    }
    this.#memory.set(nameKey, reading.name);
    this.joining.value = true;
    this.refusal.value = null;
    try {
      const { signal: aborted } = this.#abort;
      const room = await this.#takeSeat(reading.name, aborted);
      if (aborted.aborted) room?.leave();
      else if (room !== null) await this.#enter(room);
    } catch (error) {
      if (!hasCode(error)) report(error);
      const refusal = asRefusal(error);
      this.refusal.value = refusal.code === 'aborted' ? null : refusal;
    } finally {
      this.joining.value = false;
      this.queued.value = false;
    }
  }

  /** Waits for a free seat first if the room is full. null if that was aborted. */
  async #takeSeat(name: string, aborted: AbortSignal): Promise<sdk.Room | null> {
    this.queued.value = this.status.peek().is === 'full';
    if (this.queued.peek()) await this.#seatFreed(this.#lobby.members.current, aborted);
    while (!aborted.aborted) {
      const before = this.#lobby.members.current;
      try {
        return await this.#lobby.join({ name, stream: this.devices.stream.peek(), signal: aborted });
      } catch (error) {
        if (!this.queued.peek() || !hasCode(error) || error.code !== 'room-full') throw error;
        await this.#seatFreed(before, aborted); // somebody else was faster
      }
    }
    return null;
  }

  /** Resolves once the members are others than `before` and there is a seat, or when it's aborted. */
  #seatFreed(before: readonly sdk.Member[] | null, aborted: AbortSignal): Promise<void> {
    const isFree = (members: readonly sdk.Member[] | null) => members !== before && this.status.peek().is !== 'full';
    if (isFree(this.#lobby.members.current)) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        stop();
        resolve();
      };
      const stop = this.#lobby.members.subscribe((members) => {
        if (!isFree(members)) return;
        aborted.removeEventListener('abort', end);
        end();
      });
      aborted.addEventListener('abort', end, { once: true });
    });
  }

  hide(hide: boolean): void {
    this.hidden.value = hide;
    if (hide) this.#memory.set(hiddenKey, 'yes');
    else this.#memory.forget(hiddenKey);
    this.#lobby.hideAddress(hide);
  }

  /** Stops waiting to be let in. */
  stopWaiting(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  /** Leaves without having joined. */
  leave(): void {
    this.#abort.abort();
    this.#lobby.leave();
    this.end();
  }

  /** Ends the lobby: we have joined, or left. */
  end(): void {
    this.#subscriptions.end();
  }
}

function statusOf(lobby: sdk.Lobby, subscriptions: Subscriptions, sealed: boolean): ReadonlySignal<Status> {
  const broker = subscriptions.signal(lobby.signalling);
  const refused = subscriptions.signal(lobby.refused);
  const members = subscriptions.signal(lobby.members);
  const capacity = subscriptions.signal(lobby.capacity);
  const strangers = subscriptions.signal(lobby.strangers);
  const entry = subscriptions.signal(lobby.entry);
  return computed(() => {
    if (refused.value !== null) return { is: 'refused', ...asRefusal(refused.value) };
    if (broker.value === 'away') return { is: 'away' };
    if (members.value === null) return { is: 'connecting' };
    if (entry.value === 'locked') return { is: 'locked' };
    if (capacity.value !== null && members.value.length + strangers.value >= capacity.value)
      return { is: 'full', capacity: capacity.value };
    if (!sealed && strangers.value > 0 && members.value.length === 0) return { is: 'keyless' };
    return { is: 'here', names: members.value.map((member) => shownName(member.name)) };
  });
}

/** What isn't an error of the SDK is our own fault, not the server's. */
function asRefusal(error: unknown): Refusal {
  return hasCode(error) ? { code: error.code, message: error.message } : { code: 'page-error', message: '' };
}
