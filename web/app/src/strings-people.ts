import type { Permission, Permissions, Role } from '@eyeline/sdk';

const abilities: { readonly [P in Permission]: string } = {
  microphone: 'speak',
  camera: 'be seen',
  screen: 'share your screen',
  chat: 'write',
  files: 'send files',
};

/** What somebody can do who may not do everything; empty for all others. */
function may(permissions: Permissions): string {
  const all = Object.keys(abilities) as Permission[];
  const able = all.filter((each) => permissions.has(each));
  if (able.length === all.length) return '';
  const can = ['watch', 'listen', ...able.map((each) => abilities[each])];
  return `You can ${can.slice(0, -1).join(', ')}${can.length > 2 ? ',' : ''} and ${can.at(-1)} here.`;
}

export const peopleWords = {
  button: 'People',
  heading: 'People',
  door: 'At the door',
  inside: 'In the call',
  may,
  cameraStays: 'Your camera stays off here',
  watches: 'Watches',
  you: (name: string) => `${name} (you)`,
  role: { host: 'Host', 'co-host': 'Co-host', member: '' } satisfies Readonly<Record<Role, string>>,
  knocks: (name: string) => (name === '' ? 'Somebody without the key of the link' : name),
  wants: (name: string) =>
    name === '' ? 'Somebody without the key of the link wants to come in' : `${name} wants to come in`,
  waiting: (count: number) => `${count} ${count === 1 ? 'waits' : 'wait'} at the door`,
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
  link: 'Copy the host’s link',
  linkNote: 'Whoever opens it is a host like you. Give it to nobody else.',
  linkCopied: 'The host’s link is copied',
  end: 'End the call for all',
  ends: 'End the call for everyone in it?',
  yesEnd: 'End for all',
  asked: (name: string) => `${name} asks you to mute your microphone`,
  anybody: 'A host',
  lobby: {
    waiting: 'The host is asked to let you in. Stay on this page.',
    cancel: 'Stop waiting',
  },
};
