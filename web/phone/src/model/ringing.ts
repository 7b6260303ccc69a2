import { NotificationSwitch } from '@eyeline/app/model/attention/notification-switch';
import type { Alerts, Sound } from '@eyeline/app/platform/platform';
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { PhonePlatform } from '../platform/platform';
import { phoneWords } from '../strings/phone';
import type { Calls } from './calls';
import type { PhoneCall } from './phone-call';

/** Seconds from one ring to the next, of the tone while theirs rings, and of messages that are heard. */
const every = { ring: 3, ringback: 4, message: 1 };

/** Rings: a sound, a notification and a mark on the page's icon. */
export class Ringing {
  /** null until loaded. */
  readonly notifications: ReadonlySignal<NotificationSwitch | null>;
  readonly #notifications = signal<NotificationSwitch | null>(null);
  readonly #alerts = signal<Alerts | null>(null);
  readonly #platform: PhonePlatform;
  readonly #calls: Calls;
  readonly #nameOf: (call: PhoneCall) => string;
  readonly #stops: (() => void)[];
  readonly #told = new WeakSet<PhoneCall>();
  #heard = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => {};

  constructor(platform: PhonePlatform, calls: Calls, nameOf: (call: PhoneCall) => string) {
    this.#platform = platform;
    this.#calls = calls;
    this.#nameOf = nameOf;
    this.notifications = this.#notifications;
    platform.alerts().then(
      (alerts) => {
        this.#alerts.value = alerts;
        this.#notifications.value = new NotificationSwitch(platform.memory, alerts.notifications);
      },
      () => undefined, // the server is away
    );
    this.#stops = [effect(() => this.#sound()), effect(() => this.#notify())];
  }

  /** A message came while nobody looks. */
  message(from: string, text: string, open: () => void): void {
    const now = this.#platform.now();
    if (now < this.#heard + every.message * 1000) return;
    this.#heard = now;
    this.#alerts.peek()?.play('message');
    if (!this.#platform.seen.peek()) this.#notifications.peek()?.show('message', from, text, open);
  }

  end(): void {
    for (const stop of this.#stops) stop();
    this.#cancel();
    this.#alerts.peek()?.mark(false);
    this.#alerts.peek()?.notifications?.clear();
  }

  #sound(): void {
    this.#cancel();
    const alerts = this.#alerts.value;
    if (alerts === null) return;
    const { incoming, current } = this.#calls;
    const rings = incoming.value.length > 0;
    alerts.mark(rings);
    if (rings) this.#repeat(alerts, current.value === null ? 'ring' : 'knock', every.ring);
    else if (current.value?.state.value === 'ringing') this.#repeat(alerts, 'ringback', every.ringback);
  }

  #repeat(alerts: Alerts, sound: Sound, seconds: number): void {
    const again = () => {
      alerts.play(sound);
      this.#cancel = this.#platform.after(seconds, again);
    };
    again();
  }

  #notify(): void {
    const notifications = this.#notifications.value;
    const calls = this.#calls.incoming.value;
    if (calls.length === 0) this.#alerts.peek()?.notifications?.clear();
    for (const call of calls) {
      if (this.#told.has(call) || this.#platform.seen.value) continue;
      this.#told.add(call);
      notifications?.show(
        'call',
        phoneWords.incoming(this.#nameOf(call)),
        phoneWords.offers(call.offersVideo),
        () => {},
      );
    }
  }
}
