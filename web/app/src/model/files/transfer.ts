import type * as sdk from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { ChosenFolder } from '../../platform/platform';
import { Subscriptions } from '../subscriptions';

/** Seconds over which the speed is averaged. */
const span = 4;
/** Seconds between two updates of the shown progress. */
const pictureEvery = 0.25;

export type Problem = 'room' | 'memory' | 'disk' | 'lost' | 'unsaved';

/** Speed and time left; null until they are known. */
export interface Pace {
  readonly bytesPerSecond: number;
  readonly secondsLeft: number;
}

export function isOver(state: sdk.TransferState): boolean {
  return state === 'verified' || state === 'stopped';
}

/** With whom a file is exchanged, and the name under which they are shown. */
export interface Partner {
  readonly peer: sdk.Peer;
  readonly person: string;
}

/** A file transfer to or from one person, as it's shown. */
abstract class BaseTransfer {
  abstract readonly mine: boolean;
  readonly id: string;
  readonly size: number;
  /** A JPEG in base64, or empty. */
  readonly preview: string;
  /** For a folder: its files. */
  readonly entries: readonly sdk.FileEntry[] | null;
  readonly person: string;
  readonly personId: string;
  readonly progress: ReadonlySignal<sdk.FileProgress>;
  readonly pace: ReadonlySignal<Pace | null>;
  /** There is no connection to the person right now. */
  readonly cut: ReadonlySignal<boolean>;
  readonly subscriptions = new Subscriptions();
  readonly #transfer: sdk.FileTransfer;

  constructor(transfer: sdk.FileTransfer, { peer, person }: Partner, now: () => number) {
    this.#transfer = transfer;
    this.id = transfer.offer.id;
    this.size = transfer.offer.size;
    this.preview = transfer.offer.preview;
    this.entries = transfer.offer.entries ?? null;
    this.person = person;
    this.personId = peer.id;
    const cut = signal(false);
    this.cut = cut;
    this.subscriptions.on(peer.connection, ({ state }) => {
      cut.value = state === 'lost' || state === 'looking';
    });
    const progress = signal(transfer.progress.current);
    const pace = signal<Pace | null>(null);
    this.progress = progress;
    this.pace = pace;
    const measure = meter(this.size, now);
    let shown = Number.NEGATIVE_INFINITY;
    this.subscriptions.on(transfer.progress, (latest) => {
      const { state, paused } = progress.peek();
      const steady = latest.state === state && latest.paused === paused && latest.bytes < this.size;
      const measured = measure(latest);
      if (steady && now() < shown + pictureEvery * 1000) return;
      shown = now();
      progress.value = latest;
      pace.value = measured;
    });
  }

  pause(): void {
    this.#transfer.pause();
  }

  resume(): void {
    this.#transfer.resume();
  }

  cancel(): void {
    this.#transfer.cancel();
  }

  end(): void {
    this.subscriptions.end();
  }
}

export class Outgoing extends BaseTransfer {
  readonly mine = true;
  readonly name: string;
  readonly asksUs = false;

  constructor(transfer: sdk.FileTransfer, partner: Partner, name: string, now: () => number) {
    super(transfer, partner, now);
    this.name = name;
  }
}

export class Incoming extends BaseTransfer {
  readonly mine = false;
  readonly name: string;
  /** Why it couldn't be received or saved. */
  readonly problem = signal<Problem | null>(null);
  /** Under which it's stored. The id alone isn't enough: anyone could send it. */
  readonly key: string;
  /** It's in the browser's storage, and can be saved from there. */
  readonly stored = signal(false);
  /** That storage is the memory, which a reload loses. */
  readonly inMemory = signal(false);
  /** Where the person wants to put the folder. */
  place: ChosenFolder | null = null;
  /** Whether a complete file is where the person wants it. Of a download we only know that the browser got it. */
  readonly saving = signal<'no' | 'runs' | 'handed' | 'done'>('no');
  readonly #file: sdk.IncomingFile;

  constructor(file: sdk.IncomingFile, partner: Partner, now: () => number) {
    super(file, partner, now);
    this.#file = file;
    this.name = file.offer.name;
    this.key = `${this.id}.${encodeURIComponent(partner.peer.id)}`;
  }

  get asksUs(): boolean {
    return this.progress.value.state === 'asked';
  }

  /** A complete folder for which the person still has to choose a place. */
  get needsPlace(): boolean {
    const whole = this.progress.value.state === 'verified';
    return whole && this.stored.value && this.entries !== null && this.saving.value === 'no';
  }

  /** It's only in memory so far. */
  get losesOnReload(): boolean {
    const state = this.progress.value.state;
    return this.inMemory.value && state !== 'stopped' && !['handed', 'done'].includes(this.saving.value);
  }

  /** `readBack` reads what was written, if that's possible. */
  accept(
    to: WritableStream<Uint8Array<ArrayBuffer>>,
    kept: sdk.StoredChunks | null,
    readBack: sdk.ReadBack | null,
  ): void {
    this.#file.accept(to, kept ?? undefined, readBack ?? undefined);
  }

  decline(code?: 'no-room'): void {
    this.#file.decline(code);
  }
}

export type Transfer = Outgoing | Incoming;

/** Measures the speed over the last seconds in which it ran. Bytes from before the start don't count. */
function meter(size: number, now: () => number): (progress: sdk.FileProgress) => Pace | null {
  let samples: { readonly at: number; readonly bytes: number }[] = [];
  return ({ state, paused, bytes }) => {
    if (state !== 'running' || paused !== 'no') samples = [];
    else samples.push({ at: now(), bytes });
    samples = samples.filter(({ at }) => at >= now() - span * 1000);
    const [first, last] = [samples.at(0), samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < 500) return null;
    const bytesPerSecond = ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
    return bytesPerSecond > 0 ? { bytesPerSecond, secondsLeft: (size - bytes) / bytesPerSecond } : null;
  };
}
