import type { ConnectionStatus, Role } from '@eyeline/sdk';
import { phaseOf } from '../model/connection-phase';
import type { Standing } from '../model/verification';
import { words } from './strings';

/** The people panel. */
export const peoplePanelWords = {
  heading: 'People',
  away: 'You’re not connected to the server. Host controls work again once you are.',
  door: 'Waiting to join',
  inside: 'In the call',
  phone: 'On a phone',
  watches: 'Watching only',
  you: (name: string) => `${name} (you)`,
  role: { host: 'Host', 'co-host': 'Co-host', member: '' } satisfies Readonly<Record<Role, string>>,
  knocks: (name: string) => (name === '' ? 'Somebody without the key in the link' : name),
  wants: (name: string) =>
    name === '' ? 'Somebody without the key in the link wants to join' : `${name} wants to join`,
  more: (count: number) => `${count} more waiting`,
  admit: 'Admit',
  decline: 'Decline',
  admitName: (name: string) => `Admit ${name}`,
  declineName: (name: string) => `Decline ${name}`,
  actions: (name: string) => `Actions for ${name}`,
  on: 'Microphone on',
  muted: 'Muted',
  connection: (connection: ConnectionStatus) => {
    const phase = phaseOf(connection);
    if (phase === 'direct') return 'Connected directly';
    if (phase === 'relayed') return 'Connected through the relay';
    const said = words.connection.phases[phase];
    return `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
  },
  muteForMe: 'Mute for me',
  mutedForMe: 'Muted for you',
  mute: 'Ask to mute',
  asked: 'Asked to mute',
  appoint: (role: Role) => (role === 'co-host' ? 'End co-host role' : 'Make co-host'),
  removeOne: 'Remove from the call',
  remove: (name: string) => `Remove ${name}`,
  removes: (name: string) =>
    `Remove ${name} from the call? After that, new people have to knock, so ${name} can come back only if you let them in.`,
  floods: (name: string) => `${name} sends too much. Most of it isn’t shown.`,
  ignore: 'Ignore',
  ignoreName: (name: string) => `Ignore ${name}: you no longer see and hear each other`,
  cancel: 'Cancel',
  yesRemove: 'Remove',
  entry: 'Who can join',
  entries: [
    ['open', 'Everyone with the link'],
    ['knock', 'People you let in (they knock first)'],
    ['locked', 'Nobody else'],
  ] as const,
  files: 'Allow files',
  history: 'New people can read earlier messages',
  screens: 'Allow screen sharing',
  link: 'Copy the host link',
  linkNote: 'Anyone who opens it becomes a host like you. Don’t share it with others.',
  end: 'End the call for everyone',
  ends: 'End the call for everyone?',
  yesEnd: 'End for everyone',
};

/** The part of the connection panel with the emoji. It must never claim more than we know. */
export const verificationPanelWords = {
  heading: (name: string) => `Is it really ${name}?`,
  emoji: (names: readonly string[]) => `Four emoji: ${names.join(', ')}`,
  lead: (name: string, standing: Standing): string => {
    switch (standing.is) {
      case 'comparing':
        return 'The four emoji appear once you’re connected.';
      case 'failed':
        return `The check with ${name} failed. Somebody may be listening in: say nothing private, hang up and call again.`;
      case 'mismatch':
        return `Somebody may be listening in on your call with ${name}. Say nothing private. Hang up and call again, by a new link or from another network. If you only misread them, compare again.`;
      case 'unverified':
        return `Read them out to each other. If ${name} sees the same four, nobody is listening in.`;
      case 'verified':
        if (standing.as !== null)
          return `Nobody is listening in: you compared emoji with this person, whose name was ${standing.as} then.`;
        return `Nobody is listening in: you compared emoji with ${name}, in this call or in an earlier one in this browser.`;
      case 'changed':
        if (standing.as !== null)
          return `You verified this person as ${standing.as}. The ${name} you verified has another key: this is somebody else under that name.`;
        return `You verified a ${name} before, but this one has a different key. It may be another browser or another person: compare the four emoji before you trust them.`;
    }
  },
  offer: (name: string) => `Is it really ${name}? Compare four emoji.`,
  compare: 'Compare',
  match: 'They match',
  differ: 'They don’t match',
  mismatch: 'The emoji don’t match',
  hangUp: 'Hang up',
  again: 'Compare again',
  undo: 'Undo verification',
  verified: (as: string | null) => (as === null ? 'Verified' : `Verified as ${as}`),
  replaces: (name: string) =>
    `Forget the ${name} you verified before? From then on only this person counts as ${name}. Do this only if they have a new device or browser.`,
  replace: 'Forget the other key',
  keep: 'Cancel',
};
