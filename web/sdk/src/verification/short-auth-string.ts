import { Source, type Value } from '../value.ts';
import { EMOJI } from './emoji.ts';
import { NONCE_BYTES, type VerificationStep } from './verification-steps.ts';

/** How many emoji are compared. */
const COMPARED = 4;

type Bytes = Uint8Array<ArrayBuffer>;

/** Whether a machine in the middle may sit between us and a peer. */
export type Safety =
  | {
      /** Not known yet. It stays so on an insecure page. */
      readonly state: 'comparing';
    }
  | {
      /** The emoji can be compared. */
      readonly state: 'ready';
      /**
       * Four emoji, each as symbol and word. The two see the same ones if nobody sits between them, so they should
       * compare them by voice.
       */
      readonly emoji: readonly (readonly [string, string])[];
      /** SHA-256 hash of the peer's long-term key in hex, once they have proved that they have it; else null. */
      readonly identity: string | null;
    }
  | {
      /** The check failed: somebody sits between, or the peer's client is broken. */
      readonly state: 'failed';
    };

export interface ShortAuthStringOptions {
  /** Whether this end commits first; the other one doesn't. */
  readonly commits: boolean;
  /** DTLS fingerprints of the connection (SHA-256), in hex. */
  readonly mine: string;
  readonly theirs: string;
  readonly send: (step: VerificationStep) => void;
  /** Our long-term key; null if there is none. */
  readonly identity: () => Promise<CryptoKeyPair | null>;
  readonly nonce?: Bytes;
}

type State =
  | { readonly is: 'waiting' }
  | { readonly is: 'committed' }
  | { readonly is: 'answered'; readonly commitment: string }
  | { readonly is: 'done'; readonly nonces: Bytes; readonly signed: boolean }
  | { readonly is: 'failed' };

/**
 * Short authentication string (as in ZRTP, RFC 6189): both ends derive four emoji from their DTLS fingerprints. They
 * commit, exchange nonces and reveal, so that nobody can try nonces until the emoji match. The format is in
 * `docs/peer-protocol.md`; the Python side is `signalling/short_auth_string.py`. Needs a secure context.
 */
export class ShortAuthString {
  readonly safety: Value<Safety>;
  readonly #safety = new Source<Safety>({ state: 'comparing' });
  readonly #options: ShortAuthStringOptions;
  readonly #ends: Bytes;
  readonly #nonce: Bytes;
  #state: State = { is: 'waiting' };
  #work: Promise<void> = Promise.resolve();

  constructor(options: ShortAuthStringOptions) {
    this.safety = this.#safety;
    this.#options = options;
    const { commits, mine, theirs } = options;
    this.#ends = fromHex(commits ? mine + theirs : theirs + mine);
    this.#nonce = options.nonce ?? crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    if (commits) this.#then(() => this.#commit());
  }

  receive(step: VerificationStep): void {
    this.#then(() => this.#take(step));
  }

  /** The connection's fingerprints have changed. */
  fail(): void {
    this.#state = { is: 'failed' };
    this.#safety.set({ state: 'failed' });
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch(() => this.fail());
  }

  async #commit(): Promise<void> {
    const hash = toHex(await this.#hash('commit', this.#nonce));
    this.#state = { is: 'committed' };
    this.#options.send({ step: 'commit', hash });
  }

  async #take(step: VerificationStep): Promise<void> {
    const state = this.#state;
    if (step.step === 'commit' && state.is === 'waiting' && !this.#options.commits) {
      this.#state = { is: 'answered', commitment: step.hash };
      this.#options.send({ step: 'nonce', nonce: toHex(this.#nonce) });
    } else if (step.step === 'nonce' && state.is === 'committed') {
      this.#options.send({ step: 'reveal', nonce: toHex(this.#nonce) });
      await this.#agree(this.#nonce, fromHex(step.nonce));
    } else if (step.step === 'reveal' && state.is === 'answered') {
      const committed = fromHex(step.nonce);
      if (toHex(await this.#hash('commit', committed)) !== state.commitment) this.fail();
      else await this.#agree(committed, this.#nonce);
    } else if (step.step === 'identity' && state.is === 'done' && !state.signed) {
      this.#state = { ...state, signed: true };
      await this.#recognise(step, state.nonces);
    } else {
      this.fail(); // out of turn
    }
  }

  async #agree(committed: Bytes, answered: Bytes): Promise<void> {
    const nonces = joined(committed, answered);
    const [a = 0, b = 0, c = 0] = await this.#hash('emoji', nonces);
    const bits = (a << 16) | (b << 8) | c;
    const emoji = Array.from({ length: COMPARED }, (_, index) => emojiOf(bits >> (18 - 6 * index)));
    this.#state = { is: 'done', nonces, signed: false };
    this.#safety.set({ state: 'ready', emoji, identity: null });
    const identity = await this.#options.identity().catch(() => null);
    if (identity !== null) await this.#sign(identity, nonces);
  }

  async #sign({ privateKey, publicKey }: CryptoKeyPair, nonces: Bytes): Promise<void> {
    const statement = await this.#hash(this.#options.commits ? 'committer' : 'responder', nonces);
    const signature = new Uint8Array(await crypto.subtle.sign(ECDSA, privateKey, statement));
    const key = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
    this.#options.send({ step: 'identity', key: toHex(key), signature: toHex(signature) });
  }

  async #recognise({ key, signature }: VerificationStep & { readonly step: 'identity' }, nonces: Bytes): Promise<void> {
    const raw = fromHex(key);
    const curve = { name: 'ECDSA', namedCurve: 'P-256' };
    const theirs = await crypto.subtle.importKey('raw', raw, curve, false, ['verify']);
    const statement = await this.#hash(this.#options.commits ? 'responder' : 'committer', nonces);
    const safety = this.#safety.current;
    if (safety.state !== 'ready') return;
    if (!(await crypto.subtle.verify(ECDSA, theirs, fromHex(signature), statement))) this.fail();
    else this.#safety.set({ ...safety, identity: toHex(await sha256(raw)) });
  }

  #hash(purpose: 'commit' | 'emoji' | 'committer' | 'responder', nonces: Bytes): Promise<Bytes> {
    const label = new TextEncoder().encode(`eyeline ${purpose}\0`);
    return sha256(joined(label, nonces, this.#ends));
  }
}

function emojiOf(bits: number): readonly [string, string] {
  return EMOJI[bits & 63] ?? ['', ''];
}

const ECDSA = { name: 'ECDSA', hash: 'SHA-256' } as const;

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

function joined(...parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function toHex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
