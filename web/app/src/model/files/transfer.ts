import type * as sdk from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { ChosenFolder } from '../../platform/platform';
import { shownName } from '../name';
import { Subscriptions } from '../subscriptions';

/** Seconds over which the speed is measured. */
const span = 4;
/** Seconds between two pictures of how far it is. */
const pictureEvery = 0.25;

export type Problem = 'room' | 'disk' | 'lost' | 'unsaved';

/** How fast it goes; null before that is known. */
export interface Pace {
  readonly bytesPerSecond: number;
  readonly secondsLeft: number;
}

export function isOver(state: sdk.TransferState): boolean {
  return state === 'verified' || state === 'stopped';
}

/** A file on its way to or from one person, as it is shown. */
abstract class Way {
  abstract readonly mine: boolean;
  readonly id: string;
  readonly size: number;
  /** As the SDK has it: base64 of a JPEG, or empty. */
  readonly preview: string;
  /** Of a folder, its files. */
  readonly entries: readonly sdk.FileEntry[] | null;
  readonly person: string;
  readonly personId: string;
  readonly progress: ReadonlySignal<sdk.FileProgress>;
  readonly pace: ReadonlySignal<Pace | null>;
  /** No path to the person just now. */
  readonly cut: ReadonlySignal<boolean>;
  readonly subscriptions = new Subscriptions();
  readonly #transfer: sdk.FileTransfer;

  constructor(transfer: sdk.FileTransfer, peer: sdk.Peer, now: () => number) {
    this.#transfer = transfer;
    this.id = transfer.offer.id;
    this.size = transfer.offer.size;
    this.preview = transfer.offer.preview;
    this.entries = transfer.offer.entries ?? null;
    this.person = shownName(peer.name);
    this.personId = peer.id;
    const cut = signal(false);
    this.cut = cut;
    this.subscriptions.on(peer.line, ({ state }) => {
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

export class Outgoing extends Way {
  readonly mine = true;
  readonly name: string;
  readonly asksUs = false;

  constructor(transfer: sdk.FileTransfer, peer: sdk.Peer, name: string, now: () => number) {
    super(transfer, peer, now);
    this.name = name;
  }
}

export class Incoming extends Way {
  readonly mine = false;
  readonly name: string;
  /** Why it could not be taken. */
  readonly problem = signal<Problem | null>(null);
  /** It is in the browser's storage, and can be saved from there. */
  stored = false;
  /** Where the person wants the folder to be. */
  place: ChosenFolder | null = null;
  /** Of a folder that is whole: whether it is where the person wants it. */
  readonly saving = signal<'no' | 'runs' | 'done'>('no');
  readonly #file: sdk.IncomingFile;

  constructor(file: sdk.IncomingFile, peer: sdk.Peer, now: () => number) {
    super(file, peer, now);
    this.#file = file;
    this.name = file.offer.name;
  }

  get asksUs(): boolean {
    return this.progress.value.state === 'asked';
  }

  /** A folder that is whole and stored, but not where the person wants it. */
  get needsPlace(): boolean {
    const whole = this.progress.value.state === 'verified';
    return whole && this.stored && this.entries !== null && this.saving.value === 'no';
  }

  /** `readBack` reads what was written, if one can. */
  accept(to: WritableStream<Uint8Array<ArrayBuffer>>, kept: sdk.Kept | null, readBack: sdk.ReadBack | null): void {
    this.#file.accept(to, kept ?? undefined, readBack ?? undefined);
  }

  decline(): void {
    this.#file.decline();
  }
}

export type Transfer = Outgoing | Incoming;

/** Measures the pace over the last seconds that it ran; bytes that were there at the start were not sent now. */
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
