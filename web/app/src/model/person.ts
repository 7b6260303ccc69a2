import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { ConnectionQuality, type Quality } from './connection-quality';
import type { LocalDevices } from './local-devices';
import type { Mismatches } from './mismatches';
import { shownName } from './name';
import { Subscriptions } from './subscriptions';
import { Verification } from './verification';
import type { VerifiedPeople } from './verified-people';

/** Somebody on the stage: another person, or you. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly mine: boolean;
  /** Shown as in a mirror: your own picture, mostly. */
  readonly mirrored: ReadonlySignal<boolean>;
  readonly stream: ReadonlySignal<MediaStream>;
  readonly media: ReadonlySignal<Pick<sdk.PeerMedia, 'microphone' | 'camera' | 'cameraFailed'>>;
  readonly speaking: ReadonlySignal<boolean>;
  /** The connection to them; null for yourself. */
  readonly connection: ReadonlySignal<sdk.ConnectionStatus> | null;
  /** Whether you have muted them for yourself; null for yourself. */
  readonly mutedForMe: ReadonlySignal<boolean> | null;
  /** Whether it is really them; null for yourself. */
  readonly verification: Verification | null;
}

export function you(me: sdk.Member, devices: LocalDevices): Person {
  const { stream, media, speaking, mirrored } = devices;
  return {
    id: me.id,
    name: shownName(me.name),
    mine: true,
    mirrored,
    stream,
    media,
    speaking,
    connection: null,
    mutedForMe: null,
    verification: null,
  };
}

/** Another person; `subscriptions` end when they go. */
export interface Other extends Person {
  /** The name as they gave it. `name` has a number too if somebody who came before them has one that looks the same. */
  readonly givenName: string;
  readonly connection: ReadonlySignal<sdk.ConnectionStatus>;
  readonly quality: ReadonlySignal<Quality>;
  readonly verification: Verification;
  /** Pixels of height to which they limit everybody's camera; at 0 they can't see you, at null there's no limit. */
  readonly videoLimit: ReadonlySignal<number | null>;
  readonly role: ReadonlySignal<sdk.Role>;
  /** The screen that they share, or null. */
  readonly screen: ReadonlySignal<MediaStream | null>;
  readonly permissions: sdk.Permissions;
  /** Whether they called by SIP. */
  readonly sip: boolean;
  readonly subscriptions: Subscriptions;
  /** Whether you don't want to hear them; nobody else notices. */
  readonly mutedForMe: Signal<boolean>;
  /** Whether they keep sending more than we take. */
  readonly flooding: ReadonlySignal<boolean>;
  /** Tries again to connect to them. */
  readonly retry: () => void;
  /** Hangs up on them. */
  readonly ignore: () => void;
}

/** `names` are those to show, by id. At a `maxHeight` of 0 no camera's video is received, as if it were off. */
export function other(
  peer: sdk.Peer,
  verified: VerifiedPeople,
  mismatches: Mismatches,
  names: ReadonlySignal<ReadonlyMap<string, string>>,
  maxHeight: ReadonlySignal<number | null>,
): Other {
  const subscriptions = new Subscriptions();
  const givenName = shownName(peer.name);
  const media = subscriptions.signal(peer.media);
  const quality = signal<Quality>('good');
  const measured = new ConnectionQuality();
  subscriptions.on(peer.connection, (status) => {
    quality.value = measured.update(status);
  });
  return {
    id: peer.id,
    get name() {
      return names.value.get(peer.id) ?? givenName;
    },
    givenName,
    mine: false,
    mirrored: signal(false),
    stream: signal(peer.stream),
    media: computed(() => (maxHeight.value === 0 ? withoutCamera(media.value) : media.value)),
    speaking: subscriptions.signal(peer.speaking),
    connection: subscriptions.signal(peer.connection),
    quality,
    videoLimit: subscriptions.signal(peer.videoLimit),
    role: subscriptions.signal(peer.role),
    screen: subscriptions.signal(peer.screen),
    permissions: peer.permissions,
    sip: peer.sip,
    verification: new Verification(subscriptions.signal(peer.safety), verified, mismatches, givenName),
    subscriptions,
    mutedForMe: signal(false),
    flooding: subscriptions.signal(peer.flooding),
    retry: () => peer.reconnect(),
    ignore: () => peer.ignore(),
  };
}

function withoutCamera(media: sdk.PeerMedia): sdk.PeerMedia {
  return media.camera === 'on' ? { ...media, camera: 'off' } : media;
}
