/** Audio level, 0 to 1, above which somebody speaks. */
const SPEAKING_LEVEL = 0.02;

/** Milliseconds that somebody is shown to speak after a sound: words have gaps between them. */
const LASTS_MS = 500;

/** Tells from a level now and then whether somebody speaks. */
export class VoiceActivity {
  #until = 0;

  /** To be called several times a second, with the level just now. */
  update(level: number, nowMs: number): boolean {
    if (level > SPEAKING_LEVEL) this.#until = nowMs + LASTS_MS;
    return nowMs < this.#until;
  }
}
