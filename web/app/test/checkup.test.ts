import type { IceServer, TurnAnswer } from '@eyeline/sdk';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Checkup, type Finding, type Outlook } from '../src/model/start/checkup';
import { checkup as words } from '../src/strings/checkup';
import { settled, World } from './fake-platform';
import { FakeMedia, FakeRoom, refusal } from './fakes';

const UDP = 'turn:meet.example:3478?transport=udp';
const TCP = 'turn:meet.example:80?transport=tcp';
const TLS = 'turns:meet.example:443?transport=tcp';
const PASSES: TurnAnswer = { found: 'passes', roundTripMs: 30.6 };
const OFFERED = [{ urls: ['stun:meet.example:3478'] }, { urls: [UDP, TLS], username: 'a', credential: 'b' }];

function world(
  servers: readonly IceServer[] = OFFERED,
  relays: readonly (readonly [string, TurnAnswer])[] = [],
): World {
  const platform = new World('test');
  platform.answer = async (name) => {
    const room = new FakeRoom('test', name);
    room.iceServers.set(servers);
    return room;
  };
  for (const [url, answer] of relays) platform.relays.set(url, answer);
  return platform;
}

async function tested(platform: World): Promise<Checkup> {
  const checkup = new Checkup(platform);
  await settled();
  await settled();
  await settled();
  expect(checkup.running.value).toBe(false);
  return checkup;
}

function briefly(checkup: Checkup): Record<string, string> {
  const brief = ({ state, code }: Finding) => (code === null ? state : `${state} ${code}`);
  return Object.fromEntries(checkup.findings.value.map((finding) => [finding.kind, brief(finding)]));
}

test('everything that works is fine, and what the server does not offer is missing', async () => {
  const platform = world(OFFERED, [
    [UDP, PASSES],
    [TLS, PASSES],
  ]);
  const checkup = await tested(platform);

  expect(briefly(checkup)).toEqual({
    camera: 'fine',
    microphone: 'silent',
    server: 'fine',
    stun: 'fine',
    'turn-udp': 'fine',
    'turn-tcp': 'missing',
    'turn-tls': 'fine',
  });
  expect(checkup.outlook.value).toBe('well');
  expect(platform.lobbies[0]?.room).toMatch(/^test-[0-9a-f]{24}$/);
  expect(platform.media.map((each) => each.stopped)).toEqual([false]); // the picture is shown
  checkup.end();
  expect(platform.media.every((each) => each.stopped)).toBe(true);
});

test('a relay that is silent, refuses, or relays nothing is told apart', async () => {
  const servers = [{ urls: [UDP, TCP, TLS] }];
  const relays: [string, TurnAnswer][] = [
    [TCP, { found: 'refused' }],
    [TLS, { found: 'no-data' }],
  ];

  expect(briefly(await tested(world(servers, relays)))).toMatchObject({
    stun: 'missing',
    'turn-udp': 'failed turn-udp-blocked',
    'turn-tcp': 'failed turn-refused',
    'turn-tls': 'failed turn-no-data',
  });
});

test('a server without a relay says so', async () => {
  const checkup = await tested(world([{ urls: ['stun:meet.example'] }]));

  expect(briefly(checkup)).toMatchObject({ 'turn-udp': 'missing no-relay', 'turn-tls': 'missing no-relay' });
  expect(words.found(checkup.findings.value[4] as Finding)).toBe('This server offers no relay.');
});

test.each([
  ['unreachable', true, 'failed proxy-no-upgrade'],
  ['unreachable', false, 'failed broker-unreachable'],
  ['busy', true, 'failed broker-refused'],
])('who is not let in because it is %s (pages: %s): %s', async (code, pages, found) => {
  const platform = world();
  platform.answer = () => Promise.reject(refusal(code));
  platform.pages = pages;
  const checkup = await tested(platform);

  expect(briefly(checkup)).toMatchObject({ server: found, stun: 'untested', 'turn-udp': 'untested' });
  expect(checkup.outlook.value).toBe('cut-off');
});

describe('a browser without WebRTC', () => {
  test.each([
    [true, 'fine'],
    [false, 'failed broker-unreachable'],
  ])('is what is wrong, not its network (server answers: %s)', async (pages, server) => {
    const platform = world();
    platform.webrtc = false;
    platform.pages = pages;
    const checkup = await tested(platform);
    const none = 'failed no-webrtc';

    expect(briefly(checkup)).toMatchObject({ camera: 'fine', server, stun: none, 'turn-udp': none, 'turn-tls': none });
    expect(checkup.outlook.value).toBe('no-webrtc');
    expect(platform.lobbies).toEqual([]);
  });

  test('is also one in which an add-on blocks it', async () => {
    const platform = world();
    platform.answer = () => Promise.reject(refusal('setup-failed'));

    expect((await tested(platform)).outlook.value).toBe('no-webrtc');
  });
});

describe('an error in the page', () => {
  const reported: (() => void)[] = [];
  beforeEach(() => vi.stubGlobal('queueMicrotask', (report: () => void) => reported.push(report)));
  afterEach(() => vi.unstubAllGlobals());

  test.each<[string, (platform: World) => void]>([
    ['joining', (platform) => (platform.answer = () => Promise.reject(new TypeError('x is not a function')))],
    ['a test', (platform) => (platform.sdk.probeStun = () => Promise.reject(new TypeError('x is not a function')))],
  ])('in %s accuses neither the server nor the browser, and is reported', async (_, fail) => {
    const platform = world();
    fail(platform);
    const checkup = await tested(platform);
    const [report = () => undefined] = reported.splice(0);

    expect(Object.values(briefly(checkup))).toContain('failed page-error');
    expect(checkup.outlook.value).toBe('page-error');
    expect(report).toThrow('x is not a function');
  });
});

test('a microphone is fine only once something is heard, and not a moment before', async () => {
  const platform = world();
  const checkup = await tested(platform);
  const microphone = () => briefly(checkup)['microphone'];
  const level = platform.media[0]?.level;
  level?.set(0.1);
  expect([microphone(), checkup.level.value]).toEqual(['silent', 0.1]);
  level?.set(0.6);
  expect(microphone()).toBe('fine');
  level?.set(0);
  expect(microphone()).toBe('fine');
  await checkup.run();
  expect([microphone(), platform.media.map(({ stopped }) => stopped)]).toEqual(['silent', [true, false]]);
});

test('a refused permission has its own code', async () => {
  const platform = world();
  const media = new FakeMedia((name) => ({ name }) as unknown as MediaStream);
  media.problem = { camera: 'denied', microphone: 'insecure' };
  platform.sdk.media = () => media;

  expect(briefly(await tested(platform))).toMatchObject({
    camera: 'failed camera-refused',
    microphone: 'failed insecure-page',
  });
});

describe('the outlook', () => {
  test.each<[Outlook, boolean, TurnAnswer]>([
    ['well', true, PASSES],
    ['direct-only', true, { found: 'silent' }],
    ['relay-only', false, PASSES],
    ['stuck', false, { found: 'silent' }],
  ])('is %s', async (outlook, stun, turn) => {
    const platform = world(OFFERED, [[TLS, turn]]);
    if (!stun) platform.stun = { found: 'silent' };

    expect((await tested(platform)).outlook.value).toBe(outlook);
  });
});

test('the report has every finding, with its code and what the operator can do', async () => {
  const platform = world(OFFERED, [[TLS, PASSES]]);
  const checkup = await tested(platform);
  const report = words.report(platform.url, checkup.findings.value, 'A browser', new Date(0));

  expect(report).toMatch(/^Eyeline test of https:\/\/eyeline.example\/call\/, 1970-01-01T00:00:00.000Z\nA browser\n\n/);
  expect(report).toContain('Direct path (STUN): Your public address is 203.0.113.7. (0 ms)\n');
  expect(report).toContain(
    'Relay over UDP: The relay did not answer over UDP. (0 ms) [turn-udp-blocked]\n  Open the UDP',
  );
  expect(report).toContain('Relay over TLS: A test message came back in 31 ms. (0 ms)\n');
  await checkup.copy(report);
  expect(platform.copied).toEqual([report]);
  platform.clipboard = false;
  await checkup.copy(report);
  expect(checkup.report.value).toBe(report);
});

test('leaving the page leaves the room and the devices', async () => {
  const platform = world();
  const checkup = new Checkup(platform);
  checkup.end();
  await settled();

  expect(platform.media.every((each) => each.stopped)).toBe(true);
  expect(checkup.findings.value.every(({ state }) => state === 'waiting' || state === 'running')).toBe(true);
});
