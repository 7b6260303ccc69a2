import type * as sdk from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Equipment } from './equipment';
import { shownName } from './name';
import { Watch } from './subscriptions';
import { Trust } from './verification';
import type { Verified } from './verified-people';

/** Somebody on the stage: another, or you. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly mine: boolean;
  readonly stream: ReadonlySignal<MediaStream>;
  readonly media: ReadonlySignal<Pick<sdk.PeerMedia, 'microphone' | 'camera'>>;
  readonly speaking: ReadonlySignal<boolean>;
  /** The way to them; null for yourself. */
  readonly line: ReadonlySignal<sdk.Line> | null;
  /** Whether it is really them; null for yourself. */
  readonly trust: Trust | null;
}

export function you(me: sdk.Member, equipment: Equipment): Person {
  const { stream, media, speaking } = equipment;
  return { id: me.id, name: shownName(me.name), mine: true, stream, media, speaking, line: null, trust: null };
}

/** Another person; `watch` ends when they go. */
export interface Other extends Person {
  readonly line: ReadonlySignal<sdk.Line>;
  readonly trust: Trust;
  readonly role: ReadonlySignal<sdk.Role>;
  /** What they share; null while it is nothing. */
  readonly screen: ReadonlySignal<MediaStream | null>;
  readonly may: sdk.Permissions;
  readonly watch: Watch;
  /** Looks for a path to them anew. */
  readonly retry: () => void;
}

export function other(peer: sdk.Peer, verified: Verified): Other {
  const watch = new Watch();
  const name = shownName(peer.name);
  return {
    id: peer.id,
    name,
    mine: false,
    stream: signal(peer.stream),
    media: watch.signal(peer.media),
    speaking: watch.signal(peer.speaking),
    line: watch.signal(peer.line),
    role: watch.signal(peer.role),
    screen: watch.signal(peer.screen),
    may: peer.may,
    trust: new Trust(watch.signal(peer.safety), verified, name),
    watch,
    retry: () => peer.retry(),
  };
}
