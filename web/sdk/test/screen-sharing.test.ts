import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Peer } from '../src/peer.ts';
import type { Room } from '../src/room.ts';
import { aliceJoinsBob, type Connection, connections, roster, Stream, sockets, stubBrowser, Track } from './browser.ts';

let room: Room;
let picture: Track;
let sound: Track;
let screen: MediaStream;

beforeEach(async () => {
  stubBrowser();
  picture = new Track('video');
  sound = new Track('audio');
  screen = new Stream([picture, sound]) as unknown as MediaStream;
  room = await aliceJoinsBob();
});

afterEach(() => {
  room.leave();
  vi.unstubAllGlobals();
});

/** Alice's connections to others, oldest first. */
function link(at = 0): Connection {
  const found = connections[at];
  if (found === undefined) throw new Error(`no connection ${at}`);
  return found;
}

const sending = (at = 0) => link(at).transceivers.map(({ sender }) => sender.track);
const told = (at = 0) => {
  const frames = (link(at).channels[0]?.sent ?? []) as { readonly frame: string; readonly media?: unknown }[];
  return frames.filter(({ frame }) => frame === 'media').map(({ media }) => Reflect.get(Object(media), 'screen'));
};

function peer(): Peer {
  const [found] = room.peers.current;
  if (found === undefined) throw new Error('nobody is here');
  return found;
}

test('there are four transceivers from the start, and a screen uses the free ones', async () => {
  expect(link().transceivers.map(({ receiver }) => receiver.track.kind)).toEqual(['audio', 'video', 'video', 'audio']);
  link().agrees();
  room.shareScreen(screen);
  await Promise.resolve();
  expect(sending()).toEqual([null, null, picture, sound]);
  expect(told()).toEqual(['none', 'on']);
  room.shareScreen(null);
  await Promise.resolve();
  expect(sending()).toEqual([null, null, null, null]);
  expect(told()).toEqual(['none', 'on', 'none']);
});

test('a screen has the content hint detail, unless the page has set another', () => {
  room.shareScreen(screen);
  expect(picture.contentHint).toBe('detail');
  const film = new Track('video');
  film.contentHint = 'motion';
  room.shareScreen(new Stream([film]) as unknown as MediaStream);
  expect(film.contentHint).toBe('motion');
});

test('when the browser ends it, peers and page are notified', () => {
  link().agrees();
  room.shareScreen(screen);
  expect(room.screen.current).toBe(screen);
  sound.ends();
  expect(room.screen.current).toBe(screen);
  picture.ends();
  expect(room.screen.current).toBeNull();
  expect(told().at(-1)).toBe('none');
});

test('the end of an earlier screen does not end the one that is shared now', () => {
  room.shareScreen(screen);
  const other = new Stream([new Track('video')]) as unknown as MediaStream;
  room.shareScreen(other);
  picture.ends();
  expect(room.screen.current).toBe(other);
});

test('a stream without a live video track is not shared', () => {
  picture.ends();
  room.shareScreen(screen);
  expect(room.screen.current).toBeNull();
});

test('a peer who joins later gets it, and is told', () => {
  room.shareScreen(screen);
  sockets[0]?.says(roster({ id: 'a', name: 'Alice', order: 2 }, { id: 'c', name: 'Carol', order: 3 }));
  const carol = connections.length - 1;
  link(carol).agrees();
  expect(told(carol)).toEqual(['on']);
});

test('nothing is shared after the call has ended', () => {
  room.shareScreen(screen);
  room.leave();
  expect(room.screen.current).toBeNull();
  room.shareScreen(screen);
  expect(room.screen.current).toBeNull();
});

const media = { microphone: 'on', camera: 'on' };

test('a screen of a peer is shown from its announcement to its end', () => {
  link().agrees();
  expect(peer().screen.current).toBeNull();
  link().channels[0]?.says({ frame: 'media', media: { ...media, screen: 'on' } });
  const kinds = () => peer().screen.current?.getTracks();
  expect(kinds()).toEqual([link().transceivers[2]?.receiver.track, link().transceivers[3]?.receiver.track]);
  expect(peer().stream.getTracks()).toEqual(
    link()
      .transceivers.slice(0, 2)
      .map(({ receiver }) => receiver.track),
  );
  link().channels[0]?.says({ frame: 'media', media });
  expect(peer().screen.current).toBeNull();
});

test('an announced screen without a track is not shown', () => {
  link().transceivers.splice(2);
  link().agrees();
  link().channels[0]?.says({ frame: 'media', media: { ...media, screen: 'on' } });
  expect(peer().screen.current).toBeNull();
});

test('after a reconnect a screen is shown once it is announced again', () => {
  link().agrees();
  link().channels[0]?.says({ frame: 'media', media: { ...media, screen: 'on' } });
  link().is('failed');
  peer().reconnect();
  expect(peer().screen.current).toBeNull();
  expect(peer().media.current).toEqual({ ...media, screen: 'none' });
  link(connections.length - 1).agrees();
  expect(peer().screen.current).toBeNull();
  link(connections.length - 1).channels[0]?.says({ frame: 'media', media: { ...media, screen: 'on' } });
  expect(peer().screen.current).not.toBeNull();
});
