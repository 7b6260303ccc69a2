import { signal } from '@preact/signals';
import { lazy } from '../../platform/lazy';
import type { Platform } from '../../platform/platform';
import type { Followed } from '../invitation/follow-words';
import { readKey } from './link-fragment';
import { isNewCallName } from './room-name';
import { roomPath } from './route';
import { type CodeReading, mayBeWords, readCode } from './typed-link';

const wordsPart = lazy(() => import('../invitation/follow-words'));

/** Why what was typed leads nowhere. */
export type CodeProblem =
  | Exclude<CodeReading, { is: 'room' }>
  | Exclude<Followed, { is: 'call' }>
  /** The field has other words now, which were probably meant. */
  | { readonly is: 'nearly' }
  | { readonly is: 'unknown'; readonly word: string }
  /** Probably an invitation with this many words. Joining again opens the room of that name. */
  | { readonly is: 'miscounted'; readonly count: number }
  /** It's the name of a new call, so the people in it have a key. Joining again goes there anyway. */
  | { readonly is: 'keyless' }
  /** Words need a page that came over HTTPS. */
  | { readonly is: 'insecure' };

/** The way into a call that you were given a link, a name or words for. */
export class CodeEntry {
  readonly code = signal('');
  readonly problem = signal<CodeProblem | null>(null);
  /** We are getting the link from the person who said the words. */
  readonly following = signal(false);
  readonly #platform: Platform;
  readonly #abort = new AbortController();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  type(code: string): void {
    this.code.value = code;
    this.problem.value = null;
  }

  /** Takes the link out of a pasted text; false if there is none with a key, so that the text is pasted as it is. */
  paste(text: string): boolean {
    const reading = readCode(text, this.#platform.url);
    if (reading.is !== 'room' || readKey(reading.fragment).is !== 'key') return false;
    this.type(new URL(roomPath(reading.room, null) + reading.fragment, this.#platform.url).href);
    return true;
  }

  async join(): Promise<void> {
    if (this.following.peek()) return;
    const code = this.code.peek();
    if (mayBeWords(code) && (await this.#follow(code))) return;
    if (this.#abort.signal.aborted) return;
    const reading = readCode(code, this.#platform.url);
    if (reading.is === 'room' && this.#lacksKey(code, reading)) this.problem.value = { is: 'keyless' };
    else if (reading.is === 'room') this.#platform.address.go(roomPath(reading.room, null) + reading.fragment);
    else this.problem.value = reading;
  }

  /** Without HTTPS new calls have no key; and what has a slash is a link, which somebody made as it is. */
  #lacksKey(code: string, { room, fragment }: { readonly room: string; readonly fragment: string }): boolean {
    if (!this.#platform.secure || fragment !== '' || code.includes('/')) return false;
    return isNewCallName(room) && this.problem.peek()?.is !== 'keyless';
  }

  /** The page shows something else. */
  end(): void {
    this.#abort.abort();
  }

  /** Follows the code if it's an invitation of words; false if it isn't one. */
  async #follow(code: string): Promise<boolean> {
    this.following.value = true;
    try {
      const { followWords, readWords } = await wordsPart();
      const reading = readWords(code);
      if (reading.is === 'other') return false;
      if (reading.is === 'miscounted' && this.problem.peek()?.is === 'miscounted') return false;
      if (reading.is === 'nearly') this.code.value = reading.words.join(' ');
      if (reading.is !== 'words') this.problem.value = reading;
      else if (!this.#platform.secure) this.problem.value = { is: 'insecure' };
      else this.#arrive(await followWords(this.#platform, reading.words, this.#abort.signal));
    } catch {
      this.problem.value = { is: 'refused', code: 'unreachable', message: '' };
    } finally {
      this.following.value = false;
    }
    return true;
  }

  #arrive(followed: Followed): void {
    if (this.#abort.signal.aborted) return;
    if (followed.is === 'call') this.#platform.address.go(followed.path);
    else this.problem.value = followed;
  }
}
