import { describe, expect, test } from 'vitest';
import {
  type IceAttempt,
  mergedAttempts,
  NO_ICE_ATTEMPT,
  triedPaths,
  turnServersIn,
  verdictOf,
} from '../src/connection/ice-diagnosis.ts';

const UDP = 'turn:meet.example:3478?transport=udp';
const TLS = 'turns:meet.example:443?transport=tcp';
const relays = turnServersIn([{ urls: ['stun:meet.example:3478'] }, { urls: [UDP, TLS] }]);

const SILENT: IceAttempt = {
  relays,
  errors: [],
  mine: ['host'],
  theirs: ['host', 'srflx'],
  pairs: [{ local: 'host', remote: 'host', answered: false }],
};

describe('the verdict', () => {
  test.each<[string, Partial<IceAttempt>, string]>([
    ['nothing was gathered', { mine: [] }, 'no-candidates'],
    ['they said nothing', { theirs: [] }, 'peer-silent'],
    ['nothing outside answered', {}, 'network-blocked'],
    ['neither STUN nor the relay answered', { errors: [{ url: TLS, code: 701 }] }, 'network-blocked'],
    ['STUN answered, the relay did not', { mine: ['host', 'srflx'] }, 'relay-silent'],
    ['they answered once', { pairs: [{ local: 'host', remote: 'prflx', answered: true }] }, 'relay-silent'],
    ['the relay refused', { errors: [{ url: UDP, code: 401 }] }, 'turn-refused'],
    [
      'the relay refused, in the words of Firefox',
      { errors: [{ url: 'turn:meet.example:3478', code: 486 }] },
      'turn-refused',
    ],
    [
      'a server that is none of ours refused',
      { errors: [{ url: 'turn:other.example', code: 401 }] },
      'network-blocked',
    ],
    ['the relay refused, and Firefox has no code for it', { errors: [{ url: TLS, code: 65_535 }] }, 'turn-refused'],
    ['there is no relay', { relays: [] }, 'no-relay'],
    ['there is a relay, and it did not help', { mine: ['host', 'relay'] }, 'no-path'],
  ])('where %s', (_, facts, code) => {
    expect(verdictOf({ ...SILENT, ...facts })).toBe(code);
  });
});

describe('what else was tried', () => {
  const both: IceAttempt['pairs'] = [
    { local: 'host', remote: 'host', answered: false },
    { local: 'srflx', remote: 'host', answered: true },
  ];

  test('besides a direct path lists the same network, and whether there was a relay', () => {
    expect(triedPaths({ ...SILENT, mine: ['host', 'srflx', 'relay'], pairs: both }, 'direct')).toEqual([
      { kind: 'same-network', outcome: 'silent', relays: [] },
      { kind: 'relay', outcome: 'ready', relays },
    ]);
  });

  test('besides a direct path marks a relay that the browser did not wait for as unneeded', () => {
    const relayOf = (attempt: IceAttempt) => triedPaths(attempt, 'same-network')[0]?.outcome;

    expect(relayOf(SILENT)).toBe('unneeded');
    expect(relayOf({ ...SILENT, errors: [{ url: UDP, code: 701 }] })).toBe('unneeded');
    expect(relayOf({ ...SILENT, errors: [UDP, TLS].map((url) => ({ url, code: 701 })) })).toBe('silent');
  });

  test('besides the relay lists all better kinds', () => {
    expect(triedPaths({ ...SILENT, pairs: both }, 'relay')).toEqual([
      { kind: 'same-network', outcome: 'silent', relays: [] },
      { kind: 'direct', outcome: 'ready', relays: [] },
    ]);
  });

  test('does not take a pair with a relay, on either side, for a direct path', () => {
    const pairs = [
      { local: 'relay', remote: 'host', answered: true },
      { local: 'host', remote: 'relay', answered: true },
    ] as const;
    expect(triedPaths({ ...SILENT, pairs }, 'relay')).toEqual([]);
  });

  test('without a path lists everything, also a missing relay', () => {
    expect(triedPaths({ ...SILENT, relays: [] }, null)).toEqual([
      { kind: 'same-network', outcome: 'silent', relays: [] },
      { kind: 'relay', outcome: 'missing', relays: [] },
    ]);
  });

  test('is remembered after the browser has forgotten it', () => {
    const before = { ...SILENT, pairs: both, errors: [{ url: UDP, code: 701 }] };
    const now = {
      ...SILENT,
      mine: ['relay'] as const,
      pairs: [{ local: 'host', remote: 'host', answered: true }] as const,
    };

    expect(mergedAttempts(NO_ICE_ATTEMPT, before)).toEqual(before);
    expect(mergedAttempts(before, now)).toEqual({
      relays,
      errors: [{ url: UDP, code: 701 }],
      mine: ['host', 'relay'],
      theirs: ['host', 'srflx'],
      pairs: [
        { local: 'host', remote: 'host', answered: true },
        { local: 'srflx', remote: 'host', answered: true },
      ],
    });
  });
});

test('TURN servers are recognised by their URLs', () => {
  expect(
    turnServersIn([{ urls: ['turn:a.example', 'turn:[2001:db8::1]:80?transport=tcp', 'turns:b.example', 'stun:a'] }]),
  ).toEqual([
    { url: 'turn:a.example', transport: 'udp', port: 3478 },
    { url: 'turn:[2001:db8::1]:80?transport=tcp', transport: 'tcp', port: 80 },
    { url: 'turns:b.example', transport: 'tls', port: 5349 },
  ]);
});
