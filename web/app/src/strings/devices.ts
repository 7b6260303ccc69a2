import type { Device } from '@eyeline/sdk';

type Kind = 'microphone' | 'camera';

/** "Nobody can hear you", "Nobody can see you", or both. */
function nobody(kinds: readonly Kind[]): string {
  if (kinds.length > 1) return 'Nobody can hear or see you';
  return kinds[0] === 'camera' ? 'Nobody can see you' : 'Nobody can hear you';
}

const the = (kinds: readonly Kind[]) => `the ${kinds.join(' and ')}`;

const named = (kind: Kind, label: string) => label || (kind === 'camera' ? 'Your camera' : 'Your microphone');

/** Devices in a call: what happened to them, and the dialog in which they are chosen. */
export const deviceWords = {
  open: 'Camera and sound…',
  flip: 'Switch camera',
  replaced: (from: string, to: string) => `${from || 'Your device'} is gone. Now using ${to || 'another one'}.`,
  change: 'Change',
  lost: (kinds: readonly Kind[], problem: Device['problem']): string => {
    switch (problem) {
      case 'denied':
        return `${nobody(kinds)}: your browser no longer allows ${the(kinds)}.`;
      case 'missing':
        return `${nobody(kinds)}: no ${kinds.join(' or ')} found.`;
      case 'busy':
        return `${nobody(kinds)}: another program is using ${the(kinds)}.`;
      default:
        return `${nobody(kinds)}: ${the(kinds)} stopped working.`;
    }
  },
  retry: 'Try again',
  show: 'Show me how',
  backTo: (kind: Kind, label: string) => (label ? `Back to ${label}.` : `${named(kind, label)} is back.`),
  restored: (kind: Kind, label: string, muted: boolean) => {
    const name = named(kind, label);
    if (kind === 'camera') return `${name} is back. People can see you again.`;
    return muted ? `${name} is back. You’re still muted.` : `${name} is back. People can hear you again.`;
  },
  found: (label: string) => `${label} found.`,
  use: 'Use it',
  muted: 'You’re muted, and you’re talking.',
  unmute: 'Unmute',
  asking: 'Your browser is asking for permission. Click “Allow”.',
  gone: {
    microphone: (name: string) => `${name}’s microphone stopped working. You can’t hear them.`,
    camera: (name: string) => `${name}’s camera stopped working. You can’t see them.`,
  },
  back: {
    microphone: (name: string) => `You can hear ${name} again.`,
    camera: (name: string) => `You can see ${name} again.`,
  },
  menu: {
    name: { microphone: 'Microphone and speaker', camera: 'Camera', devices: 'Camera and sound' },
    microphone: 'Microphone',
    camera: 'Camera',
    speaker: 'Speaker',
    system: 'System default',
    none: { microphone: 'No microphone found.', camera: 'No camera found.' },
    unnamed: (kind: Kind | 'speaker', index: number) =>
      `${kind === 'microphone' ? 'Microphone' : kind === 'camera' ? 'Camera' : 'Speaker'} ${index + 1}`,
    test: 'Play a test sound',
    testFailed: 'The test sound could not be played.',
    pick: 'Choose another speaker…',
    noSpeakers: 'This browser plays sound on the speaker that your system uses.',
    noise: 'Noise suppression',
    noises: {
      browser: ['Standard', 'The browser removes steady noise.'],
      rnnoise: ['Strong', 'Also removes typing, dishes, and dogs. Uses more processor time.'],
      off: ['Off, for music', 'People hear the sound as it is.'],
    } as const,
    noiseFailed: 'Strong noise suppression doesn’t work in this browser.',
    level: 'Microphone level',
    flip: (toBack: boolean) => (toBack ? 'Use the back camera' : 'Use the front camera'),
  },
  guide: {
    name: 'How to allow it',
    lead: (kinds: readonly Kind[], where: 'lobby' | 'call') => {
      const them = kinds.length > 1 ? 'them' : 'it';
      const without = where === 'lobby' ? ` You can join without ${them}, or allow ${them}:` : ` To allow ${them}:`;
      return `Your browser blocks ${the(kinds)}.${without}`;
    },
    steps: {
      chromium: [
        'Click this icon at the left end of the address bar.',
        'Turn on Camera and Microphone.',
        'That’s it. Eyeline picks it up by itself.',
      ],
      firefox: [
        'Click this icon at the left end of the address bar.',
        'Click the × beside “Blocked” at Camera and Microphone.',
        'Come back here and click “Try again”, then “Allow”.',
      ],
      safari: [
        'In the menu bar, open Safari, then “Settings for This Website…”.',
        'Set Camera and Microphone to “Allow”.',
        'Come back here and click “Try again”.',
      ],
      phone: [
        'Tap this icon in the address bar, then “Permissions” or “Website Settings”.',
        'Allow Camera and Microphone. If they aren’t listed, allow them for your browser in the phone’s settings.',
        'Come back here and tap “Try again”.',
      ],
      other: [
        'Open the site’s permissions: there is an icon for it in the address bar.',
        'Allow Camera and Microphone.',
        'Come back here and click “Try again”.',
      ],
    },
    icon: {
      chromium: 'two sliders',
      firefox: 'a camera or microphone, crossed out',
      safari: 'the Safari menu',
      phone: 'two sliders, a lock, or aA',
      other: 'a lock',
    },
  },
};
