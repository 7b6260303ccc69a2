import { expect, test } from 'vitest';
import { offersVideo } from '../src/platform/sdp';

const offer = (...lines: string[]) =>
  ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=sendrecv', ...lines, ''].join('\r\n');

test.each([
  [true, offer('m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=sendrecv')],
  [true, offer('m=video 9 UDP/TLS/RTP/SAVPF 96')],
  [false, offer('m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=recvonly')],
  [false, offer('m=video 0 UDP/TLS/RTP/SAVPF 96', 'a=sendrecv')],
  [false, offer()],
])('a call is a video call, %s, if the caller sends a picture', (video, sdp) => {
  expect(offersVideo(sdp)).toBe(video);
});
