import type { Memory } from '@eyeline/app/platform/platform';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { PhonePlatform } from '../platform/platform';
import type { Account } from '../platform/user-agent';
import { phoneWords } from '../strings/phone';
import { Softphone } from './softphone';

const key = 'eyeline:phone:account';

/** Why nobody is signed in. */
export type SignInProblem = 'empty' | 'wrong' | 'refused';

/** The page `/phone`: a form to sign in, or a phone. */
export class Phone {
  readonly title: ReadonlySignal<string>;
  readonly softphone: ReadonlySignal<Softphone | null>;
  readonly user = signal('');
  readonly password = signal('');
  readonly problem = signal<SignInProblem | null>(null);
  readonly platform: PhonePlatform;
  /** Whom to call, from the link. */
  readonly dialled = signal('');
  readonly #softphone = signal<Softphone | null>(null);

  constructor(platform: PhonePlatform) {
    this.platform = platform;
    this.softphone = this.#softphone;
    const link = new URLSearchParams(platform.takeFragment());
    this.dialled.value = link.get('to') ?? '';
    this.title = computed(() => this.#title());
    const account = accountOf(link.get('user') ?? '', link.get('password') ?? '') ?? read(platform.session);
    if (account !== null && platform.webrtc) this.#open(account);
    else this.user.value = link.get('user') ?? '';
  }

  signIn(): void {
    const account = accountOf(this.user.peek(), this.password.peek());
    this.problem.value = account === null ? 'empty' : null;
    if (account !== null) this.#open(account);
  }

  signOut(): void {
    this.#softphone.peek()?.end();
    this.#softphone.value = null;
    this.password.value = '';
    this.platform.session.forget(key);
  }

  #open(account: Account): void {
    this.problem.value = null;
    this.user.value = account.login;
    this.platform.session.set(key, JSON.stringify(account));
    this.#softphone.value = new Softphone(this.platform, account, (status) => {
      this.signOut();
      this.problem.value = [401, 404, 407].includes(status) ? 'wrong' : 'refused';
    });
  }

  #title(): string {
    const phone = this.#softphone.value;
    if (phone === null) return phoneWords.title(phoneWords.signIn);
    const [rings] = phone.calls.incoming.value;
    const call = phone.calls.current.value;
    if (rings !== undefined) return phoneWords.title(phoneWords.incoming(phone.nameOf(rings.remote)));
    return phoneWords.title(call === null ? phone.user : phone.nameOf(call.remote));
  }
}

/** A site's short-lived username has the end of its time before the user: `1764460800:alice`. */
function accountOf(login: string, password: string): Account | null {
  const trimmed = login.trim();
  const user = trimmed
    .replace(/^\d+:/, '')
    .replace(/^sips?:/i, '')
    .replace(/@.*$/, '');
  if (user === '' || password === '') return null;
  return { user, login: /^\d+:/.test(trimmed) ? trimmed : user, password };
}

/** The account that was signed in before this page was reloaded. */
function read(session: Memory): Account | null {
  try {
    const { login, password } = JSON.parse(session.get(key) ?? '{}') as Partial<Account>;
    return accountOf(login ?? '', password ?? '');
  } catch {
    return null;
  }
}
