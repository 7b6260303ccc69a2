import type { Permission, Permissions } from '@eyeline/sdk';

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
  may,
  cameraStays: 'Your camera stays off here',
  waiting: (count: number) => `${count} ${count === 1 ? 'waits' : 'wait'} at the door`,
  linkCopied: 'The host’s link is copied',
  asked: (name: string) => `${name} asks you to mute your microphone`,
  anybody: 'A host',
  lobby: {
    waiting: 'The host is asked to let you in. Stay on this page.',
    cancel: 'Stop waiting',
  },
};
