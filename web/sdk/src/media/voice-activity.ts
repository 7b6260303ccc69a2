/** Audio level, 0 to 1, that counts as speech. */
const SPEAKING_LEVEL = 0.02;

/** Milliseconds that speech lasts after the last sound: there are gaps between words. */
const LASTS_MS = 500;

/** Voice activity detection, from the audio level. */
export class VoiceActivity {
  #until = 0;

  /** Whether somebody speaks. To be called several times a second with the current level. */
  update(level: number, nowMs: number): boolean {
    if (level > SPEAKING_LEVEL) this.#until = nowMs + LASTS_MS;
    return nowMs < this.#until;
  }
}
