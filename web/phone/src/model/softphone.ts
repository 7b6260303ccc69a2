import { readRoute } from '@eyeline/app/model/start/route';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { PhonePlatform } from '../platform/platform';
import { type Account, type Identity, MessageError, type SipCall, type UserAgent } from '../platform/user-agent';
import { Calls } from './calls';
import { type Contact, People } from './people';
import { sameAddress, shortAddress } from './person';
import type { PhoneCall } from './phone-call';
import { Ringing } from './ringing';

/** Seconds between two questions who is online, also when something happens, and until a refused registration is tried again. */
const every = { directory: 15, soonest: 3, register: 10 };

/** The longest message, in characters: it must fit where SIP goes by UDP (RFC 3428). */
export const longestMessage = 1000;

/** Whether we can be called. `away`: the connection to the server is cut, and is opened again by itself. */
export type Registration = 'connecting' | 'registered' | 'away';

/** `sealed`: the link to a call whose secret is in the link, which a phone can't have. */
export type BadAddress = 'none' | 'sealed';

/** A phone that is signed in. */
export class Softphone {
  readonly registration = signal<Registration>('connecting');
  readonly calls: Calls;
  readonly people: People;
  readonly ringing: Ringing;
  /** The person whose page is open: their address. */
  readonly open = signal<string | null>(null);
  readonly person: ReadonlySignal<Contact | null>;
  /** Why what was typed can't be called. */
  readonly badAddress = signal<BadAddress | null>(null);
  readonly user: string;
  readonly #platform: PhonePlatform;
  readonly #agent: UserAgent;
  readonly #refused: (status: number) => void;
  readonly #stopWatching: () => void;
  #looked = Number.NEGATIVE_INFINITY;
  #cancelDirectory: () => void = () => {};
  #cancelRegister: () => void = () => {};

  /** `refused` is told when the server doesn't accept the password any more. */
  constructor(platform: PhonePlatform, account: Account, refused: (status: number) => void) {
    this.#platform = platform;
    this.#refused = refused;
    this.user = account.user;
    this.#agent = platform.openUserAgent(account, {
      registered: () => this.#registered(),
      disconnected: () => this.#away(),
      refused: (status) => this.#onRefused(status),
      incoming: (call: SipCall) => this.#incoming(call),
      message: (from, text) => this.#message(from, text),
    });
    this.people = new People(this.#agent.uri, platform);
    this.calls = new Calls(platform, this.#agent, (call) => this.#log(call));
    this.ringing = new Ringing(platform, this.calls, (call) => this.nameOf(call.remote));
    this.person = computed(() => {
      const uri = this.open.value;
      return uri === null ? null : this.people.find(uri);
    });
    this.#stopWatching = effect(() => {
      const calling = this.calls.list.value.length > 0;
      platform.stayAwake(calling);
      platform.warnOnLeave(calling);
    });
  }

  get uri(): string {
    return this.#agent.uri;
  }

  nameOf(who: Identity): string {
    return this.people.nameOf(who);
  }

  /** The address as people know it. */
  shortAddress(uri: string): string {
    return shortAddress(uri, this.uri);
  }

  /** Whom somebody means by a name, an address, or the link to a call. null if that can't be called: see `badAddress`. */
  find(typed: string): Identity | null {
    const link = typed.trim();
    const { url } = this.#platform;
    const route = link.startsWith(url) ? readRoute(link.slice(url.length)) : null;
    const room = route?.at === 'room' ? route : null;
    const sealed = room !== null && room.key !== null;
    const dead = room === null && /^https?:/i.test(link);
    const uri = sealed || dead ? null : this.#agent.addressOf(room?.room ?? typed);
    this.badAddress.value = uri !== null ? null : sealed ? 'sealed' : 'none';
    return uri === null ? null : { uri: sameAddress(uri), name: this.people.find(uri)?.name ?? '' };
  }

  /** Opens the page of a person. */
  show(uri: string | null): void {
    this.open.value = uri;
    if (uri === null) return;
    this.people.seen(uri);
  }

  async write(to: Identity, text: string): Promise<void> {
    const delivered = this.people.wrote(to, this.#platform.now(), text);
    try {
      await this.#agent.send(to.uri, text);
      delivered('sent');
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      delivered('failed');
    }
  }

  end(): void {
    this.#cancelDirectory();
    this.#cancelRegister();
    this.calls.end();
    this.#stopWatching();
    this.ringing.end();
    this.people.end();
    this.#agent.stop();
  }

  #registered(): void {
    this.registration.value = 'registered';
    this.#looked = Number.NEGATIVE_INFINITY;
    this.#look();
  }

  #away(): void {
    this.registration.value = 'away';
    this.#cancelDirectory();
    this.people.see(null);
  }

  #onRefused(status: number | null): void {
    if (status !== null && status < 500) {
      this.#refused(status);
      return;
    }
    this.registration.value = 'away';
    this.#cancelRegister();
    this.#cancelRegister = this.#platform.after(every.register, () => this.#agent.register());
  }

  #look(): void {
    if (this.#platform.now() < this.#looked + every.soonest * 1000) return;
    this.#looked = this.#platform.now();
    this.#cancelDirectory();
    this.#cancelDirectory = this.#platform.after(every.directory, () => this.#look());
    this.#agent.directory().then(
      ({ online, iceServers }) => {
        this.people.see(online);
        this.#agent.useIceServers(iceServers);
      },
      () => undefined, // it doesn't tell
    );
  }

  #incoming(call: SipCall): void {
    this.#look();
    this.calls.receive(call);
  }

  #message(from: Identity, text: string): void {
    const looking = this.#platform.seen.peek() && this.person.peek()?.uri === sameAddress(from.uri);
    this.#look();
    this.people.read(from, this.#platform.now(), text.slice(0, 4 * longestMessage), !looking);
    this.ringing.message(this.nameOf(from), text.slice(0, 200), () => this.show(sameAddress(from.uri)));
  }

  #log(call: PhoneCall): void {
    const since = call.since.peek();
    const { why = 'over', by = 'us' } = call.ending.peek() ?? {};
    const seconds = since === null ? null : Math.round((this.#platform.now() - since) / 1000);
    this.people.called(call.remote, { at: call.at, mine: call.mine, seconds, why });
    if (!call.mine && seconds === null && by !== 'us' && why !== 'elsewhere') this.people.missed(call.remote);
  }
}
