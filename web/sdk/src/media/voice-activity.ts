/** Audio level, 0 to 1, that counts as speech. */
const SPEAKING_LEVEL = 0.02;

/** Milliseconds that speech lasts after the last sound: there are gaps between words. */
const LASTS_MS = 500;

/** A track's audio so far, from `getStats()`. */
export interface AudioTotals {
  /** The level squared, added up over all seconds of it. */
  readonly energy: number;
  readonly seconds: number;
}

/** Voice activity detection, from the audio level. */
export class VoiceActivity {
  #before: AudioTotals | null = null;
  #until = 0;

  /** Whether somebody speaks. To be called several times a second; null if nothing is known of the audio. */
  update(totals: AudioTotals | null, nowMs: number): boolean {
    if (this.#level(totals) > SPEAKING_LEVEL) this.#until = nowMs + LASTS_MS;
    this.#before = totals;
    return nowMs < this.#until;
  }

  /** The root mean square since the last update, so that no sound is missed. */
  #level(totals: AudioTotals | null): number {
    if (totals === null || this.#before === null) return 0;
    const seconds = totals.seconds - this.#before.seconds;
    const energy = totals.energy - this.#before.energy;
    return seconds > 0 && energy > 0 ? Math.sqrt(energy / seconds) : 0;
  }
}
