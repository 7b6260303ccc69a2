import { signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { invitationWords } from '../../strings/invitation';
import { words } from '../../strings/strings';
import type { Notices } from '../notices';
import { calendarFile } from './calendar';
import { SpokenInvitation } from './spoken-invitation';

/** The ways to invite that need more than a click. */
export type Way = 'calendar' | 'words';

/** Inviting people into the call, beyond copying its link. */
export class Invitation {
  /** What the invite dialog shows below the link. */
  readonly way = signal<Way | null>(null);
  /** The five words that lead here now; null if there are none. */
  readonly spoken = signal<SpokenInvitation | null>(null);
  /** Whether the browser has a share sheet. */
  readonly shares: boolean;
  /** Whether the link has a key. */
  readonly sealed: boolean;
  /**
   * Whether words are needed and can be made: a link without a key is as short as its name, and browsers do cryptography
   * only on pages that came over HTTPS.
   */
  readonly speaks: boolean;
  readonly #platform: Platform;
  readonly #link: string;
  readonly #notices: Notices;

  constructor(platform: Platform, link: string, notices: Notices) {
    this.#platform = platform;
    this.#link = link;
    this.#notices = notices;
    this.shares = platform.share !== null;
    this.sealed = link.includes('#');
    this.speaks = platform.secure && this.sealed;
  }

  /** The server, as people say it. */
  get host(): string {
    return new URL(this.#platform.url).host;
  }

  get #title(): string {
    return invitationWords.title(this.#platform.operator?.name ?? null);
  }

  /** Opens the share sheet of the system. Call it while a click runs. */
  async share(): Promise<void> {
    const { share } = this.#platform;
    await share?.({ title: this.#title, text: invitationWords.sentence(this.host), url: this.#link }).catch(() => {}); // closed
  }

  /** Copies a sentence with the link. */
  async copy(): Promise<void> {
    const text = invitationWords.text(this.host, this.#link);
    const copied = await this.#platform.copy(text).then(
      () => true,
      () => false,
    );
    this.#notices.show(copied ? invitationWords.copied : words.notCopied);
  }

  /** The next full hour, as the local date and time `2026-11-28T18:00`. */
  suggestedStart(): string {
    const hour = new Date(this.#platform.now() + 3_600_000);
    const [year, ...rest] = [hour.getFullYear(), hour.getMonth() + 1, hour.getDate(), hour.getHours()];
    const [month, day, hours] = rest.map((part) => String(part).padStart(2, '0'));
    return `${year}-${month}-${day}T${hours}:00`;
  }

  /** Saves a calendar file; false if `local` isn't a local date and time. */
  save(local: string, minutes: number): boolean {
    const starts = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local) ? new Date(local).getTime() : Number.NaN;
    if (Number.isNaN(starts)) return false;
    const file = calendarFile({
      uid: [...this.#platform.random(16)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
      written: this.#platform.now(),
      starts,
      ends: starts + minutes * 60_000,
      title: this.#title,
      description: invitationWords.text(this.host, this.#link),
      url: this.#link,
    });
    this.#platform.saveText('call.ics', file, 'text/calendar');
    return true;
  }

  /** Makes five words that lead here for ten minutes. */
  say(): void {
    this.end();
    this.spoken.value = new SpokenInvitation(this.#platform, this.#link.slice(this.#platform.url.length));
  }

  end(): void {
    this.spoken.peek()?.end();
  }
}
