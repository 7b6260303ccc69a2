import type * as sdk from '@eyeline/sdk';
import { signal } from '@preact/signals';
import { describe, expect, test } from 'vitest';
import { Verification } from '../src/model/verification';
import { VerifiedPeople } from '../src/model/verified-people';
import { memory } from './fake-platform';

const emoji = [['🦊', 'fox']] as const;
const ready = (identity: string | null): sdk.Safety => ({ state: 'ready', emoji, identity });

function trusting(safety: sdk.Safety, verified = new VerifiedPeople(memory()), name = 'Bob') {
  const source = signal(safety);
  return { trust: new Verification(source, verified, name), source, verified };
}

const standing = ({ trust }: { readonly trust: Verification }): string => trust.standing.value.is;

describe('four emoji', () => {
  test('are not verified until somebody says that they match', () => {
    const bob = trusting({ state: 'comparing' });
    expect(standing(bob)).toBe('comparing');
    bob.trust.confirm();
    expect(standing(bob)).toBe('comparing');
    bob.source.value = ready('aa');
    expect(bob.trust.standing.value).toEqual({ is: 'unverified', emoji });
    bob.trust.confirm();
    expect(standing(bob)).toBe('verified');
    bob.trust.revoke();
    expect(standing(bob)).toBe('unverified');
  });

  test('of somebody without a long-term key count for this connection only', () => {
    const bob = trusting(ready(null));
    bob.trust.confirm();
    expect(standing(bob)).toBe('verified');
    bob.source.value = { state: 'ready', emoji: [['🐻', 'bear']], identity: null };
    expect(standing(bob)).toBe('unverified');
  });

  test('that do not match are never verified', () => {
    const bob = trusting({ state: 'failed' });
    bob.trust.confirm();
    expect(standing(bob)).toBe('failed');
  });
});

describe('people you have verified', () => {
  test('are recognized by their key in another call, whatever their name is there', () => {
    const { trust, verified } = trusting(ready('aa'));
    trust.confirm();
    expect(standing(trusting(ready('aa'), verified))).toBe('verified');
    expect(standing(trusting(ready('aa'), verified, 'Robert'))).toBe('verified');
  });

  test.for(['Bob', 'bob', 'ＢＯＢ'])('somebody else who calls himself %s is warned of', (name) => {
    const { trust, verified } = trusting(ready('aa'));
    trust.confirm();
    expect(standing(trusting(ready('bb'), verified, name))).toBe('changed');
    expect(standing(trusting(ready('bb'), verified, 'Carol'))).toBe('unverified');
  });

  test('are replaced when they are verified with a new key', () => {
    const { trust, verified } = trusting(ready('aa'));
    trust.confirm();
    const again = trusting(ready('bb'), verified);
    again.trust.confirm();
    expect(standing(again)).toBe('verified');
    expect(standing(trusting(ready('aa'), verified))).toBe('changed');
  });

  test('are limited to 200', () => {
    const verified = new VerifiedPeople(memory());
    for (let one = 0; one <= 200; one += 1) verified.add(`${one}`, `Person ${one}`);
    expect(verified.has('0')).toBe(false);
    expect(verified.has('1')).toBe(true);
  });

  test.for(['', '{}', 'null', '[1, {"identity": 1}]', '[', '{"a":'])('that are kept as "%s" are nobody', (kept) => {
    const store = memory();
    store.set('eyeline:verified', kept);
    expect(new VerifiedPeople(store).has('aa')).toBe(false);
  });
});
