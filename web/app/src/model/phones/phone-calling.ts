import type * as sdk from '@eyeline/sdk';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { phoneWords } from '../../strings/phones';
import { words } from '../../strings/strings';
import type { Call } from '../call';
import { shownName } from '../name';
import { Subscriptions } from '../subscriptions';
import { dialled } from './sip-address';

/** Seconds that a notice about a phone that couldn't join is shown. */
const noticeSeconds = 20;

/** Seconds after which the server has told how a call ended, unless it was away at that moment. */
const longest = 75;

type Progress = 'calling' | 'ringing' | 'answered';

/** Calling somebody's phone, so that they join by it; and phones that call in. */
export class PhoneCalling {
  /** Whether we may call phones here. */
  readonly offered: ReadonlySignal<boolean>;
  /** The address at which a phone joins this room; null if it can't. */
  readonly roomAddress: ReadonlySignal<string | null>;
  /** The dialog is open. */
  readonly open = signal(false);
  /** What was typed in it. */
  readonly typed = signal('');
  /** Why the last call failed; empty if it didn't. */
  readonly problem = signal('');
  /** How the call goes; null if there is none. */
  readonly progress = signal<Progress | null>(null);
  readonly #platform: Platform;
  readonly #call: Call;
  readonly #phoneCalls: sdk.PhoneCalls;
  readonly #server: ReadonlySignal<sdk.Phones | null>;
  readonly #subscriptions = new Subscriptions();
  #stopWaiting: () => void = () => {};
  /** Whom we called last. */
  #user = '';

  constructor(platform: Platform, room: sdk.Room, call: Call) {
    this.#platform = platform;
    this.#call = call;
    this.#phoneCalls = room.phoneCalls;
    this.#server = this.#subscriptions.signal(room.phoneCalls.server);
    this.offered = computed(() => {
      const invites = call.people.role.value !== 'member' || call.people.entry.value === 'open';
      return invites && !call.sealed && this.#server.value?.callOut === true;
    });
    this.roomAddress = computed(() => {
      const server = this.#server.value;
      return server?.callIn === true && !call.sealed ? `sip:${room.name}@${server.host}` : null;
    });
    this.#subscriptions.on(room.phoneCalls.current, (now) => now !== null && this.#follow(now));
    this.#subscriptions.add(room.phoneCalls.onRefused((refused) => this.#refused(refused)));
    this.#subscriptions.add(effect(() => call.controls.hold('phone', this.open.value)));
  }

  /** The host in addresses of this server. */
  get host(): string {
    return this.#server.value?.host ?? '';
  }

  /** Whom the call is to. */
  get who(): string {
    return `${this.#user}@${this.host}`;
  }

  show(): void {
    this.#call.sharing.value = false;
    this.problem.value = '';
    this.open.value = true;
  }

  /** Closes the dialog, and ends the call if it still rings. */
  close(): void {
    if (this.progress.peek() !== null) this.#command(() => this.#phoneCalls.hangUp());
    this.#settle('');
    this.open.value = false;
  }

  /** Calls whom was typed. */
  dial(): void {
    const found = dialled(this.typed.peek(), this.host);
    if ('problem' in found) {
      this.problem.value = phoneWords.problem(found.problem, '', this.host);
      return;
    }
    this.#user = found.user;
    this.problem.value = '';
    if (this.#command(() => this.#phoneCalls.call(found.user))) this.#wait('calling');
  }

  async copyAddress(): Promise<void> {
    const copied = await this.#platform.copy(this.roomAddress.peek() ?? '').then(
      () => true,
      () => false,
    );
    this.#call.notices.show(copied ? phoneWords.copied : words.notCopied);
  }

  end(): void {
    this.#stopWaiting();
    this.#subscriptions.end();
  }

  #follow({ user, state, why = 'failed' }: sdk.PhoneCallStatus): void {
    if (user !== this.#user || this.progress.peek() === null) return; // we have given it up, or it began before a reload
    if (state === 'ended') {
      this.#settle(phoneWords.problem(why, this.who, this.host));
      if (why === 'cancelled') this.open.value = false;
    } else if (state === 'answered') {
      this.#settle('');
      this.open.value = false;
      this.#call.notices.show(phoneWords.answered(this.who));
    } else this.#wait(state);
  }

  #wait(progress: Progress): void {
    this.progress.value = progress;
    this.#stopWaiting();
    this.#stopWaiting = this.#platform.after(longest, () =>
      this.#settle(phoneWords.problem('failed', this.who, this.host)),
    );
  }

  /** The call is over, or was answered. */
  #settle(problem: string): void {
    this.#stopWaiting();
    this.progress.value = null;
    this.problem.value = problem;
  }

  /** Returns whether the server was told. */
  #command(command: () => void): boolean {
    try {
      command();
      return true;
    } catch {
      this.problem.value = phoneWords.problem('unreachable', '', this.host);
      return false;
    }
  }

  #refused({ name, why }: sdk.RefusedPhone): void {
    this.#call.notices.post({ words: phoneWords.refused[why](shownName(name)), stays: noticeSeconds });
  }
}
