import { expect, test } from 'vitest';
import { connectionWords } from '../src/strings/connection';
import { peopleWords } from '../src/strings/people';
import { words } from '../src/strings/strings';
import { direct, looking } from './fakes';

const relayed = { ...direct, state: 'relayed', path: 'relay', localType: 'relay', protocol: 'tls' } as const;

test.each([
  [[], 'Nobody here yet'],
  [['Bob'], 'Bob is here already'],
  [['Bob', 'Carol'], 'Bob and Carol are here already'],
  [['Bob', 'Carol', 'Dave'], 'Bob, Carol, and Dave are here already'],
  [['Bob', 'Carol', 'Dave', 'Erin', 'Frank'], 'Bob, Carol, and 3 more are here already'],
])('%j: %s', (names, sentence) => {
  expect(words.lobby.here(names)).toBe(sentence);
});

test('a refusal of camera and microphone is one sentence for both', () => {
  expect(words.problem(['camera', 'microphone'], 'denied')).toBe(
    'Your browser did not allow the camera and microphone. You can join without them, or allow them in the address bar and try again.',
  );
});

test('packet loss is measured only if something arrives', () => {
  expect(connectionWords.lost({ ...direct, packetLoss: 0.011 })[1]).toBe('1.1 %');
  const coming = { width: 640, height: 480, framesPerSecond: 20, kbitPerSecond: 600 };
  expect(connectionWords.lost({ ...direct, video: coming, packetLoss: null })[1]).toBe('Measuring…');
  expect(connectionWords.lost({ ...direct, video: null, packetLoss: null })[1]).toBe('–');
  expect(connectionWords.lost({ ...direct, video: null, packetLoss: null, roundTripMs: null })[1]).toBe('Measuring…');
});

test('a unit is never broken in two lines', () => {
  const coming = { width: 640, height: 480, framesPerSecond: 20, kbitPerSecond: 196 };
  const rate = (kbitPerSecond: number) =>
    connectionWords.picture({ ...direct, video: { ...coming, kbitPerSecond } })[1];
  expect(rate(196)).toBe('640×480, 20\u00a0fps, 196\u00a0kbit/\u2060s');
  expect(rate(2500)).toBe('640×480, 20\u00a0fps, 2.5\u00a0Mbit/\u2060s');
});

test('a connection shows its state and its round trip', () => {
  expect(words.connection.state(direct)).toBe('direct · 23 ms');
  expect(words.connection.state(looking)).toBe('connecting…');
  expect(words.connection.state({ ...direct, state: 'lost' })).toBe('lost');
});

test.each([
  [direct, 'Direct, through both NATs (UDP)'],
  [{ ...direct, localType: 'host' } as const, 'Direct, through their NAT (UDP)'],
  [{ ...direct, remoteType: 'host' } as const, 'Direct, through your NAT (UDP)'],
  [{ ...direct, localType: 'host', remoteType: 'host' } as const, 'Direct, without NAT (UDP)'],
  [{ ...direct, path: 'same-network' } as const, 'Direct, on the same network (UDP)'],
  [{ ...direct, path: null } as const, 'Direct'],
  [relayed, 'Relayed over TLS, still encrypted'],
  [{ ...relayed, localType: 'srflx', protocol: 'udp' } as const, 'Relayed on their side, still encrypted'],
  [{ ...looking, verdict: 'no-path' } as const, 'None found yet'],
])('a path claims only what is known: %#', (line, path) => {
  expect(connectionWords.path(line)[1]).toBe(path);
});

test('a round trip of less than a millisecond is not zero', () => {
  expect(connectionWords.roundTrip({ ...direct, roundTripMs: 0 })[1]).toBe('Under 1 ms');
  expect(words.connection.state({ ...direct, roundTripMs: 0 })).toBe('direct · <1 ms');
});

test('what else was tried is listed with its ports', () => {
  const relays = [
    { url: 'turn:a', transport: 'udp', port: 3478 },
    { url: 'turns:a', transport: 'tls', port: 443 },
  ] as const;

  expect(connectionWords.tried(direct)[1]).toBe('Same network: no answer. Relay: ready, not used.');
  expect(connectionWords.tried({ ...direct, tried: [{ kind: 'relay', outcome: 'silent', relays }] })[1]).toBe(
    'Relay (UDP port 3478, TLS port 443): no answer.',
  );
});

test.each([
  [[], 'You can watch and listen here.'],
  [['chat'], 'You can watch, listen, and chat here.'],
  [['microphone', 'chat'], 'You can watch, listen, speak, and chat here.'],
  [['microphone', 'camera', 'screen', 'files', 'chat'], ''],
] as const)('who may send %j reads: %s', (may, sentence) => {
  expect(peopleWords.limits(new Set(may))).toBe(sentence);
});

test.each([
  [20, 'less than a minute'],
  [60, 'a minute'],
  [1380, '23 minutes'],
  [3900, '1 h 5 min'],
  [-5, 'less than a minute'],
])('a call of %d seconds was %s long', (seconds, length) => {
  expect(words.over.lasted(seconds)).toBe(`You were in the call for ${length}.`);
});
