import { describe, expect, test } from 'vitest';
import { fingerprintIn, mungedSdp, withSha256Only } from '../src/connection/sdp.ts';

const voice = 'm=audio 9 x 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n';
const picture = 'm=video 9 x 98 99\r\na=rtpmap:98 VP9/90000\r\na=rtcp-fb:98 nack\r\na=rtcp-fb:98 nack pli\r\n';

describe('stereo', () => {
  test('is requested for the audio of a screen and nothing else', () => {
    const music = voice.replace('useinbandfec=1', 'useinbandfec=1;stereo=1');
    expect(mungedSdp(`v=0\r\n${voice}${picture}${picture}${voice}`)).toBe(
      `v=0\r\n${voice}${picture}${picture}${music}`,
    );
  });

  test('is requested once', () => {
    const said = mungedSdp(`v=0\r\n${voice}${voice}`);
    expect(mungedSdp(said)).toBe(said);
  });

  test('is not requested without the audio of a screen, or without Opus', () => {
    for (const sdp of ['', 'v=0\r\n', `v=0\r\n${voice}${picture}`, `v=0\r\n${voice}${voice.replace('opus', 'PCMU')}`]) {
      expect(mungedSdp(sdp)).toBe(sdp);
    }
  });
});

describe('feedback', () => {
  test('is listed for the codecs of its section, and no others', () => {
    const stray = 'a=rtcp-fb:9 nack\r\na=rtcp-fb:99 ccm fir\r\na=rtcp-fb:100 transport-cc\r\na=rtcp-mux\r\n';
    const kept = 'a=rtcp-fb:99 ccm fir\r\na=rtcp-mux\r\n';
    expect(mungedSdp(`v=0\r\n${picture}${stray}${voice}`)).toBe(`v=0\r\n${picture}${kept}${voice}`);
  });

  test('for codecs that were left out is left out, also where lines end without a carriage return', () => {
    const stray = 'a=rtcp-fb:9 nack\n';
    const section = picture.replaceAll('\r', '');
    expect(mungedSdp(`v=0\n${section}${stray}`)).toBe(`v=0\n${section}`);
  });

  test('for all codecs is kept', () => {
    const all = `v=0\r\n${picture}a=rtcp-fb:* nack\r\n`;
    expect(mungedSdp(all)).toBe(all);
  });
});

describe('fingerprints', () => {
  const byte = (value: string, times: number): string => Array(times).fill(value).join(':');
  const sha256 = `a=fingerprint:sha-256 ${byte('AB', 32)}\r\n`;
  const stronger = `a=fingerprint:sha-384 ${byte('CD', 48)}\r\na=fingerprint:sha-512 ${byte('EF', 64)}\r\n`;

  test.each([
    ['in each section', `v=0\r\n${voice}${sha256}${stronger}${picture}${stronger}${sha256}`],
    ['for the whole session', `v=0\r\n${stronger}${sha256}${voice}${picture}`],
    ['for the session, and others in a section', `v=0\r\n${sha256}${voice}${stronger}${picture}`],
    ['with the name of the hash function in upper case', `v=0\r\n${sha256.replace('sha', 'SHA')}${stronger}${voice}`],
  ])('of one certificate by several hash functions are cut down to SHA-256: %s', (_, sdp) => {
    const cleaned = withSha256Only(sdp);
    expect(cleaned).toBe(sdp.replaceAll(stronger, ''));
    expect(fingerprintIn(sdp)).toBe(null);
    expect(fingerprintIn(cleaned)).toBe('ab'.repeat(32));
  });

  test('of two certificates by SHA-256 are both kept, and set off the alarm', () => {
    const two = `v=0\r\n${voice}${sha256}${picture}${sha256.replaceAll('AB', 'BA')}`;
    expect(withSha256Only(two)).toBe(two);
    expect(fingerprintIn(withSha256Only(two))).toBe(null);
  });

  test('by another hash function are kept where DTLS would have none without them', () => {
    const mixed = `v=0\r\n${voice}${sha256}${picture}${stronger}`;
    expect(withSha256Only(mixed)).toBe(mixed);
    expect(fingerprintIn(withSha256Only(mixed))).toBe(null);
  });
});
