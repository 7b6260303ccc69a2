import { displayName } from './protocol.ts';

/** Characters of every encrypted name. */
const CARD_CHARACTERS = 400;

const SECRET_BYTES = 16;
const NONCE_BYTES = 16;
const NAME_BYTES = 256;
const IV_BYTES = 12;
const COUNT_BYTES = 8;
const TAG_BYTES = 16;

type Bytes = Uint8Array<ArrayBuffer>;

/** What a member encrypts in place of a name, for those who have the secret. */
export interface Card {
  /** New on each page load, base64url. */
  readonly nonce: string;
  readonly name: string;
}

/** Sender or receiver of an encrypted signal: the id that the server gave, and the nonce of their card. */
export interface SealedEnd {
  readonly id: string;
  readonly nonce: string;
}

/** Makes a secret for `RoomOptions.secret`: 128 random bits as 22 characters of base64url. */
export function newSecret(): string {
  return toText(random(SECRET_BYTES));
}

/**
 * The name of the room that belongs to an owner key, for `RoomOptions.room`. An owner key is 128 bits like a secret,
 * see {@link newSecret}. Needs a secure context. The Python side is in `signalling/moderation.py`.
 */
export async function ownedRoomName(owner: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(`eyeline room\0${owner}`)));
  const letters = Array.from(hash.subarray(0, 16), (byte) => LETTERS.charAt(byte & 31)).join('');
  return letters.replace(/(.{4})(?!$)/g, '$1-');
}

/** 32 characters that can't be mistaken for one another. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz123456789';

/** Whether a text is a secret, or an owner key, as {@link newSecret} makes it. */
export function isSecret(text: string): boolean {
  return fromText(text)?.length === SECRET_BYTES;
}

/** Whether this is an encrypted card and not a name. */
export function isCard(name: string): boolean {
  return name.length === CARD_CHARACTERS;
}

/**
 * End-to-end encryption of signals (AES-GCM, keys by HKDF from the room's secret): the server can neither read nor
 * change them. The format is in `docs/peer-protocol.md`; the Python side is `signalling/signal_encryption.py`. Needs a
 * secure context.
 */
export class Seal {
  readonly nonce = toText(random(NONCE_BYTES));
  readonly #cards: CryptoKey;
  readonly #signals: CryptoKey;

  private constructor(cards: CryptoKey, signals: CryptoKey) {
    this.#cards = cards;
    this.#signals = signals;
  }

  static async of(secret: string, room: string): Promise<Seal> {
    const bytes = fromText(secret) ?? new Uint8Array();
    const base = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey']);
    const derive = (purpose: string): Promise<CryptoKey> => {
      const [salt, info] = [utf8(`eyeline.v1 ${room}`), utf8(purpose)];
      const hkdf = { name: 'HKDF', hash: 'SHA-256', salt, info };
      return crypto.subtle.deriveKey(hkdf, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    };
    return new Seal(await derive('card'), await derive('signal'));
  }

  /** What `join` and `resume` carry as the name. */
  async sealCard(card: Card, iv: Bytes = random(IV_BYTES)): Promise<string> {
    const name = new Uint8Array(NAME_BYTES);
    name.set(utf8(card.name));
    return toText(await encrypt(this.#cards, joined(fromText(card.nonce) ?? new Uint8Array(), name), iv));
  }

  /** Decrypts a card; null if it is none, or belongs to another room or secret. */
  async openCard(text: string): Promise<Card | null> {
    const raw = isCard(text) ? fromText(text) : null;
    const plain = raw === null ? null : await decrypt(this.#cards, raw);
    if (plain === null) return null;
    const name = fromUtf8(plain.subarray(NONCE_BYTES))?.replace(/\0+$/, '');
    if (name === undefined || !displayName.test(name)) return null;
    return { nonce: toText(plain.subarray(0, NONCE_BYTES)), name };
  }

  /** Encrypts the data of a `signal`. `count` grows with each one from this sender to this receiver. */
  async sealSignal(
    text: string,
    sender: SealedEnd,
    receiver: SealedEnd,
    count: number,
    iv: Bytes = random(IV_BYTES),
  ): Promise<string> {
    const sealed = await encrypt(this.#signals, utf8(text), iv, way(sender, receiver, count));
    return toText(joined(fromCount(count), sealed));
  }

  /**
   * Decrypts a signal; null if sender or receiver differ, if it was changed, or if its count is not `after` the last.
   */
  async openSignal(
    data: string,
    sender: SealedEnd,
    receiver: SealedEnd,
    after: number,
  ): Promise<{ readonly count: number; readonly text: string } | null> {
    const raw = fromText(data);
    if (raw === null || raw.length < COUNT_BYTES + IV_BYTES + TAG_BYTES) return null;
    const count = toCount(raw.subarray(0, COUNT_BYTES));
    if (!(count > after)) return null;
    const plain = await decrypt(this.#signals, raw.subarray(COUNT_BYTES), way(sender, receiver, count));
    const text = plain === null ? undefined : fromUtf8(plain);
    return text === undefined ? null : { count, text };
  }
}

/** Characters of a signal after encryption. */
export function sealedLength(text: string): number {
  return Math.ceil(((utf8(text).length + COUNT_BYTES + IV_BYTES + TAG_BYTES) * 4) / 3);
}

async function encrypt(key: CryptoKey, plain: Bytes, iv: Bytes, additionalData?: Bytes): Promise<Bytes> {
  const cipher = await crypto.subtle.encrypt(algorithm(iv, additionalData), key, plain);
  return joined(iv, new Uint8Array(cipher));
}

async function decrypt(key: CryptoKey, raw: Bytes, additionalData?: Bytes): Promise<Bytes | null> {
  try {
    const iv = raw.subarray(0, IV_BYTES);
    return new Uint8Array(await crypto.subtle.decrypt(algorithm(iv, additionalData), key, raw.subarray(IV_BYTES)));
  } catch {
    return null; // another key, sender, receiver or count
  }
}

function algorithm(iv: Bytes, additionalData: Bytes = new Uint8Array()): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData };
}

function way(sender: SealedEnd, receiver: SealedEnd, count: number): Bytes {
  return utf8(`${sender.id} ${sender.nonce} ${receiver.id} ${receiver.nonce} ${count}`);
}

function fromCount(count: number): Bytes {
  const bytes = new Uint8Array(COUNT_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(count));
  return bytes;
}

function toCount(bytes: Bytes): number {
  const count = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.NaN : Number(count);
}

function random(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count));
}

function joined(first: Bytes, second: Bytes): Bytes {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function fromUtf8(bytes: Bytes): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function toText(bytes: Bytes): string {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** null if it is not what `toText` writes. */
function fromText(text: string): Bytes | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));
  return toText(bytes) === text ? bytes : null; // bits left over must be zero
}
