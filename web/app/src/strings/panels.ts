import type { Role } from '@eyeline/sdk';
import type { Standing } from '../model/verification';

/** Of the panel with people, which is loaded later. */
export const peoplePanelWords = {
  heading: 'People',
  door: 'At the door',
  inside: 'In the call',
  watches: 'Watches',
  you: (name: string) => `${name} (you)`,
  role: { host: 'Host', 'co-host': 'Co-host', member: '' } satisfies Readonly<Record<Role, string>>,
  knocks: (name: string) => (name === '' ? 'Somebody without the key of the link' : name),
  wants: (name: string) =>
    name === '' ? 'Somebody without the key of the link wants to come in' : `${name} wants to come in`,
  more: (count: number) => `${count} more ${count === 1 ? 'waits' : 'wait'}`,
  admit: 'Admit',
  decline: 'Decline',
  admitName: (name: string) => `Admit ${name}`,
  declineName: (name: string) => `Decline ${name}`,
  mute: (name: string) => `Ask ${name} to mute`,
  appoint: (name: string, role: Role) => (role === 'co-host' ? `${name} no longer co-host` : `Make ${name} co-host`),
  remove: (name: string) => `Remove ${name}`,
  removes: (name: string) =>
    `Remove ${name} from the call? From then on newcomers have to knock, so that they come back only if you let them.`,
  cancel: 'Cancel',
  yesRemove: 'Remove',
  entry: 'Who may enter',
  entries: [
    ['open', 'Everyone with the link'],
    ['knock', 'Who is let in: newcomers knock'],
    ['locked', 'Nobody more'],
  ] as const,
  files: 'Files may be sent',
  history: 'Newcomers read what was written before',
  screens: 'Screens may be shared',
  link: 'Copy the host’s link',
  linkNote: 'Whoever opens it is a host like you. Give it to nobody else.',
  end: 'End the call for all',
  ends: 'End the call for everyone in it?',
  yesEnd: 'End for all',
};

/** Of the panel with the emoji, likewise. Never more than is known. */
export const verificationPanelWords = {
  heading: 'Is it really them?',
  emoji: (names: readonly string[]) => `Four emoji: ${names.join(', ')}`,
  lead: (name: string, standing: Standing): string => {
    switch (standing.is) {
      case 'comparing':
        return 'The four emoji come as soon as you are connected.';
      case 'failed':
        return `What came from ${name}’s side does not fit. Somebody may be between you: say nothing that others must not hear, and call again.`;
      case 'unverified':
        return `Read them to each other. If ${name} sees the same four, nobody is between you.`;
      case 'verified':
        return `Nobody is between you: you compared emoji with ${name}, in this call or, with this browser, in an earlier one.`;
      case 'changed':
        return `You verified a ${name} before, and this one has another key. It may be another browser or another person: compare the four before you trust.`;
    }
  },
  match: 'They match',
  differ: 'Not verified after all',
  verified: 'Verified',
};
