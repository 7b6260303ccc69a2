import type * as sdk from '@eyeline/sdk';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { type ScreenProblem, screenWords } from '../../strings/screens';
import type { Notices } from '../notices';
import type { Other } from '../person';
import { Subscriptions } from '../subscriptions';

/** A screen that somebody else shares. */
export interface Screen {
  /** Unique among everything on the stage. */
  readonly key: string;
  readonly person: Other;
  readonly stream: MediaStream;
}

/** A refusal faster than this (ms) came from the browser itself, not from the person. */
const unread = 200;

/** Shared screens: the others' and yours. */
export class Screens {
  /** Screens of the others, the newest last. */
  readonly shown: ReadonlySignal<readonly Screen[]>;
  /** The one on the stage: the newest, or the one you chose. */
  readonly front: ReadonlySignal<Screen | null>;
  /** Whether you can share your screen. */
  readonly mayShare: ReadonlySignal<boolean>;
  /** What you share; null if nothing. */
  readonly mine: ReadonlySignal<MediaStream | null>;
  readonly sharing: ReadonlySignal<boolean>;
  /** Key of the screen that fills the page. */
  readonly viewed = signal<string | null>(null);
  readonly #platform: Platform;
  readonly #room: sdk.Room;
  readonly #notices: Notices;
  readonly #allowed: ReadonlySignal<boolean>;
  readonly #shown = signal<readonly Screen[]>([]);
  /** Id of the person whose screen you chose. */
  readonly #chosen = signal<string | null>(null);
  readonly #subscriptions = new Subscriptions();
  #mine: MediaStream | null = null;
  #asking = false;

  constructor(
    platform: Platform,
    room: sdk.Room,
    others: ReadonlySignal<readonly Other[]>,
    allowed: ReadonlySignal<boolean>,
    notices: Notices,
  ) {
    this.#platform = platform;
    this.#room = room;
    this.#notices = notices;
    this.#allowed = allowed;
    this.shown = this.#shown;
    this.front = computed(() => {
      const shown = this.#shown.value;
      return shown.find(({ person }) => person.id === this.#chosen.value) ?? shown.at(-1) ?? null;
    });
    const permissions = this.#subscriptions.signal(room.permissions);
    this.mayShare = computed(() => platform.captureScreen !== null && allowed.value && permissions.value.has('screen'));
    const mine = this.#subscriptions.signal(room.screen);
    this.mine = mine;
    this.sharing = computed(() => mine.value !== null);
    this.#subscriptions.on(room.screen, (stream) => this.#hold(stream));
    this.#subscriptions.add(effect(() => this.#follow(allowed.value ? others.value : [], others.value)));
    this.#subscriptions.add(
      effect(() => {
        if (allowed.value || mine.value === null) return;
        this.stop();
        notices.show(screenWords.switchedOff);
      }),
    );
  }

  /** Call it while a click or a key press runs: otherwise browsers refuse. */
  async toggle(): Promise<void> {
    if (this.sharing.peek()) this.stop();
    else if (this.mayShare.peek() && !this.#asking) await this.#share();
  }

  stop(): void {
    this.#room.shareScreen(null);
  }

  /** Puts this person's screen on the stage. */
  choose(id: string): void {
    this.#chosen.value = id;
  }

  end(): void {
    this.#subscriptions.end();
    this.#hold(null);
  }

  async #share(): Promise<void> {
    const asked = this.#platform.now();
    this.#asking = true;
    try {
      const stream = await this.#platform.captureScreen?.();
      if (stream === undefined) return;
      if (this.#allowed.peek()) this.#room.shareScreen(stream);
      if (this.#room.screen.current === stream) this.#notices.tell(screenWords.sharing);
      else release(stream); // the call ended in the meantime, or sharing was turned off
    } catch (error) {
      const problem = problemOf(error, this.#platform.now() - asked);
      if (problem !== null) this.#notices.show(screenWords.problem(problem));
    } finally {
      this.#asking = false;
    }
  }

  /** Stops the capture as soon as the screen is no longer shared. */
  #hold(stream: MediaStream | null): void {
    const before = this.#mine;
    this.#mine = stream;
    if (before === null || before === stream) return;
    release(before);
    if (stream === null) this.#notices.tell(screenWords.stopped);
  }

  #follow(allowed: readonly Other[], here: readonly Other[]): void {
    const now = allowed.flatMap((person) => {
      const stream = person.screen.value;
      return stream === null ? [] : [{ key: `screen ${person.id}`, person, stream }];
    });
    const before = this.#shown.peek();
    const isNew = (one: Screen) => !before.some(({ person }) => person === one.person);
    const kept = before.flatMap(({ person }) => now.find((one) => one.person === person) ?? []);
    const begun = now.filter(isNew);
    for (const { person } of before) {
      const over = !kept.some((one) => one.person === person);
      if (over && here.includes(person)) this.#notices.tell(screenWords.ended(person.name));
    }
    for (const { person } of begun) this.#notices.tell(screenWords.shares(person.name));
    if (begun.length > 0) this.#chosen.value = null;
    this.#shown.value = [...kept, ...begun];
    if (!now.some(({ key }) => key === this.viewed.peek())) this.viewed.value = null;
  }
}

function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** null if the person said no. Browsers don't tell clearly whether it was the person who refused. */
function problemOf(error: unknown, waitedMs: number): ScreenProblem | null {
  const { name, message } = error instanceof Error ? error : new Error();
  if (name !== 'NotAllowedError') return 'unknown';
  if (/system/i.test(message)) return 'system';
  return waitedMs < unread ? 'unasked' : null;
}
