/** Milliseconds after connecting at which a good connection needs no protection from a small picture any more. */
const START_MS = 20_000;

/** Frames per second below which the camera counts as slow: a smaller picture is then better than a jerky one. */
const SLOW_FPS = 10;

/** How many measurements in a row must be slow, or show congestion. */
const MEASUREMENTS = 2;

/** Share of lost packets from which a line counts as congested, and up to which it counts as free. */
const CONGESTED = 0.1;
const FREE = 0.03;

/** Milliseconds by which the round-trip time of a congested line exceeds its least one: its queue is full. */
const QUEUE_MS = 150;

/** Milliseconds after a step down for which loss and delay may still come from what was sent before. */
const REPORTS_LAG_MS = 6000;

/** Milliseconds after a step up in which congestion shows that it failed. */
const SETTLES_MS = 10_000;

/** Milliseconds without congestion after which a step up is tried; doubled up to the maximum when a step up fails. */
const STEP_UP_AFTER_MS = 30_000;
const STEP_UP_AFTER_MAX_MS = 240_000;

/** By how much width and height are divided, and the highest bitrate in bit/s; best first. */
const STEPS = [
  { divisor: 1, bitrate: Number.POSITIVE_INFINITY },
  { divisor: 2, bitrate: 300_000 },
  { divisor: 4, bitrate: 120_000 },
] as const;

/** What was sent of the camera so far, from `getStats()`. */
export interface CameraSent {
  readonly frames: number;
  readonly packets: number;
  /** Packets that the other side reports as lost. */
  readonly packetsLost: number;
  /** Round-trip time by the other side's last report, in milliseconds; null if there was none yet. */
  readonly roundTripMs: number | null;
  /** Whether the browser reports a target bitrate, and so has a congestion control that we can rely on. */
  readonly hasTarget: boolean;
}

/**
 * Bitrate adaptation of the camera where the browser's own falls short: how large the picture is at first, and on a
 * congested line. Call {@link update} about once a second while connected.
 *
 * - **At first** browsers assume a slow line, shrink the picture, and take long to restore it (Firefox 153: about 20 s
 *   to 1280x720). So the degradation preference keeps the resolution, until frames are missing. Where the browser's
 *   congestion control can be relied on, that ends after 20 s. In Firefox each change interrupts what it receives: it
 *   creates a new receiver, and asks for a key frame.
 * - **On a congested line** Firefox 153 keeps sending: 1.4 Mbit/s and then 5 Mbit/s of retransmissions into a line of
 *   500 kbit/s, of which 40 to 90 % are lost. So when packets are lost, the picture gets smaller step by step, and
 *   larger again later.
 */
export class CameraQuality {
  /** null: what the browser prefers by itself. */
  preference: 'maintain-resolution' | null = 'maintain-resolution';
  #step = 0;
  #since: number | null = null;
  #last: (CameraSent & { readonly at: number }) | null = null;
  #slow = 0;
  #congested = 0;
  #changedAt: number | null = null;
  #leastRoundTrip = Number.POSITIVE_INFINITY;
  /** Whether the last change was a step up, as the first full size is. */
  #triedUp = true;
  #freeSince: number | null = null;
  #stepUpAfter = STEP_UP_AFTER_MS;

  /** By how much width and height are divided: 1, 2 or 4. */
  get divisor(): number {
    return this.#current.divisor;
  }

  /** The highest bitrate, in bit/s; may be infinite. */
  get bitrate(): number {
    return this.#current.bitrate;
  }

  /** `now` is in milliseconds. Returns whether anything changed. */
  update(sent: CameraSent, now: number): boolean {
    this.#since ??= now;
    this.#changedAt ??= now;
    const last = this.#last;
    if (last !== null && now <= last.at) return false;
    this.#last = { ...sent, at: now };
    if (last === null) return false;
    const prefers = this.#mayShrink(sent, sent.frames - last.frames, now - last.at, now);
    const stepped = !sent.hasTarget && this.#adaptToCongestion(sent, last, now);
    return prefers || stepped;
  }

  get #current(): (typeof STEPS)[number] {
    return STEPS[this.#step] ?? STEPS[0];
  }

  #mayShrink({ hasTarget }: CameraSent, frames: number, elapsed: number, now: number): boolean {
    if (this.preference === null) return false;
    this.#slow = frames > 0 && (frames * 1000) / elapsed < SLOW_FPS ? this.#slow + 1 : 0;
    const starts = !hasTarget || now - (this.#since ?? now) < START_MS;
    if (this.#slow < MEASUREMENTS && starts) return false;
    this.preference = null;
    return true;
  }

  #adaptToCongestion(sent: CameraSent, last: CameraSent, now: number): boolean {
    const packets = sent.packets - last.packets;
    const roundTrip = sent.roundTripMs ?? 0;
    if (sent.roundTripMs !== null) this.#leastRoundTrip = Math.min(this.#leastRoundTrip, roundTrip);
    const settled = now - (this.#changedAt ?? now);
    if ((!this.#triedUp && settled < REPORTS_LAG_MS) || packets <= 0) return false;
    const loss = (sent.packetsLost - last.packetsLost) / packets;
    const queues = roundTrip > this.#leastRoundTrip + QUEUE_MS;
    this.#congested = loss > CONGESTED || queues ? this.#congested + 1 : 0;
    if (loss > FREE || queues) this.#freeSince = null;
    else this.#freeSince ??= now;
    // Just after a larger picture, one measurement is enough: the line was free before.
    const enough = this.#triedUp && settled < SETTLES_MS ? 1 : MEASUREMENTS;
    if (this.#congested >= enough && this.#step < STEPS.length - 1) return this.#change(1, now);
    const isFree = this.#freeSince !== null && now - this.#freeSince >= this.#stepUpAfter;
    return isFree && this.#step > 0 && this.#change(-1, now);
  }

  #change(by: 1 | -1, now: number): true {
    const failed = by === 1 && this.#triedUp && now - (this.#changedAt ?? now) < SETTLES_MS;
    if (failed) this.#stepUpAfter = Math.min(2 * this.#stepUpAfter, STEP_UP_AFTER_MAX_MS);
    this.#triedUp = by === -1;
    this.#step += by;
    this.#changedAt = now;
    this.#congested = 0;
    this.#freeSince = null;
    return true;
  }
}
