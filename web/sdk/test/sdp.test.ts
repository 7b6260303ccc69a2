import { describe, expect, test } from 'vitest';
import { mungedSdp } from '../src/connection/sdp.ts';

const voice = 'm=audio 9 x 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n';
const picture = 'm=video 9 x 98 99\r\na=rtpmap:98 VP9/90000\r\na=rtcp-fb:98 nack\r\na=rtcp-fb:98 nack pli\r\n';

describe('stereo', () => {
  test('is wanted for the sound of a screen and for nothing else', () => {
    const music = voice.replace('useinbandfec=1', 'useinbandfec=1;stereo=1');
    expect(mungedSdp(`v=0\r\n${voice}${picture}${picture}${voice}`)).toBe(
      `v=0\r\n${voice}${picture}${picture}${music}`,
    );
  });

  test('is said once', () => {
    const said = mungedSdp(`v=0\r\n${voice}${voice}`);
    expect(mungedSdp(said)).toBe(said);
  });

  test('is not said where there is no sound of a screen, or no opus', () => {
    for (const sdp of ['', 'v=0\r\n', `v=0\r\n${voice}${picture}`, `v=0\r\n${voice}${voice.replace('opus', 'PCMU')}`]) {
      expect(mungedSdp(sdp)).toBe(sdp);
    }
  });
});

describe('feedback', () => {
  test('is told of for codecs that are offered, line by line, and for no others', () => {
    const stray = 'a=rtcp-fb:9 nack\r\na=rtcp-fb:99 ccm fir\r\na=rtcp-fb:100 transport-cc\r\na=rtcp-mux\r\n';
    const kept = 'a=rtcp-fb:99 ccm fir\r\na=rtcp-mux\r\n';
    expect(mungedSdp(`v=0\r\n${picture}${stray}${voice}`)).toBe(`v=0\r\n${picture}${kept}${voice}`);
  });

  test('for all of them stays', () => {
    const all = `v=0\r\n${picture}a=rtcp-fb:* nack\r\n`;
    expect(mungedSdp(all)).toBe(all);
  });
});
