import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import { CaptureError, type CaptureProblem, type PhonePlatform } from '../platform/platform';
import type { CallEvent, Identity, SipCall, UserAgent } from '../platform/user-agent';
import { type CallObserver, PhoneCall } from './phone-call';
import { Transfer } from './transfer';

/** Calls at once; whoever calls then hears that we're busy. */
const most = 4;

/** All calls of this page. One is in front; the others are on hold, or ring. */
export class Calls implements CallObserver {
  readonly list = signal<readonly PhoneCall[]>([]);
  /** The one in front. */
  readonly current = signal<PhoneCall | null>(null);
  readonly incoming: ReadonlySignal<readonly PhoneCall[]>;
  /** Those that wait behind the one in front. */
  readonly waiting: ReadonlySignal<readonly PhoneCall[]>;
  /** Callers hear that we're busy. */
  readonly busy = signal(false);
  /** Why a call couldn't be made or answered. */
  readonly problem = signal<CaptureProblem | null>(null);
  readonly transfer = new Transfer();
  /** The last call, until its end was seen or another begins. */
  readonly last = signal<PhoneCall | null>(null);
  readonly #platform: PhonePlatform;
  readonly #agent: UserAgent;
  readonly #log: (call: PhoneCall) => void;

  constructor(platform: PhonePlatform, agent: UserAgent, log: (call: PhoneCall) => void) {
    this.#platform = platform;
    this.#agent = agent;
    this.#log = log;
    this.incoming = computed(() => this.list.value.filter(({ state }) => state.value === 'incoming'));
    this.waiting = computed(() =>
      this.list.value.filter((call) => call !== this.current.value && call.state.value !== 'incoming'),
    );
  }

  /** Calls somebody. The call in front is put on hold. */
  async dial(to: Identity, video: boolean): Promise<void> {
    if (this.list.peek().length >= most) return;
    const call = new PhoneCall(this.#platform, this, to, true);
    this.#add(call);
    this.#bringForward(call);
    await this.#attempt(call, () => call.dial(video, (stream) => this.#agent.call(to.uri, stream)));
  }

  receive(sip: SipCall): void {
    if (this.busy.peek() || this.list.peek().length >= most) {
      const call = new PhoneCall(this.#platform, { ...ignoring, ended: this.#log }, sip.remote, false);
      call.ring(sip);
      call.decline('busy');
      return;
    }
    const call = new PhoneCall(this.#platform, this, sip.remote, false);
    call.ring(sip);
    this.#add(call);
  }

  /** Answers. The call in front is put on hold. */
  async answer(call: PhoneCall, video: boolean): Promise<void> {
    await batch(() => {
      this.#bringForward(call);
      return this.#attempt(call, () => call.answer(video));
    });
  }

  /** Puts another call in front, and the one that is there on hold. */
  switchTo(call: PhoneCall): void {
    this.#bringForward(call);
    call.hold(false);
  }

  async toggleCamera(call: PhoneCall): Promise<void> {
    try {
      await call.toggleCamera();
    } catch (error) {
      call.cameraProblem.value = error instanceof CaptureError ? error.problem : 'unknown';
    }
  }

  /** Asks somebody first, before the call is passed on to them. */
  async consult(call: PhoneCall, to: Identity): Promise<void> {
    this.transfer.consult(call);
    await this.dial(to, false);
    this.transfer.consulting(call, this.current.peek());
  }

  /** Closes what is said about the last call. */
  forget(): void {
    this.last.value = null;
    this.problem.value = null;
  }

  end(): void {
    for (const call of this.list.peek()) call.hangUp();
  }

  established(call: PhoneCall): void {
    if (this.current.peek() === null) this.current.value = call;
    if (this.current.peek() !== call) call.hold(true); // somebody was called or answered in the meantime
  }

  ended(call: PhoneCall): void {
    this.list.value = this.list.peek().filter((each) => each !== call);
    this.transfer.ended(call);
    if (this.current.peek() === call) {
      this.current.value = this.list.peek().find(({ state }) => state.peek() !== 'incoming') ?? null;
      this.last.value = call;
    }
    this.#log(call);
  }

  referred(call: PhoneCall, event: CallEvent & { readonly is: 'refer' }): void {
    const next = new PhoneCall(this.#platform, this, event.to, true);
    this.#add(next);
    if (this.current.peek() === call) this.#bringForward(next, false);
    void this.#attempt(next, () => next.dial(call.camera.peek() !== null, event.accept));
  }

  replaced(call: PhoneCall, by: SipCall): void {
    const next = new PhoneCall(this.#platform, this, by.remote, false);
    const video = call.camera.peek() !== null;
    batch(() => {
      next.ring(by);
      this.#add(next);
      if (this.current.peek() === call) this.#bringForward(next, false);
      void this.#attempt(next, () => next.answer(video));
    });
  }

  #add(call: PhoneCall): void {
    this.last.value = null;
    this.problem.value = null;
    this.list.value = [...this.list.peek(), call];
  }

  #bringForward(call: PhoneCall, hold = true): void {
    const before = this.current.peek();
    this.current.value = call;
    if (hold && before !== null && before !== call) before.hold(true);
  }

  /** Without a microphone there is no call; one that rings goes on ringing. */
  async #attempt(call: PhoneCall, attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      if (!call.live.peek()) return;
      if (call.state.peek() !== 'incoming') call.hangUp();
      else this.current.value = this.list.peek().find((each) => each.state.peek() === 'established') ?? null;
      this.problem.value = error instanceof CaptureError ? error.problem : 'unknown';
    }
  }
}

const ignoring: CallObserver = { established() {}, ended() {}, referred() {}, replaced() {} };
