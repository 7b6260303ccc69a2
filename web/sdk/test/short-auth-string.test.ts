import { describe, expect, test, vi } from 'vitest';
import vectors from '../../../tests/vectors/emoji.json' with { type: 'json' };
import { fingerprintIn } from '../src/connection/sdp.ts';
import { EMOJI } from '../src/verification/emoji.ts';
import { type Safety, ShortAuthString } from '../src/verification/short-auth-string.ts';
import { parseStep, type VerificationStep } from '../src/verification/verification-steps.ts';

const ALICE = 'aa'.repeat(32);
const BOB = 'bb'.repeat(32);
const MALLORY = 'cc'.repeat(32);

type End = { readonly comparison: ShortAuthString; readonly said: VerificationStep[] };

function end(commits: boolean, mine: string, theirs: string, more: Partial<Parameters<typeof make>[0]> = {}): End {
  return make({ commits, mine, theirs, ...more });
}

function make(options: {
  commits: boolean;
  mine: string;
  theirs: string;
  nonce?: Uint8Array<ArrayBuffer>;
  identity?: CryptoKeyPair | null;
}): End {
  const said: VerificationStep[] = [];
  const { identity = null, ...rest } = options;
  const say = (step: VerificationStep): number => said.push(step);
  return { comparison: new ShortAuthString({ ...rest, send: say, identity: async () => identity }), said };
}

const settled = ({ comparison }: End): boolean => comparison.safety.current.state !== 'comparing';

function recognised({ comparison: { safety } }: End): boolean {
  return safety.current.state === 'ready' && safety.current.identity !== null;
}

/** Lets all be said, by way of `between`, until both are `done`. */
async function talk(
  one: End,
  other: End,
  {
    between = (step: VerificationStep): VerificationStep => step,
    done = (): boolean => settled(one) && settled(other),
  } = {},
): Promise<void> {
  const until = performance.now() + 10_000;
  while (!done()) {
    if (performance.now() > until) throw new Error('they are not done');
    await new Promise((resolve) => setTimeout(resolve));
    for (const step of one.said.splice(0)) other.comparison.receive(between(step));
    for (const step of other.said.splice(0)) one.comparison.receive(between(step));
  }
}

function wordsOf(safety: Safety): string {
  return safety.state === 'ready' ? safety.emoji.map(([, word]) => word).join(' ') : safety.state;
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const keys = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);

test.for(vectors)('both ends see what Python sees', async (vector) => {
  const one = end(true, vector.committer, vector.responder, { nonce: bytes(vector.committed) });
  const other = end(false, vector.responder, vector.committer, { nonce: bytes(vector.answered) });
  const commitments: VerificationStep[] = [];
  await talk(one, other, {
    between: (step) => {
      if (step.step === 'commit') commitments.push(step);
      return step;
    },
  });
  expect(commitments).toEqual([{ step: 'commit', hash: vector.commitment }]);
  expect(wordsOf(one.comparison.safety.current)).toBe(vector.emoji.join(' '));
  expect(wordsOf(other.comparison.safety.current)).toBe(vector.emoji.join(' '));
});

test('each of the emoji has a picture and a word, and no two are the same', () => {
  for (const at of [0, 1]) expect(new Set(EMOJI.map((pair) => pair[at]).filter(Boolean)).size).toBe(64);
  expect(EMOJI).toHaveLength(64);
});

describe('a machine in the middle', () => {
  test('that relays all steps is detected: the commitment contains the fingerprints', async () => {
    const [alice, bob] = [end(true, ALICE, MALLORY), end(false, BOB, MALLORY)];
    await talk(alice, bob, { done: () => settled(bob) });
    expect(bob.comparison.safety.current.state).toBe('failed');
  });

  test('that runs the protocol with each side gets different emoji, two hundred times', async () => {
    let same = 0;
    for (let turn = 0; turn < 200; turn += 1) {
      const [alice, bob] = [end(true, ALICE, MALLORY), end(false, BOB, MALLORY)];
      const [toAlice, toBob] = [end(false, MALLORY, ALICE), end(true, MALLORY, BOB)];
      await Promise.all([talk(alice, toAlice), talk(toBob, bob)]);
      const [a, b] = [alice, bob].map((each) => wordsOf(each.comparison.safety.current));
      expect(a?.split(' ').length).toBeGreaterThanOrEqual(4);
      if (a === b) same += 1;
    }
    expect(same).toBe(0);
  }, 60_000);

  test('cannot open a commitment in another way', async () => {
    const [alice, bob] = [end(true, ALICE, BOB), end(false, BOB, ALICE)];
    const other: VerificationStep = { step: 'reveal', nonce: '00'.repeat(16) };
    await talk(alice, bob, { between: (step) => (step.step === 'reveal' ? other : step) });
    expect(bob.comparison.safety.current).toEqual({ state: 'failed' });
  });
});

describe('out of turn', () => {
  const nonce: VerificationStep = { step: 'nonce', nonce: '00'.repeat(16) };
  const reveal: VerificationStep = { step: 'reveal', nonce: '00'.repeat(16) };
  const commit: VerificationStep = { step: 'commit', hash: '00'.repeat(32) };
  const identity: VerificationStep = { step: 'identity', key: '04'.repeat(65), signature: '00'.repeat(64) };

  test.for([
    [true, [commit]],
    [true, [reveal]],
    [true, [identity]],
    [true, [nonce, nonce]],
    [false, [nonce]],
    [false, [reveal]],
    [false, [commit, commit]],
    [false, [commit, nonce]],
  ] as const)('who commits: %s; %j', async ([commits, steps]) => {
    const { comparison } = end(commits, ALICE, BOB);
    for (const step of steps) comparison.receive(step);
    await vi.waitFor(() => expect(comparison.safety.current).toEqual({ state: 'failed' }));
  });
});

describe('long-term keys', () => {
  test('have the same name in every call, and different ones for different keys', async () => {
    const [alice, bob] = [await keys(), await keys()];
    const names: string[] = [];
    for (let call = 0; call < 2; call += 1) {
      const [one, other] = [end(true, ALICE, BOB, { identity: alice }), end(false, BOB, ALICE, { identity: bob })];
      await talk(one, other, { done: () => recognised(one) && recognised(other) });
      for (const { current } of [one.comparison.safety, other.comparison.safety])
        names.push(current.state === 'ready' ? (current.identity ?? '') : current.state);
    }
    expect(names[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(names.slice(0, 2)).toEqual(names.slice(2));
    expect(names[0]).not.toBe(names[1]);
  });

  test('reject a signature from another connection', async () => {
    const bob = await keys();
    const [one, other] = [end(true, ALICE, BOB), end(false, BOB, ALICE, { identity: bob })];
    let old: VerificationStep | null = null;
    await talk(one, other, {
      between: (step) => {
        if (step.step === 'identity') old = step;
        return step;
      },
      done: () => recognised(one),
    });
    const [next, again] = [end(true, ALICE, BOB), end(false, BOB, ALICE, { identity: bob })];
    await talk(next, again, {
      between: (step) => (step.step === 'identity' && old !== null ? old : step),
      done: () => next.comparison.safety.current.state === 'failed',
    });
    expect(next.comparison.safety.current).toEqual({ state: 'failed' });
  });

  test('are shown once: a second one makes the comparison fail', async () => {
    const [one, other] = [end(true, ALICE, BOB), end(false, BOB, ALICE, { identity: await keys() })];
    let shown: VerificationStep | null = null;
    await talk(one, other, {
      between: (step) => {
        if (step.step === 'identity') shown = step;
        return step;
      },
      done: () => recognised(one),
    });
    if (shown === null) throw new Error('no key was shown');
    one.comparison.receive(shown);
    await vi.waitFor(() => expect(one.comparison.safety.current).toEqual({ state: 'failed' }));
  });

  test('are not needed for emoji', async () => {
    const [one, other] = [end(true, ALICE, BOB), end(false, BOB, ALICE)];
    await talk(one, other);
    expect(one.comparison.safety.current).toMatchObject({ state: 'ready', identity: null });
  });
});

describe('the fingerprint in a session description', () => {
  const line = (hex: string): string => `a=fingerprint:sha-256 ${(hex.match(/../g) ?? []).join(':').toUpperCase()}\r\n`;

  test('may be repeated if it is the same', () => {
    expect(fingerprintIn(`v=0\r\n${line(ALICE)}m=audio\r\n${line(ALICE)}`)).toBe(ALICE);
  });

  test.for([
    ['none', ''],
    ['two', line(ALICE) + line(BOB)],
    ['another kind beside it', `${line(ALICE)}a=fingerprint:sha-1 AA:BB\r\n`],
    ['a short one', line(ALICE.slice(2))],
  ] as const)('%s: there is nothing to compare', ([, sdp]) => {
    expect(fingerprintIn(sdp)).toBeNull();
  });
});

test.for([
  null,
  1,
  {},
  { step: 'commit' },
  { step: 'nonce', nonce: 'xy'.repeat(16) },
  { step: 'commit', hash: 'AA'.repeat(32) },
])('%j is not a step', (value) => {
  expect(parseStep(value)).toBeNull();
});
