import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PeerConnection } from '../src/connection/peer-connection.ts';
import { PeerVerification } from '../src/verification/peer-verification.ts';
import type { VerificationStep } from '../src/verification/verification-steps.ts';

/** Encryption takes long on a busy machine. */
const PATIENT = { timeout: 15_000 };

const sdp = (byte: string): string => `a=fingerprint:sha-256 ${Array(32).fill(byte).join(':')}\r\n`;

/** One side's connection, whose descriptions have these fingerprints. */
class Connection {
  localDescription: { readonly sdp: string } | null;
  remoteDescription: { readonly sdp: string } | null;

  constructor(mine: string, theirs: string) {
    this.localDescription = { sdp: sdp(mine) };
    this.remoteDescription = { sdp: sdp(theirs) };
  }
}

const open: PeerVerification[] = [];

interface Side {
  readonly verification: PeerVerification;
  readonly said: VerificationStep[];
  connection: PeerConnection;
}

function side(commits: boolean, connection: Connection): Side {
  const said: VerificationStep[] = [];
  const peer = { connection, idle: async () => undefined } as unknown as PeerConnection;
  const made: Side = {
    said,
    connection: peer,
    verification: new PeerVerification({
      connection: () => made.connection,
      commits,
      send: (step) => said.push(step),
      identity: async () => null,
    }),
  };
  open.push(made.verification);
  return made;
}

const stateOf = ({ verification }: Side): string => verification.safety.current.state;

/** Delivers what both say until neither says any more. */
async function talk(one: Side, other: Side): Promise<void> {
  await vi.waitFor(() => {
    for (const step of one.said.splice(0)) other.verification.receive(step);
    for (const step of other.said.splice(0)) one.verification.receive(step);
    expect([stateOf(one), stateOf(other)]).not.toContain('comparing');
  }, PATIENT);
}

const words = ({ verification }: Side): string => JSON.stringify(verification.safety.current);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  for (const each of open.splice(0)) each.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('two ends of one connection see the same emoji', async () => {
  const [alice, bob] = [side(true, new Connection('AA', 'BB')), side(false, new Connection('BB', 'AA'))];
  await Promise.all([alice.verification.start(), bob.verification.start()]);
  await talk(alice, bob);
  expect([stateOf(alice), words(alice)]).toEqual(['ready', words(bob)]);
});

test('steps that arrive before our channel is open are kept', async () => {
  const [alice, bob] = [side(true, new Connection('AA', 'BB')), side(false, new Connection('BB', 'AA'))];
  await alice.verification.start();
  await vi.waitFor(() => expect(alice.said.length).toBe(1), PATIENT);
  for (const step of alice.said.splice(0)) bob.verification.receive(step);
  await bob.verification.start();
  await talk(alice, bob);
  expect([stateOf(alice), stateOf(bob)]).toEqual(['ready', 'ready']);
});

test.each(['localDescription', 'remoteDescription'] as const)(
  'a connection without a fingerprint in its %s fails',
  async (which) => {
    const connection = new Connection('AA', 'BB');
    connection[which] = null;
    const alice = side(true, connection);
    await alice.verification.start();
    expect(stateOf(alice)).toBe('failed');
  },
);

test('a fingerprint that changes later fails the comparison within a second', async () => {
  const connection = new Connection('AA', 'BB');
  const [alice, bob] = [side(true, connection), side(false, new Connection('BB', 'AA'))];
  await Promise.all([alice.verification.start(), bob.verification.start()]);
  await talk(alice, bob);
  vi.advanceTimersByTime(1000);
  expect(stateOf(alice)).toBe('ready');
  connection.remoteDescription = { sdp: sdp('CC') };
  vi.advanceTimersByTime(1000);
  expect(stateOf(alice)).toBe('failed');
});

test('a new connection is compared again, with other emoji', async () => {
  const [alice, bob] = [side(true, new Connection('AA', 'BB')), side(false, new Connection('BB', 'AA'))];
  await Promise.all([alice.verification.start(), bob.verification.start()]);
  await talk(alice, bob);
  const before = words(alice);
  alice.connection = side(true, new Connection('DD', 'EE')).connection;
  alice.verification.reset();
  expect(stateOf(alice)).toBe('comparing');
  vi.advanceTimersByTime(1000);
  expect(stateOf(alice)).toBe('comparing');
  bob.connection = side(false, new Connection('EE', 'DD')).connection;
  bob.verification.reset();
  await Promise.all([alice.verification.start(), bob.verification.start()]);
  await talk(alice, bob);
  expect([words(alice) === words(bob), words(alice) === before]).toEqual([true, false]);
});

test('a connection that was replaced while it was prepared is not compared', async () => {
  const alice = side(true, new Connection('AA', 'BB'));
  const started = alice.verification.start();
  alice.connection = side(true, new Connection('DD', 'EE')).connection;
  await started;
  await new Promise((done) => setTimeout(done));
  expect([stateOf(alice), alice.said]).toEqual(['comparing', []]);
});

test('an insecure page, which has no cryptography for it, compares nothing', async () => {
  vi.stubGlobal('crypto', {});
  const alice = side(true, new Connection('AA', 'BB'));
  await alice.verification.start();
  expect([stateOf(alice), alice.said]).toEqual(['comparing', []]);
});
