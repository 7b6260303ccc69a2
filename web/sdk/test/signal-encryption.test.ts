import { describe, expect, test, vi } from 'vitest';
import vectors from '../../../tests/vectors/seal.json' with { type: 'json' };
import { isCard, isSecret, newSecret, ownedRoomName, Seal, sealedLength } from '../src/signalling/signal-encryption.ts';

const { alice, bob } = vectors.ends;
const iv = bytes(vectors.iv);
const signal = vectors.signals[1] ?? { text: '', count: 0, sealed: '' };

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));
}

const ours = (): Promise<Seal> => Seal.of(vectors.secret, vectors.room);

describe('the test vectors shared with Python', () => {
  test.for(vectors.cards)('a card for $name', async ({ name, nonce, sealed }) => {
    const seal = await ours();
    expect(await seal.sealCard({ nonce, name }, iv)).toBe(sealed);
    expect(await seal.openCard(sealed)).toEqual({ nonce, name });
    expect(isCard(sealed)).toBe(true);
  });

  test.for(vectors.signals)('the signal "$text"', async ({ text, count, sealed }) => {
    const seal = await ours();
    expect(await seal.sealSignal(text, alice, bob, count, iv)).toBe(sealed);
    expect(await seal.openSignal(sealed, alice, bob, count - 1)).toEqual({ text, count });
    expect(sealed).toHaveLength(sealedLength(text));
  });
});

test('the keys can not be read, not even by the page', async () => {
  const derived = vi.spyOn(crypto.subtle, 'deriveKey');
  await ours();
  const keys = (await Promise.all(derived.mock.results.map(({ value }) => value))) as CryptoKey[];
  expect(keys.map(({ extractable }) => extractable)).toEqual([false, false]);
  derived.mockRestore();
});

describe('decryption rejects', () => {
  test.for([
    ['another secret', newSecret(), 'tea'],
    ['another room', vectors.secret, 'coffee'],
  ] as const)('%s', async ([, secret, room]) => {
    const seal = await Seal.of(secret, room);
    expect(await seal.openCard(vectors.cards[0]?.sealed ?? '')).toBeNull();
    expect(await seal.openSignal(signal.sealed, alice, bob, 0)).toBeNull();
  });

  test.for([
    ['reflected', bob, alice],
    ['redirected', alice, { ...bob, id: 'carol-01' }],
    ["in another's name", { ...alice, id: 'carol-01' }, bob],
    ['from an earlier page', { ...alice, nonce: bob.nonce }, bob],
    ['for an earlier page', alice, { ...bob, nonce: alice.nonce }],
  ] as const)('a signal that was %s', async ([, sender, receiver]) => {
    expect(await (await ours()).openSignal(signal.sealed, sender, receiver, 0)).toBeNull();
  });

  test('a replayed signal', async () => {
    expect(await (await ours()).openSignal(signal.sealed, alice, bob, signal.count)).toBeNull();
  });

  test('a count above the safe integers', async () => {
    const huge = '_'.repeat(64);
    expect(await (await ours()).openSignal(huge, alice, bob, 0)).toBeNull();
  });

  test.for(['', 'A', '!', 'é', 'x'.repeat(400), 'Alice'])('the text "%s"', async (text) => {
    const seal = await ours();
    expect(await seal.openCard(text)).toBeNull();
    expect(await seal.openSignal(text, alice, bob, 0)).toBeNull();
  });

  test.for([' ', 'a\u202eb', 'x'.repeat(65), ''])('a card with a name that nobody may have: "%s"', async (name) => {
    const seal = await ours();
    expect(await seal.openCard(await seal.sealCard({ nonce: alice.nonce, name }))).toBeNull();
  });
});

test('each page load has its own nonce', async () => {
  expect((await ours()).nonce).not.toBe((await ours()).nonce);
});

test('a secret has 128 bits', () => {
  expect(newSecret()).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(isSecret(newSecret())).toBe(true);
  expect(isSecret(vectors.secret)).toBe(true);
  for (const other of ['', 'tea', `${newSecret()}A`, newSecret().slice(1)]) expect(isSecret(other)).toBe(false);
});

test('a room name is derived from the owner key, as in Python', async () => {
  expect(await ownedRoomName('AAECAwQFBgcICQoLDA0ODw')).toBe('z6v3-y74d-nwz5-n6aj');
  expect(await ownedRoomName('AAECAwQFBgcICQoLDA0ODg')).not.toBe('z6v3-y74d-nwz5-n6aj');
});
