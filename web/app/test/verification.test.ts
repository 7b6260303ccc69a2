import type * as sdk from '@eyeline/sdk';
import { signal } from '@preact/signals';
import { describe, expect, test } from 'vitest';
import { forgetMismatches, Mismatches } from '../src/model/mismatches';
import { Verification } from '../src/model/verification';
import { VerifiedPeople } from '../src/model/verified-people';
import { verificationWords } from '../src/strings/verification';
import { memory } from './fake-platform';

const emoji = [['🦊', 'fox']] as const;
const ready = (identity: string | null): sdk.Safety => ({ state: 'ready', emoji, identity });

function trusting(safety: sdk.Safety, verified = new VerifiedPeople(memory()), name = 'Bob') {
  return seat(safety, new Mismatches(memory(), 'tea'), name, verified);
}

/** A connection to somebody of this name, in a page that remembers these mismatches. */
function seat(safety: sdk.Safety, mismatches: Mismatches, name = 'Bob', verified = new VerifiedPeople(memory())) {
  const source = signal(safety);
  return { trust: new Verification(source, verified, mismatches, name), source, verified };
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

describe('emoji that don’t match', () => {
  test('stay a warning over a new connection, until somebody wants to compare again', () => {
    const bob = trusting(ready('aa'));
    bob.trust.confirm();
    bob.trust.reject();
    expect(bob.trust.standing.value).toEqual({ is: 'mismatch', emoji });
    expect(verificationWords.warning('Bob', bob.trust.standing.value)).toMatch(/somebody may be listening/i);
    bob.source.value = { state: 'comparing' };
    expect(bob.trust.standing.value).toEqual({ is: 'mismatch', emoji: null });
    bob.source.value = { state: 'ready', emoji: [['🐻', 'bear']], identity: 'aa' };
    expect(standing(bob)).toBe('mismatch');
    bob.trust.compareAgain();
    expect(standing(bob)).toBe('unverified');
  });

  test('stay a warning when the person leaves and comes back, until somebody wants to compare again', () => {
    const mismatches = new Mismatches(memory(), 'tea');
    seat(ready('aa'), mismatches).trust.reject();
    const again = seat({ state: 'comparing' }, mismatches);
    again.source.value = ready('aa');
    expect(again.trust.standing.value).toEqual({ is: 'mismatch', emoji });
    expect(standing(seat(ready('aa'), mismatches, 'Robert')), 'another name').toBe('mismatch');
    expect(standing(seat(ready(null), mismatches)), 'without the key').toBe('mismatch');
    expect(standing(seat(ready('bb'), mismatches)), 'another Bob').toBe('unverified');
    again.trust.compareAgain();
    expect(standing(again)).toBe('unverified');
    expect(standing(seat(ready('aa'), mismatches))).toBe('unverified');
  });

  test('of somebody without a long-term key are known by the name', () => {
    const mismatches = new Mismatches(memory(), 'tea');
    seat(ready(null), mismatches).trust.reject();
    expect(standing(seat(ready(null), mismatches))).toBe('mismatch');
    expect(standing(seat(ready(null), mismatches, 'Carol'))).toBe('unverified');
  });

  test('stay a warning over a reload of the page, for this call', () => {
    const session = memory();
    seat(ready('aa'), new Mismatches(session, 'tea')).trust.reject();
    expect(standing(seat(ready('aa'), new Mismatches(session, 'tea')))).toBe('mismatch');
    expect(standing(seat(ready('aa'), new Mismatches(session, 'coffee')))).toBe('unverified');
    forgetMismatches(session, 'tea');
    expect(standing(seat(ready('aa'), new Mismatches(session, 'tea')))).toBe('unverified');
  });

  test.for(['', '{}', '[1, {"identity": 1}]', '['])('that are kept as "%s" are of nobody', (kept) => {
    const session = memory();
    session.set('eyeline:mismatches:tea', kept);
    expect(standing(seat(ready('aa'), new Mismatches(session, 'tea')))).toBe('unverified');
  });

  test('take back a verification by the same key', () => {
    const bob = trusting(ready('aa'));
    bob.trust.confirm();
    bob.trust.reject();
    expect(standing(trusting(ready('aa'), bob.verified))).toBe('unverified');
  });
});

describe('people you have verified', () => {
  test('are recognized by their key in another call, and shown under the name that was verified', () => {
    const { trust, verified } = trusting(ready('aa'));
    trust.confirm();
    expect(standing(trusting(ready('aa'), verified))).toBe('verified');
    expect(trusting(ready('aa'), verified).trust.standing.value).toMatchObject({ is: 'verified', as: null });
    expect(trusting(ready('aa'), verified, 'BOB').trust.standing.value).toMatchObject({ is: 'verified', as: null });
    const robert = trusting(ready('aa'), verified, 'Robert').trust.standing.value;
    expect(robert).toMatchObject({ is: 'verified', as: 'Bob' });
    expect(verificationWords.badge(robert)).toBe('verified as Bob');
  });

  test.each(['Воb', 'B0b', 'Bo\u200bb'])('can not be imitated by somebody who calls themself %j', (name) => {
    const { trust, verified } = trusting(ready('aa'));
    trust.confirm();
    const mallory = trusting(ready('bb'), verified, name);
    expect(standing(mallory)).toBe('changed');
    expect(mallory.trust.confirm()).toBe(false);
    expect(verified.nameOf('aa')).toBe('Bob');
  });

  test('can not take the name of another one', () => {
    const { trust, verified } = trusting(ready('aa'));
    trust.confirm();
    trusting(ready('mm'), verified, 'Mallory').trust.confirm();
    const mallory = trusting(ready('mm'), verified, 'Bob');
    expect(mallory.trust.standing.value).toMatchObject({ is: 'changed', as: 'Mallory' });
    expect(verificationWords.warning('Bob', mallory.trust.standing.value)).toBe(
      'Bob is the person you verified as Mallory, not the Bob you verified.',
    );
    expect(mallory.trust.confirm()).toBe(false); // not even if her emoji match
    expect(standing(mallory)).toBe('changed');
    expect(standing(trusting(ready('aa'), verified))).toBe('verified');
  });

  test.for(['Bob', 'bob', 'ＢＯＢ'])('somebody else who calls himself %s is warned of', (name) => {
    const { trust, verified } = trusting(ready('aa'));
    trust.confirm();
    expect(standing(trusting(ready('bb'), verified, name))).toBe('changed');
    expect(standing(trusting(ready('bb'), verified, 'Carol'))).toBe('unverified');
  });

  test('are replaced when they are verified with a new key, but only after a question', () => {
    const { trust, verified } = trusting(ready('aa'));
    trust.confirm();
    const again = trusting(ready('bb'), verified);
    expect([again.trust.confirm(), again.trust.asksToReplace.value, standing(again)]).toEqual([false, true, 'changed']);
    again.trust.keepOther();
    expect([again.trust.asksToReplace.value, standing(again)]).toEqual([false, 'changed']);
    expect(standing(trusting(ready('aa'), verified))).toBe('verified');
    again.trust.confirm();
    again.source.value = { state: 'ready', emoji: [['🐻', 'bear']], identity: 'bb' }; // nobody has compared these
    expect([again.trust.asksToReplace.value, again.trust.confirm(true), standing(again)]).toEqual([
      false,
      false,
      'changed',
    ]);
    expect([again.trust.confirm(true), again.trust.asksToReplace.value]).toEqual([true, false]);
    expect(standing(again)).toBe('verified');
    expect(standing(trusting(ready('aa'), verified))).toBe('changed');
  });

  test('are limited to 200', () => {
    const verified = new VerifiedPeople(memory());
    for (let one = 0; one <= 200; one += 1) verified.add(`${one}`, `Person ${one}`);
    expect(verified.nameOf('0')).toBe(null);
    expect(verified.nameOf('1')).toBe('Person 1');
  });

  test.for(['', '{}', 'null', '[1, {"identity": 1}]', '[', '{"a":'])('that are kept as "%s" are nobody', (kept) => {
    const store = memory();
    store.set('eyeline:verified', kept);
    expect(new VerifiedPeople(store).nameOf('aa')).toBe(null);
  });
});
