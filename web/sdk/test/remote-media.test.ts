import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PeerMedia } from '../src/connection/messages.ts';
import { RemoteMedia } from '../src/media/remote-media.ts';
import { stubBrowser, Track } from './browser.ts';

const SHARES: PeerMedia = { microphone: 'on', camera: 'on', screen: 'on' };

beforeEach(stubBrowser);
afterEach(() => void vi.unstubAllGlobals());

const picture = (): MediaStreamTrack => new Track('video') as unknown as MediaStreamTrack;

test('a screen is shown whichever arrives first, its track or its announcement', () => {
  const [track, word] = [new RemoteMedia(), new RemoteMedia()];
  track.add(picture(), 'screen');
  expect(track.screen.current).toBeNull();
  track.setMedia(SHARES);
  word.setMedia(SHARES);
  expect(word.screen.current).toBeNull();
  word.add(picture(), 'screen');
  for (const { screen } of [track, word]) expect(screen.current?.getTracks()).toHaveLength(1);
});

test('the next connection shows no screen before it is announced', () => {
  const incoming = new RemoteMedia();
  incoming.setMedia(SHARES);
  incoming.clear();
  incoming.add(picture(), 'screen');
  expect(incoming.screen.current).toBeNull();
  expect(incoming.media.current).toEqual({ ...SHARES, screen: 'none' });
  incoming.setMedia(SHARES);
  expect(incoming.screen.current).not.toBeNull();
});

/** A camera's track that has received nothing yet. */
function waitingCamera(): MediaStreamTrack {
  return Object.assign(new Track('video'), { muted: true }) as unknown as MediaStreamTrack;
}

test('a camera that is off adds no video track, which would keep browsers from playing the sound', () => {
  const media = new RemoteMedia();
  const camera = waitingCamera();
  media.add(new Track('audio') as unknown as MediaStreamTrack, 'microphone');
  media.add(camera, 'camera');
  media.setMedia({ microphone: 'on', camera: 'off', screen: 'none' });
  expect(media.stream.getTracks().filter(({ kind }) => kind === 'video')).toEqual([]);
  camera.dispatchEvent(new Event('unmute'));
  expect(media.stream.getTracks().filter(({ kind }) => kind === 'video')).toEqual([camera]);
});

test('a camera that is on joins the stream before its first picture', () => {
  const media = new RemoteMedia();
  const camera = waitingCamera();
  media.add(camera, 'camera');
  media.setMedia({ microphone: 'none', camera: 'on', screen: 'none' });
  expect(media.stream.getTracks().filter(({ kind }) => kind === 'video')).toEqual([camera]);
});

test('a camera of a connection that was replaced does not join the stream', () => {
  const media = new RemoteMedia();
  const camera = waitingCamera();
  media.add(camera, 'camera');
  media.clear();
  camera.dispatchEvent(new Event('unmute'));
  expect(media.stream.getTracks().filter(({ kind }) => kind === 'video')).toEqual([]);
});

test('a track that comes again, as in a renegotiation, is not taken out meanwhile', () => {
  const media = new RemoteMedia();
  const removed = vi.spyOn(media.stream, 'removeTrack');
  const [track] = [picture()];
  for (const _ of [1, 2]) media.add(track, 'camera');
  expect(removed).not.toHaveBeenCalled();
});

test('a new track replaces the old one of its kind, and leaves the other kind alone', () => {
  const media = new RemoteMedia();
  const [microphone, camera, next] = [new Track('audio'), new Track('video'), new Track('video')];
  const add = (track: Track): void => media.add(track as unknown as MediaStreamTrack, 'camera');
  for (const track of [microphone, camera]) add(track);
  expect(media.stream.getTracks()).toEqual([microphone, camera]);
  add(next);
  expect(media.stream.getTracks()).toEqual([microphone, next]);
});
