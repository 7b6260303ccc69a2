import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  firstTrack,
  type LocalTracks,
  mediaOf,
  openTransceivers,
  type TrackName,
  trackIn,
  transceiversOf,
} from '../src/connection/transceivers.ts';

interface Fake {
  readonly label: string;
  readonly kind: string;
  readonly mid: string | null;
  readonly direction: RTCRtpTransceiverDirection;
}

/** A browser's connection with these transceivers. */
class Connection {
  readonly transceivers: object[];
  /** What was added, and with which codecs. */
  readonly added: { readonly what: unknown; codecs: readonly string[] }[] = [];

  constructor(given: readonly Partial<Fake>[]) {
    this.transceivers = given.map(({ label, kind = 'audio', mid = null, direction = 'sendrecv' }) => {
      return { label, mid, direction, receiver: { track: { kind } } };
    });
  }

  getTransceivers = (): readonly object[] => [...this.transceivers];

  addTransceiver(what: string | MediaStreamTrack): object {
    const kind = typeof what === 'string' ? what : what.kind;
    const row = { what, codecs: [] as string[] };
    this.added.push(row);
    const made = {
      mid: null,
      direction: 'sendrecv',
      receiver: { track: { kind } },
      setCodecPreferences: (codecs: readonly RTCRtpCodec[]) => {
        row.codecs = codecs.map(({ mimeType }) => mimeType);
      },
    };
    this.transceivers.push(made);
    return made;
  }
}

const as = (connection: Connection) => connection as unknown as RTCPeerConnection;
const named = (connection: Connection) =>
  [...transceiversOf(as(connection))].map(([name, each]) => [name, Reflect.get(each, 'label')]);
const NOTHING: LocalTracks = { stream: null, screen: null };

function stream(...kinds: readonly string[]): MediaStream {
  const tracks = kinds.map((each) => {
    const [kind, readyState = 'live'] = each.split(' ');
    return { kind, readyState };
  });
  return { getTracks: () => tracks } as unknown as MediaStream;
}

afterEach(() => void vi.unstubAllGlobals());

describe('transceivers', () => {
  test('of each kind the first is for camera or microphone and the second for a screen', () => {
    const kinds = ['video', 'audio', 'audio', 'video', 'video'];
    const connection = new Connection(kinds.map((kind, at) => ({ kind, label: `${kind} ${at}`, mid: `${at}` })));
    expect(named(connection)).toEqual([
      ['microphone', 'audio 1'],
      ['camera', 'video 0'],
      ['screen', 'video 3'],
      ['sound', 'audio 2'],
    ]);
  });

  test('those left by a rolled back offer, and stopped ones, do not count', () => {
    const connection = new Connection([
      { kind: 'video', label: 'ours', mid: '1' },
      { kind: 'video', label: 'left behind' },
      { kind: 'video', label: 'stopped', mid: '2', direction: 'stopped' },
      { kind: 'video', label: 'theirs', mid: '3' },
    ]);
    expect(named(connection)).toEqual([
      ['camera', 'ours'],
      ['screen', 'theirs'],
    ]);
  });

  test('before negotiation they are those that were added', () => {
    expect(named(new Connection([{ kind: 'video', label: 'made ahead' }]))).toEqual([['camera', 'made ahead']]);
  });

  test.for([[], ['audio'], ['video'], ['audio', 'video'], ['video', 'audio']])(
    'after %j all four are opened',
    (kinds) => {
      const connection = new Connection(kinds.map((kind) => ({ kind })));
      const before = connection.transceivers.length;
      openTransceivers(as(connection), NOTHING);
      expect(connection.added).toHaveLength(4 - before);
      expect([...transceiversOf(as(connection)).keys()]).toEqual(['microphone', 'camera', 'screen', 'sound']);
      openTransceivers(as(connection), NOTHING);
      expect(connection.added).toHaveLength(4 - before);
    },
  );

  test('a screen is offered with few codecs, best first, and the rest as the browser has it', () => {
    const known = ['VP8', 'rtx', 'H264', 'VP9', 'VP9 profile-id=2', 'AV1', 'red'];
    vi.stubGlobal(
      'RTCRtpTransceiver',
      class {
        setCodecPreferences(): void {}
      },
    );
    vi.stubGlobal('RTCRtpReceiver', {
      getCapabilities: (kind: string) => ({
        codecs: (kind === 'audio' ? ['opus', 'PCMU'] : known).map((each) => {
          const [name, sdpFmtpLine] = each.split(' ');
          return { mimeType: `${kind}/${name}`, sdpFmtpLine };
        }),
      }),
    });
    const connection = new Connection([]);
    openTransceivers(as(connection), NOTHING);
    expect(connection.added.map(({ codecs }) => codecs)).toEqual([
      [],
      [],
      ['video/VP9', 'video/VP8', 'video/rtx'],
      ['audio/opus'],
    ]);
  });

  test('a browser that does not say which codecs it has is given no preferences', () => {
    vi.stubGlobal('RTCRtpTransceiver', { prototype: { setCodecPreferences: () => undefined } });
    vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
    const connection = new Connection([]);
    openTransceivers(as(connection), NOTHING);
    expect(connection.added.map(({ codecs }) => codecs)).toEqual([[], [], [], []]);
  });

  test('a browser without codec preferences is given none', () => {
    const connection = new Connection([]);
    openTransceivers(as(connection), NOTHING);
    expect(connection.added.flatMap(({ codecs }) => codecs)).toEqual([]);
  });
});

describe('what is sent', () => {
  test('each sends its own live track', () => {
    const outgoing = { stream: stream('audio', 'video'), screen: stream('video ended', 'video', 'audio') };
    const names: readonly TrackName[] = ['microphone', 'camera', 'screen', 'sound'];
    expect(names.map((name) => trackIn(outgoing, name))).toEqual([
      outgoing.stream.getTracks()[0],
      outgoing.stream.getTracks()[1],
      outgoing.screen.getTracks()[1],
      outgoing.screen.getTracks()[2],
    ]);
  });

  test('an ended or missing screen sends nothing', () => {
    expect(trackIn({ stream: null, screen: stream('video ended') }, 'screen')).toBeNull();
    expect(trackIn(NOTHING, 'camera')).toBeNull();
  });
});

describe('what we tell others about our tracks', () => {
  /** A stream with a track of that kind. */
  function streamOf(kind: string, enabled: boolean, muted: boolean, readyState = 'live'): MediaStream {
    return { getTracks: () => [{ kind, enabled, muted, readyState }] } as unknown as MediaStream;
  }

  test.each([
    [true, false, 'on', 'on'],
    [false, false, 'muted', 'off'],
    [true, true, 'muted', 'off'],
    [false, true, 'muted', 'off'],
  ])('enabled: %s, and muted by the system: %s', (enabled, muted, microphone, camera) => {
    expect(mediaOf({ stream: streamOf('audio', enabled, muted), screen: null })).toEqual({
      microphone,
      camera: 'none',
      screen: 'none',
    });
    expect(mediaOf({ stream: streamOf('video', enabled, muted), screen: null })).toEqual({
      microphone: 'none',
      camera,
      screen: 'none',
    });
  });

  test('a screen is shared as long as its picture is live', () => {
    expect(mediaOf({ stream: null, screen: streamOf('video', true, false) }).screen).toBe('on');
    expect(mediaOf({ stream: null, screen: streamOf('video', true, false, 'ended') }).screen).toBe('none');
    expect(mediaOf({ stream: null, screen: streamOf('audio', true, false) }).screen).toBe('none');
    expect(mediaOf(NOTHING)).toEqual({ microphone: 'none', camera: 'none', screen: 'none' });
  });

  test('a track that has ended is skipped', () => {
    const [ended, live] = [
      { kind: 'audio', readyState: 'ended' },
      { kind: 'audio', readyState: 'live' },
    ];
    const both = { getTracks: () => [ended, live] } as unknown as MediaStream;
    expect(firstTrack(both, 'audio')).toBe(live);
    expect(firstTrack(both, 'video')).toBe(null);
  });
});
