import type { PeerConnection } from '../connection/peer-connection.ts';
import { fingerprintIn } from '../connection/sdp.ts';
import { Source } from '../value.ts';
import type { Safety, ShortAuthString } from './short-auth-string.ts';
import type { VerificationStep } from './verification-steps.ts';

/** Steps kept while our side of the data channel is not open yet. */
const EARLY_STEPS_MAX = 4;

/** Milliseconds between two checks that the fingerprints are still the same. */
const RECHECK_EVERY_MS = 1000;

/** Loaded after joining: a call begins without it. */
const loadAlgorithm = () => import('./short-auth-string.ts');

export interface PeerVerificationOptions {
  readonly connection: () => PeerConnection;
  /** Whether this side commits first; the other side must not. */
  readonly commits: boolean;
  readonly send: (step: VerificationStep) => void;
  /** Our long-term key; null if there is none. */
  readonly identity: () => Promise<CryptoKeyPair | null>;
}

/** Verifies the DTLS fingerprints of each connection to one peer by a {@link ShortAuthString}. */
export class PeerVerification {
  readonly safety = new Source<Safety>({ state: 'comparing' });
  readonly #options: PeerVerificationOptions;
  readonly #timer = setInterval(() => this.#recheck(), RECHECK_EVERY_MS);
  /** Steps that arrived before our side of the data channel was open. */
  #early: VerificationStep[] = [];
  #running: { readonly string: ShortAuthString; readonly fingerprints: string } | null = null;

  constructor(options: PeerVerificationOptions) {
    this.#options = options;
    void loadAlgorithm().catch(() => undefined); // now, while the server can be reached
  }

  /** There is a new connection, with new keys. */
  reset(): void {
    this.#running = null;
    this.#early = [];
    this.safety.set({ state: 'comparing' });
  }

  /** The data channel is open. Browsers have the cryptography for this on secure pages only. */
  async start(): Promise<void> {
    if (globalThis.crypto?.subtle === undefined) return;
    const connection = this.#options.connection();
    await connection.idle(); // the channel may be open before the browser shows the description that opened it
    const algorithm = await loadAlgorithm().catch(() => null);
    if (algorithm === null) {
      console.warn('eyeline: the code that compares keys did not load');
      return;
    }
    if (connection !== this.#options.connection()) return;
    const [mine, theirs] = this.#fingerprints();
    if (mine === null || theirs === null) {
      this.safety.set({ state: 'failed' });
      return;
    }
    const { commits, send, identity } = this.#options;
    const string = new algorithm.ShortAuthString({ commits, mine, theirs, send, identity });
    const running = { string, fingerprints: mine + theirs };
    this.#running = running;
    string.safety.subscribe((safety) => this.#running === running && this.safety.set(safety));
    for (const step of this.#early.splice(0)) string.receive(step);
  }

  receive(step: VerificationStep): void {
    if (this.#running !== null) this.#running.string.receive(step);
    else if (this.#early.length < EARLY_STEPS_MAX) this.#early.push(step);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Fails if a renegotiation has changed the fingerprints. */
  #recheck(): void {
    if (this.#running !== null && this.#fingerprints().join('') !== this.#running.fingerprints)
      this.#running.string.fail();
  }

  #fingerprints(): readonly [string | null, string | null] {
    const { localDescription, remoteDescription } = this.#options.connection().connection;
    return [fingerprintIn(localDescription?.sdp), fingerprintIn(remoteDescription?.sdp)];
  }
}
