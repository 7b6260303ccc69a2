/** Draws a view into a page of happy-dom, to be found and used by role and name as a person does. */

import { configure, waitFor } from '@testing-library/dom';
import { type UserEvent, userEvent } from '@testing-library/user-event';
import { type ComponentChild, render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach } from 'vitest';
import { App } from '../../src/model/app';
import type { Attention } from '../../src/model/attention/attention';
import { Call } from '../../src/model/call';
import type { Chat } from '../../src/model/chat/chat';
import type { Files } from '../../src/model/files/files';
import { LocalDevices } from '../../src/model/local-devices';
import { AppView } from '../../src/view/app';
import { panelsDelay } from '../../src/view/lazy-panels';
import { settled, World } from '../fake-platform';
import { FakePeer, FakeRoom } from '../fakes';
import { lazyCode } from '../loaded-chat';

configure({
  asyncUtilTimeout: 10_000, // on a busy machine
  eventWrapper: (dispatch) => {
    let result: ReturnType<typeof dispatch>;
    void act(() => {
      result = dispatch();
    });
    return result;
  },
});

// The panels load at once: here no picture has to come first.
const later = setTimeout;
globalThis.setTimeout = Object.assign(
  (run: () => void, delay?: number) => later(run, delay === panelsDelay ? 0 : delay),
  later,
);

/** A stream without tracks. happy-dom's own has no `getTracks`. */
export function stream(): MediaStream {
  const made = new MediaStream();
  made.getTracks = () => [];
  return made;
}

const roots: HTMLElement[] = [];

afterEach(clear);

/** Takes everything off the page. */
export function clear(): void {
  for (const root of roots.splice(0)) {
    void act(() => render(null, root));
    root.remove();
  }
}

/** Draws it; returns a person with mouse and keyboard. */
export function draw(view: ComponentChild): UserEvent {
  return drawIn(view).user;
}

/** Draws it next to what is there; returns also the element that it is in. */
export function drawIn(view: ComponentChild): { readonly user: UserEvent; readonly root: HTMLElement } {
  const root = document.body.appendChild(document.createElement('div'));
  roots.push(root);
  void act(() => render(view, root));
  return { user: userEvent.setup({ delay: null }), root };
}

/** Lets something happen in the fakes, and draws what has changed. */
export function now(happens: () => void): Promise<void> {
  return act(async () => {
    happens();
    await settled();
  });
}

export class Scene {
  readonly world: World;
  readonly user: UserEvent;
  readonly app: App;

  constructor(world: World, app: App, user: UserEvent) {
    this.world = world;
    this.app = app;
    this.user = user;
  }
}

export function aWorld(path = ''): World {
  const world = new World(path);
  world.stream = stream;
  return world;
}

/** The whole app at an address. */
export async function open(world: World): Promise<Scene> {
  const app = new App(world);
  await settled();
  const { user, root } = drawIn(<AppView app={app} />);
  await waitFor(() => {
    if (root.querySelector('main') === null) throw new Error('the page is not loaded');
  });
  return new Scene(world, app, user);
}

export function person(name: string, id = name.toLowerCase()): FakePeer {
  return new FakePeer(name, stream(), id);
}

export interface CallScene {
  readonly world: World;
  readonly room: FakeRoom;
  readonly call: Call;
  /** Chat and files of the call, which are loaded later in the app. */
  readonly chat: Chat;
  readonly files: Files;
  /** As well. */
  readonly attention: Attention;
}

export interface CallOptions {
  readonly hostLink?: string;
  readonly world?: World;
  readonly room?: FakeRoom;
  /** Runs when the call has begun, before what is loaded later is there. */
  readonly before?: () => void;
}

/** A call that Alice is in, with these people. */
export async function aCall(people: readonly FakePeer[] = [], options: CallOptions = {}): Promise<CallScene> {
  const { hostLink = null, world = aWorld(), room = new FakeRoom('tea', 'Alice') } = options;
  room.peers.set(people);
  const devices = new LocalDevices(world);
  await devices.start();
  const call = new Call(world, room, devices, { link: 'https://eyeline.example/call/r/tea#key', hostLink });
  options.before?.();
  call.lazy.bring(lazyCode);
  await settled();
  const [chat, files, attention] = [call.lazy.chat.peek(), call.lazy.files.peek(), call.lazy.attention.peek()];
  if (chat === null || files === null || attention === null) throw new Error('the call has ended');
  return { world, room, call, chat, files, attention };
}
