import { describe, expect, test } from 'vitest';
import {
  bytesReceived,
  cameraSent,
  iceAttemptOf,
  readStats,
  type SessionDescriptions,
} from '../src/connection/stats.ts';

type Row = { readonly id: string; readonly type: string; readonly [field: string]: unknown };

const UNSAID: SessionDescriptions = { mine: undefined, theirs: undefined };

/** The track that their picture comes by. */
const CAMERA = 'camera-track';

function report(rows: readonly Row[], timestamp = 1_700_000_000_000): RTCStatsReport {
  return new Map(rows.map((row) => [row.id, { timestamp, ...row }]));
}

const CHROMIUM: readonly Row[] = [
  { id: 'T01', type: 'transport', selectedCandidatePairId: 'CPa', dtlsState: 'connected', iceState: 'connected' },
  { id: 'CPb', type: 'candidate-pair', localCandidateId: 'I2', remoteCandidateId: 'I3', state: 'waiting' },
  {
    id: 'CPa',
    type: 'candidate-pair',
    localCandidateId: 'I1',
    remoteCandidateId: 'I3',
    state: 'succeeded',
    nominated: true,
    currentRoundTripTime: 0.0234,
  },
  { id: 'I1', type: 'local-candidate', address: '192.0.2.1', port: 50_000, protocol: 'udp', candidateType: 'host' },
  { id: 'I2', type: 'local-candidate', address: '192.0.2.9', port: 50_009, protocol: 'udp', candidateType: 'srflx' },
  { id: 'I3', type: 'remote-candidate', address: '2001:db8::7', port: 4711, protocol: 'udp', candidateType: 'prflx' },
  { id: 'A', type: 'inbound-rtp', kind: 'audio', packetsReceived: 100, packetsLost: 0, bytesReceived: 9999 },
  {
    id: 'V',
    type: 'inbound-rtp',
    kind: 'video',
    trackIdentifier: CAMERA,
    packetsReceived: 300,
    packetsLost: 0,
    bytesReceived: 50_000,
    frameWidth: 1280,
    frameHeight: 720,
    framesPerSecond: 29.97,
  },
];

/** No transport row; the pair itself is marked as selected; no round trip time at first. */
const FIREFOX: readonly Row[] = [
  {
    id: 'p0',
    type: 'candidate-pair',
    localCandidateId: 'l0',
    remoteCandidateId: 'r0',
    state: 'failed',
    selected: false,
  },
  {
    id: 'p1',
    type: 'candidate-pair',
    localCandidateId: 'l1',
    remoteCandidateId: 'r1',
    state: 'succeeded',
    selected: true,
    nominated: true,
  },
  { id: 'l0', type: 'local-candidate', address: '192.0.2.2', port: 1, protocol: 'udp', candidateType: 'host' },
  {
    id: 'l1',
    type: 'local-candidate',
    address: '192.0.2.2',
    port: 2,
    protocol: 'udp',
    relayProtocol: 'tls',
    candidateType: 'relay',
  },
  { id: 'r0', type: 'remote-candidate', address: '192.0.2.3', port: 3, protocol: 'udp', candidateType: 'host' },
  { id: 'r1', type: 'remote-candidate', address: '(redacted).local', port: 4, protocol: 'udp', candidateType: 'host' },
];

/** The rows a second later: one field of one row is another. */
function later(rows: readonly Row[], id: string, fields: Readonly<Record<string, unknown>>): RTCStatsReport {
  return report(
    rows.map((row) => (row.id === id ? { ...row, ...fields } : row)),
    1_700_000_001_000,
  );
}

describe('the path', () => {
  test('in Chromium is the pair that the transport has selected', () => {
    const { status } = readStats(report(CHROMIUM), null, UNSAID, CAMERA);

    expect(status).toMatchObject({
      roundTripMs: 23,
      localAddress: '192.0.2.1:50000',
      remoteAddress: '[2001:db8::7]:4711',
    });
    expect(status).toMatchObject({ localType: 'host', remoteType: 'prflx', protocol: 'udp' });
  });

  test('in Firefox is the pair that is marked as selected', () => {
    const { status } = readStats(report(FIREFOX), null, UNSAID, CAMERA);

    expect(status).toMatchObject({
      localAddress: '192.0.2.2:2',
      localType: 'relay',
      remoteType: 'host',
      protocol: 'tls',
    });
    expect(status.roundTripMs).toBeNull();
    expect(status.path).toBe('relay');
  });

  test('is relayed if only the other side uses a relay', () => {
    expect(readStats(later(CHROMIUM, 'I3', { candidateType: 'relay' }), null, UNSAID, CAMERA).status.path).toBe(
      'relay',
    );
  });

  test.each([
    ['192.168.1.7', 'same-network'],
    ['fd00::7', 'same-network'],
    ['0a1b2c3d.local', 'same-network'],
    [null, 'same-network'],
    ['203.0.113.7', 'direct'],
    ['2001:db8::7', 'direct'],
  ])('without NAT to %s is %s', (address, path) => {
    const rows = later(CHROMIUM, 'I3', { candidateType: 'host', address });

    expect(readStats(rows, null, UNSAID, CAMERA).status.path).toBe(path);
  });

  test('has no NAT if the other side signals a peer-reflexive address later', () => {
    const rows = later(CHROMIUM, 'I3', { address: '192.168.1.7' });
    const told = { mine: undefined, theirs: 'a=candidate:1 1 udp 2122 192.168.1.7 4711 typ host\r\n' };
    const hidden = { mine: undefined, theirs: 'a=candidate:1 1 UDP 2122 0a1b2c3d.local 4711 typ host\r\n' };

    expect(readStats(rows, null, told, CAMERA).status).toMatchObject({ remoteType: 'host', path: 'same-network' });
    expect(readStats(rows, null, hidden, CAMERA).status).toMatchObject({ remoteType: 'host', path: 'same-network' });
    expect(readStats(rows, null, UNSAID, CAMERA).status).toMatchObject({ remoteType: 'prflx', path: 'direct' });
  });

  test('has no address where the browser hides it', () => {
    expect(readStats(later(CHROMIUM, 'I3', { address: '' }), null, UNSAID, CAMERA).status.remoteAddress).toBeNull();
    expect(readStats(later(CHROMIUM, 'I3', { address: null }), null, UNSAID, CAMERA).status.remoteAddress).toBeNull();
  });

  test('is null before there is one', () => {
    const { status } = readStats(report([]), null, UNSAID, CAMERA);

    expect(status).toEqual({
      path: null,
      roundTripMs: null,
      localAddress: null,
      remoteAddress: null,
      localType: null,
      remoteType: null,
      protocol: null,
      video: null,
      packetLoss: null,
      packetLossSent: null,
    });
  });

  test('has only candidate types of the standard', () => {
    expect(
      readStats(later(CHROMIUM, 'I1', { candidateType: 'serverreflexive' }), null, UNSAID, CAMERA).status.localType,
    ).toBeNull();
  });
});

describe('the video', () => {
  test('has a size, a frame rate, and a bitrate since the last measurement', () => {
    const first = readStats(report(CHROMIUM), null, UNSAID, CAMERA);
    expect(first.status.video).toEqual({ width: 1280, height: 720, framesPerSecond: 30, kbitPerSecond: 0 });

    const second = readStats(later(CHROMIUM, 'V', { bytesReceived: 175_000 }), first.counters, UNSAID, CAMERA);
    expect(second.status.video?.kbitPerSecond).toBe(1000);
  });

  test('is that of the camera, not of a screen', () => {
    const screen = {
      ...CHROMIUM.at(-1),
      id: 'S',
      type: 'inbound-rtp',
      trackIdentifier: 'screen-track',
      frameWidth: 2560,
    };

    expect(readStats(report([screen, ...CHROMIUM]), null, UNSAID, CAMERA).status.video?.width).toBe(1280);
  });

  test('is null while no frames arrive', () => {
    expect(
      readStats(later(CHROMIUM, 'V', { framesPerSecond: undefined }), null, UNSAID, CAMERA).status.video,
    ).toBeNull();
    expect(readStats(later(CHROMIUM, 'V', { framesPerSecond: 0 }), null, UNSAID, CAMERA).status.video).toBeNull();
  });

  test('has no negative bitrate when the counters start over', () => {
    const { counters } = readStats(report(CHROMIUM), null, UNSAID, CAMERA);

    expect(
      readStats(later(CHROMIUM, 'V', { bytesReceived: 10 }), counters, UNSAID, CAMERA).status.video?.kbitPerSecond,
    ).toBe(0);
  });

  test('has bitrate 0 in its first second', () => {
    const { counters } = readStats(report(FIREFOX), null, UNSAID, CAMERA);

    expect(readStats(report(CHROMIUM), counters, UNSAID, CAMERA).status.video?.kbitPerSecond).toBe(0);
  });
});

describe('packet loss', () => {
  test('is unknown at the first measurement', () => {
    expect(readStats(report(CHROMIUM), null, UNSAID, CAMERA).status.packetLoss).toBeNull();
  });

  test('is the share since the last measurement, of audio and video together', () => {
    const { counters } = readStats(report(CHROMIUM), null, UNSAID, CAMERA);
    const now = later(CHROMIUM, 'V', { packetsReceived: 375, packetsLost: 25 });

    expect(readStats(now, counters, UNSAID, CAMERA).status.packetLoss).toBe(0.25);
  });

  test('tells which share of our own packets the peer reports as lost', () => {
    const sent = (packetsSent: number, packetsLost: number) =>
      report([
        ...CHROMIUM,
        { id: 'O', type: 'outbound-rtp', kind: 'video', packetsSent },
        { id: 'R', type: 'remote-inbound-rtp', kind: 'video', packetsLost },
      ]);
    const { status, counters } = readStats(sent(100, 5), null, UNSAID, CAMERA);
    expect(status.packetLossSent).toBeNull();
    expect(readStats(sent(200, 15), counters, UNSAID, CAMERA).status.packetLossSent).toBe(0.1);
    expect(readStats(sent(100, 5), counters, UNSAID, CAMERA).status.packetLossSent).toBeNull();
    expect(readStats(sent(110, 55), counters, UNSAID, CAMERA).status.packetLossSent).toBe(1);
  });

  test('is 0 if duplicates make the counter shrink', () => {
    const { counters } = readStats(report(CHROMIUM), null, UNSAID, CAMERA);

    expect(
      readStats(later(CHROMIUM, 'V', { packetsReceived: 301, packetsLost: -3 }), counters, UNSAID, CAMERA).status
        .packetLoss,
    ).toBe(0);
  });

  test('is unknown while nothing was sent', () => {
    const { counters } = readStats(report(CHROMIUM), null, UNSAID, CAMERA);

    expect(readStats(report(CHROMIUM), counters, UNSAID, CAMERA).status.packetLoss).toBeNull();
  });
});

describe('what was sent of the camera', () => {
  const rows = [
    { id: 'O', type: 'outbound-rtp', kind: 'video', mid: '1', ssrc: 5, framesSent: 30, packetsSent: 100 },
    { id: 'S', type: 'outbound-rtp', kind: 'video', mid: '2', ssrc: 6, framesSent: 1, packetsSent: 1 },
    { id: 'R', type: 'remote-inbound-rtp', kind: 'video', ssrc: 5, packetsLost: 7, roundTripTime: 0.05 },
  ];

  test('is what its own video has sent, and what the other side reports about that', () => {
    const sent = { frames: 30, packets: 100, packetsLost: 7, roundTripMs: 50, hasTarget: false };
    expect(cameraSent(report(rows), '1')).toEqual(sent);
    expect(cameraSent(later(rows, 'O', { targetBitrate: 1_000_000 }), '1')).toEqual({ ...sent, hasTarget: true });
  });

  test('has no losses and no round-trip time before the first report', () => {
    expect(cameraSent(report(rows), '2')).toMatchObject({ packetsLost: 0, roundTripMs: null });
  });

  test('is unknown before the negotiation, and where the browser does not say', () => {
    expect([cameraSent(report(rows), null), cameraSent(report(rows), '3')]).toEqual([null, null]);
  });
});

test('the bytes received are those of the path in use, and unknown where the browser does not say', () => {
  expect(bytesReceived(later(CHROMIUM, 'CPa', { bytesReceived: 4711 }))).toBe(4711);
  expect([bytesReceived(report(CHROMIUM)), bytesReceived(report([]))]).toEqual([null, null]);
});

test.each(['l0', 'r0'])('a pair whose candidate %s the browser does not list has no part in an ICE attempt', (id) => {
  const { pairs } = iceAttemptOf(later(FIREFOX, id, { candidateType: undefined }), UNSAID, { relays: [], errors: [] });
  expect(pairs).toEqual([{ local: 'relay', remote: 'host', answered: true }]);
});

test('an ICE attempt has candidates of both sides, and the pairs with their responses', () => {
  const mine =
    'a=candidate:1 1 udp 2 192.0.2.1 5 typ host\r\na=candidate:2 1 udp 1 203.0.113.1 5 typ srflx raddr 0.0.0.0\r\n';
  const theirs =
    'v=0\r\na=candidate:7 1 UDP 2 198.51.100.1 5 typ relay\r\na=candidate:7 1 UDP 1 198.51.100.2 5 typ relay\r\n';

  expect(iceAttemptOf(report(FIREFOX), { mine, theirs }, { relays: [], errors: [] })).toEqual({
    relays: [],
    errors: [],
    mine: ['host', 'srflx'],
    theirs: ['relay'],
    pairs: [
      { local: 'host', remote: 'host', answered: false },
      { local: 'relay', remote: 'host', answered: true },
    ],
  });
});
