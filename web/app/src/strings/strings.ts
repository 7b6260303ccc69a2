import type { ConnectionStatus, Device } from '@eyeline/sdk';
import type { BadLink } from '../model/app';
import { type ConnectionPhase, phaseOf } from '../model/connection-phase';
import type { Quality } from '../model/connection-quality';

type Kind = 'microphone' | 'camera';
type Problem = NonNullable<Device['problem']>;

/** "Bob", "Bob and Carol", "Bob, Carol, and Dave", "Bob, Carol, and 3 more". */
function list(names: readonly string[]): string {
  const [first = '', second = '', third = ''] = names;
  if (names.length < 2) return first;
  if (names.length === 2) return `${first} and ${second}`;
  return names.length === 3 ? `${first}, ${second}, and ${third}` : `${first}, ${second}, and ${names.length - 2} more`;
}

const them = (kinds: readonly Kind[]) => (kinds.length > 1 ? 'them' : 'it');
const the = (kinds: readonly Kind[]) => `the ${kinds.join(' and ')}`;
const or = (kinds: readonly Kind[]) => kinds.join(' or ');

/** What happened to a camera or microphone, and what to do. In the lobby it also says that you can join without it. */
function problem(kinds: readonly Kind[], what: Problem, where: 'lobby' | 'call' = 'lobby'): string {
  const goOn = (happened: string, then: string, without = them(kinds)): string =>
    where === 'call'
      ? `${happened} ${then.charAt(0).toUpperCase()}${then.slice(1)}.`
      : `${happened} You can join without ${without}, or ${then}.`;
  switch (what) {
    case 'denied':
      return goOn(`Your browser did not allow ${the(kinds)}.`, `allow ${them(kinds)} in the address bar and try again`);
    case 'missing':
      return goOn(`No ${or(kinds)} found.`, 'plug one in and try again', kinds.length > 1 ? 'them' : 'one');
    case 'busy':
      return goOn(`Another program is using ${the(kinds)}.`, 'close it and try again');
    case 'insecure':
      return goOn(
        `This page isn’t secure (https), so your browser blocks ${the(kinds)}.`,
        'open the https address of this page',
      );
    case 'interrupted':
      return `Your device has paused ${the(kinds)}: a phone call, a mute key or a shutter.`;
    case 'unknown':
      return goOn(`Your browser could not start ${the(kinds)}.`, 'try again');
  }
}

/** Why the server refused. For other codes the server's own message is shown. */
const refusals: { readonly [code: string]: string } = {
  'room-full': 'The room is full. You can join as soon as somebody leaves.',
  'room-name': 'The server doesn’t accept this room name. Check the link.',
  name: 'The server doesn’t accept this name. Try another one.',
  unreachable: 'The server did not answer. Check your network and try again.',
  busy: 'The server has as many calls as it can handle. Try again in a minute.',
  'no-key': 'You can’t join without the full link. Ask the people in the call for it.',
  'too-many-looks': 'Your network has opened many rooms in a short time. Try again in a minute.',
  'too-fast': 'Too many requests. Wait a moment and try again.',
  'setup-failed': 'Your browser could not make a connection. Reload the page, or use another browser.',
  'page-error': 'Something in this page went wrong. Reload it and try again.',
};

interface Ending {
  readonly title: string;
  readonly lead: string;
  /** null if there is no way back into the call. */
  readonly again: string | null;
}

const newLink = 'Ask the person who sent it for a new one.';

const endings: { readonly [code: string]: Ending } = {
  'pass-needed': {
    title: 'Invitation only',
    lead: 'You need an invitation link for this room. Ask the host for one.',
    again: null,
  },
  'pass-invalid': { title: 'This link doesn’t work', lead: newLink, again: null },
  'pass-expired': { title: 'This link has expired', lead: newLink, again: null },
  'not-allowed': {
    title: 'You can’t join this call',
    lead: 'The site didn’t let you in. Check that you’re signed in there.',
    again: null,
  },
  left: { title: 'You left', lead: 'Your camera and microphone are off.', again: 'Rejoin' },
  replaced: {
    title: 'You joined from another window',
    lead: 'The call continues there. You can close this page.',
    again: 'Join here too',
  },
  removed: {
    title: 'You were removed',
    lead: 'The host removed you from the call.',
    again: 'Try again',
  },
  ended: { title: 'The call is over', lead: 'The host ended the call.', again: 'Join again' },
  'ended-by-us': { title: 'The call is over', lead: 'You ended it for everyone.', again: 'Join again' },
  'time-up': { title: 'The call is over', lead: 'Its time is up.', again: null },
  'seat-gone': {
    title: 'You were offline too long',
    lead: 'Your place was given up. Rejoin to continue.',
    again: 'Rejoin',
  },
};

// Created on first use: each takes the browser tens of milliseconds, which would delay the start of a call.
let oneDigit: Intl.NumberFormat | undefined;
let hourAndMinute: Intl.DateTimeFormat | undefined;

export function inOneDigit(value: number): string {
  oneDigit ??= new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
  return oneDigit.format(value);
}

/** A rate, which Firefox would break after the slash. */
export function perSecond(amount: string): string {
  return `${amount}/\u2060s`;
}

export function clockTime(at: number): string {
  hourAndMinute ??= new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
  return hourAndMinute.format(at);
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A connection in a word or two: on its badge, in its panel, and in the list of people. */
const phases: Readonly<Record<ConnectionPhase, string>> = {
  looking: 'connecting…',
  none: 'no connection',
  direct: 'direct',
  relayed: 'relayed',
  lost: 'lost',
};

function lineState(connection: ConnectionStatus): string {
  const { state, roundTripMs } = connection;
  const phase = phases[phaseOf(connection)];
  if (state === 'looking' || state === 'lost' || roundTripMs === null) return phase;
  return `${phase} · ${roundTripMs < 1 ? '<1' : Math.round(roundTripMs)} ms`;
}

/** All text that is needed from the start. The text of what is loaded later is in the other files of this folder. */
/** What is wrong with a link: the heading and the title of its page. */
export const badLinks = {
  nowhere: 'Page not found',
  'bad-key': 'This link is incomplete',
  'bad-room': 'That’s not a valid room name',
  insecure: 'This link needs HTTPS',
  'no-webrtc': 'Calls don’t work in this browser',
} satisfies Readonly<Record<BadLink, string>>;

export const words = {
  product: 'Eyeline',
  newCall: 'New call',
  close: 'Close',
  again: 'Try again',
  list,
  problem,
  title: {
    home: 'Eyeline',
    test: 'Test · Eyeline',
    badLink: (at: BadLink) => `${badLinks[at]} · Eyeline`,
    returning: 'Rejoining… · Eyeline',
    lobby: 'Call lobby · Eyeline',
    people: (names: readonly string[]) => (names.length === 0 ? 'Nobody else here' : list(names)),
    call: (headline: string, unread: number) => `${unread > 0 ? `(${unread}) ` : ''}${headline} · Eyeline`,
    over: (code: string) => `${endings[code]?.title ?? 'The call is over'} · Eyeline`,
  },
  lobby: {
    heading: 'Ready?',
    name: 'Your name',
    microphone: 'Microphone',
    camera: 'Camera',
    join: (entry: 'open' | 'knock' | 'full') =>
      ({ open: 'Join', knock: 'Ask to join', full: 'Join when there’s room' })[entry],
    locked: 'The host has locked this call. Nobody else can join now.',
    joining: 'Joining…',
    sealed: 'End-to-end encrypted. The key is in your link; the server can’t read it.',
    trusting: 'Encrypted, but this link has no key: you rely on the server to connect you to the right people.',
    hide: 'Hide my IP address from the others (slower: the call goes through the server)',
    keyless: 'You need the full link for this call, including the part after #. Ask the people in it.',
    preview: 'Camera preview',
    cameraOff: 'Your camera is off',
    cameraStarting: 'Starting the camera…',
    asking: 'Your browser is asking for permission. Click “Allow” to use your camera and microphone.',
    muted: 'Muted',
    level: 'Microphone level',
    unnamed: (kind: Kind, index: number) => `${kind === 'microphone' ? 'Microphone' : 'Camera'} ${index + 1}`,
    none: (state: Device['state']) =>
      state === 'asking' ? 'Asking…' : state === 'starting' ? 'Starting…' : state === 'off' ? 'Off' : 'None',
    nameProblem: (reading: { readonly is: 'empty' } | { readonly is: 'long'; readonly length: number }) =>
      reading.is === 'empty'
        ? 'Enter your name first.'
        : `That’s ${reading.length} characters. Please use 64 or fewer.`,
    connecting: 'Connecting…',
    away: 'The server can’t be reached. Trying again…',
    full: (capacity: number) => `The room is full: all ${capacity} seats are taken.`,
    here: (names: readonly string[]) =>
      names.length === 0 ? 'Nobody here yet' : `${list(names)} ${names.length === 1 ? 'is' : 'are'} here already`,
    refusal: (code: string, message: string) =>
      refusals[code] ?? (message || 'The server refused the request. Try again in a moment.'),
  },
  bar: {
    label: 'Call controls',
    toggle: (kind: Kind, on: boolean) =>
      kind === 'microphone'
        ? on
          ? 'Mute microphone'
          : 'Unmute microphone'
        : on
          ? 'Turn camera off'
          : 'Turn camera on',
    devices: { microphone: 'Choose microphone and speaker', camera: 'Choose camera' },
    chat: 'Chat',
    files: 'Files',
    filesWaiting: (count: number) => `${count} waiting for your answer`,
    invite: 'Invite',
    more: 'More',
    leave: 'Leave',
    unread: (count: number) => `${count} unread`,
  },
  turned: (kind: Kind, on: boolean) =>
    kind === 'microphone' ? (on ? 'Microphone on' : 'Microphone muted') : on ? 'Camera on' : 'Camera off',
  joined: (name: string) => `${name} joined`,
  left: (name: string) => `${name} left`,
  strangers: (count: number, sealed: boolean) => {
    const who = count === 1 ? 'Somebody' : `${count} people`;
    if (sealed) return `${who} tried to join without the key in your link. They are not connected to you.`;
    return `${who} joined with a key that your link lacks. Ask for the full link, including the part after #.`;
  },
  /** A phone takes part in a call of two. */
  phoneApart: (name: string) => `${name} is on a phone and talks to one person only. You don’t hear each other.`,
  phoneHearsYou: (name: string) => `${name} is on a phone, which hears only you.`,
  unconnected: (name: string) => `No connection to ${name}`,
  lostPerson: (name: string) => `Lost ${name}. Trying again…`,
  foundPerson: (name: string) => `${name} is back`,
  linkCopied: 'Link copied. Send it to the people you want to call.',
  away: 'Lost the server. The call continues.',
  atDoor: 'You were offline too long. The host has been asked to let you back in.',
  endsAt: (at: number) => `This call ends at ${clockTime(at)}.`,
  endsSoon: 'This call ends in less than a minute.',
  hear: 'Click to turn on sound',
  stage: {
    label: 'People in the call',
    you: 'You',
    move: 'Your video: drag it, or move it with the arrow keys',
    connecting: (name: string) => `Connecting to ${name}…`,
    silent: (name: string) => `${name} seems to be away`,
    muted: 'muted',
    mutedForMe: 'muted for you',
    speaking: 'speaking',
    noCamera: 'camera off',
  },
  alone: {
    heading: 'Nobody else here.',
    lead: 'Send someone the link.',
    link: 'Link to this call',
    copy: 'Copy',
    copied: 'Copied',
    scan: 'Or have them scan this.',
    qr: 'QR code of the link',
  },
  notCopied: 'Your browser blocked copying. Copy the link by hand.',
  connection: {
    badge: (name: string) => `Connection to ${name}: `,
    phases,
    state: lineState,
    /** With a weak or slow connection: the word that says so, between the words that a small tile has no room for. */
    weak: (quality: Quality, name: string) =>
      quality === 'weak' || quality === 'slow'
        ? (['', quality, ' connection'] as const)
        : ([`${quality === 'ours' ? 'your' : `${name}’s`} connection is `, 'weak', ''] as const),
  },
  imprint: 'Legal notice',
  contact: 'Contact',
  returning: 'Rejoining the call…',
  over: {
    of: (code: string, message: string) =>
      endings[code] ?? { title: 'The call is over', lead: message, again: 'Rejoin' },
    home: 'Back to the start page',
    lasted: (seconds: number) => `You were in the call for ${duration(seconds)}.`,
    saveChat: 'Save chat',
  },
};
