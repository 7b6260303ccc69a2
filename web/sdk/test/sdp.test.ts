import { describe, expect, test } from 'vitest';
import { mungedSdp } from '../src/connection/sdp.ts';

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

  test('for all codecs is kept', () => {
    const all = `v=0\r\n${picture}a=rtcp-fb:* nack\r\n`;
    expect(mungedSdp(all)).toBe(all);
  });
});
