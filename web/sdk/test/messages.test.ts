import { describe, expect, test } from 'vitest';
import { type ChannelFrame, parseChannelFrame, parseSignal, type SignalMessage } from '../src/connection/messages.ts';

const description = { kind: 'offer', number: 1, ufrag: 'a1', sdp: 'v=0' } as const;
const candidate = { ufrag: 'a1', candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', mid: '0' } as const;

/** What our client never sends, but another one might. */
const HOSTILE = [
  '',
  ' ',
  'null',
  'true',
  '7',
  '"words"',
  '[]',
  '{}',
  '{',
  '[[[[',
  'undefined',
  '{"__proto__":{"frame":"leave","link":1}}',
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
  '\u0000',
  '\ud800',
];

describe('a signal', () => {
  test.for<SignalMessage>([
    { link: 1, to: null, about: { description } },
    { link: 2, to: 1, about: { description: { ...description, kind: 'answer' } } },
    { link: 2, to: 0, about: { candidate } },
    { link: Number.MAX_SAFE_INTEGER, to: 1, about: { candidate: { ...candidate, mid: null } } },
  ])('are read as they were written: %j', (words) => {
    expect(parseSignal(JSON.stringify(words))).toEqual(words);
  });

  test.for(HOSTILE)('are null for %j', (text) => {
    expect(parseSignal(text)).toBeNull();
  });

  test.for([-1, 1.5, 2 ** 53, '1', null, [1], {}, true])('are null with link %j', (link) => {
    expect(parseSignal(JSON.stringify({ link, to: null, about: { description } }))).toBeNull();
  });

  test.for([-1, 0.5, '1', [], false])('are null with to %j', (to) => {
    expect(parseSignal(JSON.stringify({ link: 1, to, about: { description } }))).toBeNull();
  });

  test.for([
    undefined,
    null,
    [],
    {},
    { description: null },
    { description: [] },
    { description: { ...description, kind: 'rollback' } },
    { description: { ...description, kind: ['offer'] } },
    { description: { ...description, number: '1' } },
    { description: { ...description, sdp: 1 } },
    { description: { ...description, ufrag: undefined } },
    { candidate: 'candidate:1' },
    { candidate: { ...candidate, mid: undefined } },
    { candidate: { ...candidate, mid: 0 } },
    { candidate: { ...candidate, candidate: null } },
  ])('are null about %j', (about) => {
    expect(parseSignal(JSON.stringify({ link: 1, to: null, about }))).toBeNull();
  });
});

describe('a frame', () => {
  test.for<ChannelFrame>([
    { frame: 'message', n: 1, data: { text: 'hi', more: [1, null, true] } },
    { frame: 'message', n: 2, data: null },
    { frame: 'got', n: 1 },
    { frame: 'compare', step: { step: 'commit', hash: '0f'.repeat(32) } },
    { frame: 'compare', step: { step: 'nonce', nonce: '0f'.repeat(16) } },
    { frame: 'compare', step: { step: 'reveal', nonce: '0f'.repeat(16) } },
    { frame: 'compare', step: { step: 'identity', key: '0f'.repeat(65), signature: '0f'.repeat(64) } },
    { frame: 'media', media: { microphone: 'muted', camera: 'none', screen: 'on' } },
    { frame: 'media', media: { microphone: 'on', camera: 'none', screen: 'none', cameraFailed: true } },
    { frame: 'video', maxHeight: 180 },
    { frame: 'video', maxHeight: 0 },
    { frame: 'video', maxHeight: null },
    { frame: 'words', words: '{}' },
    { frame: 'leave' },
    { frame: 'away' },
  ])('is read as it was written: %j', (frame) => {
    expect(parseChannelFrame(JSON.stringify(frame))).toEqual(frame);
  });

  test.for(HOSTILE)('is null for %j', (text) => {
    expect(parseChannelFrame(text)).toBeNull();
  });

  test.for([undefined, null, 'none', 'paused', 7, true, ['on'], { on: true }])(
    'with screen %j shares none',
    (screen) => {
      const media = { microphone: 'on', camera: 'off' } as const;
      const text = JSON.stringify({ frame: 'media', media: { ...media, screen, more: 1 } });
      expect(parseChannelFrame(text)).toEqual({ frame: 'media', media: { ...media, screen: 'none' } });
    },
  );

  test.for([
    { frame: 'dance' },
    { frame: ['leave'] },
    { frame: 'message', n: 1 },
    { frame: 'message', n: -1, data: 1 },
    { frame: 'message', data: 1 },
    { frame: 'got', n: '1' },
    { frame: 'words', words: {} },
    { frame: 'compare' },
    { frame: 'compare', step: null },
    { frame: 'compare', step: { step: 'dance' } },
    { frame: 'compare', step: { step: 'commit', hash: '0f'.repeat(31) } },
    { frame: 'compare', step: { step: 'commit', hash: '0F'.repeat(32) } },
    { frame: 'compare', step: { step: 'nonce', nonce: '0f'.repeat(17) } },
    { frame: 'compare', step: { step: 'reveal', nonce: 'g'.repeat(32) } },
    { frame: 'compare', step: { step: 'identity', key: '0f'.repeat(65), signature: '0f'.repeat(65) } },
    { frame: 'compare', step: { step: 'identity', key: '0f'.repeat(64), signature: '0f'.repeat(64) } },
    { frame: 'media' },
    { frame: 'media', media: { microphone: 'on' } },
    { frame: 'media', media: { microphone: 'loud', camera: 'on' } },
    { frame: 'media', media: { microphone: ['on'], camera: 'on' } },
    { frame: 'media', media: { microphone: 'on', camera: 'muted' } },
    { frame: 'media', media: { microphone: 'on', camera: { toString: 'on' } } },
  ])('is null for %j', (frame) => {
    expect(parseChannelFrame(JSON.stringify(frame))).toBeNull();
  });

  test('drops unknown fields', () => {
    expect(parseChannelFrame('{"frame":"leave","extra":1,"n":2}')).toEqual({ frame: 'leave' });
  });
});
