import type { Permission, Permissions } from '@eyeline/sdk';

const abilities: { readonly [P in Permission]: string } = {
  microphone: 'speak',
  camera: 'use your camera',
  screen: 'share your screen',
  chat: 'chat',
  files: 'send files',
};

/** What somebody with limited permissions can do; empty for everybody else. */
function limits(permissions: Permissions): string {
  const all = Object.keys(abilities) as Permission[];
  const able = all.filter((each) => permissions.has(each));
  if (able.length === all.length) return '';
  const can = ['watch', 'listen', ...able.map((each) => abilities[each])];
  return `You can ${can.slice(0, -1).join(', ')}${can.length > 2 ? ',' : ''} and ${can.at(-1)} here.`;
}

export const peopleWords = {
  button: 'People',
  limits,
  cameraStays: 'Your camera stays off here',
  waiting: (count: number) => `${count} waiting to join`,
  linkCopied: 'Host link copied',
  ignored: (name: string) => `You ignore ${name}`,
  lobby: {
    waiting: 'You’ve knocked. The host has been asked to let you in: keep this page open.',
    away: 'You’ll knock again as soon as the server is back: keep this page open.',
    queued: 'You’ll join as soon as somebody leaves: keep this page open.',
    cancel: 'Stop waiting',
  },
};
