import type * as sdk from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Equipment } from './equipment';
import { shownName } from './name';
import { Watch } from './watch';

/** Somebody on the stage: another, or you. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly mine: boolean;
  readonly stream: ReadonlySignal<MediaStream>;
  readonly media: ReadonlySignal<sdk.PeerMedia>;
  readonly speaking: ReadonlySignal<boolean>;
  /** The way to them; null for yourself. */
  readonly line: ReadonlySignal<sdk.Line> | null;
}

export function you(me: sdk.Member, equipment: Equipment): Person {
  const { stream, media, speaking } = equipment;
  return { id: me.id, name: shownName(me.name), mine: true, stream, media, speaking, line: null };
}

/** Another person; `watch` ends when they go. */
export interface Other extends Person {
  readonly line: ReadonlySignal<sdk.Line>;
  readonly watch: Watch;
  /** Looks for a path to them anew. */
  readonly retry: () => void;
}

export function other(peer: sdk.Peer): Other {
  const watch = new Watch();
  return {
    id: peer.id,
    name: shownName(peer.name),
    mine: false,
    stream: signal(peer.stream),
    media: watch.signal(peer.media),
    speaking: watch.signal(peer.speaking),
    line: watch.signal(peer.line),
    watch,
    retry: () => peer.retry(),
  };
}
