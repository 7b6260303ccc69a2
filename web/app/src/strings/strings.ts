import type { Device, Line, VerdictCode } from '@eyeline/sdk';
import { VERDICTS } from './verdicts';

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

/** What happened to a camera or microphone, and how to go on: in the lobby also without it. */
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
      return goOn(`Another program is using ${the(kinds)}.`, 'close it there and try again');
    case 'insecure':
      return goOn(
        `This page did not come over https, so your browser keeps ${the(kinds)} from it.`,
        'open the https address of this page',
      );
    case 'interrupted':
      return `Your device keeps ${the(kinds)} off for now: a phone call, a key or a shutter.`;
    case 'unknown':
      return goOn(`Your browser could not start ${the(kinds)}.`, 'try again');
  }
}

/** Why the server said no. Codes that are not here bring their own words. */
const refusals: { readonly [code: string]: string } = {
  'room-full': 'The room is full. You can join as soon as somebody leaves.',
  'room-name': 'This is not a room name that the server takes. Check the link.',
  name: 'The server did not take this name. Try another one.',
  unreachable: 'The server did not answer. Check your network and try again.',
  busy: 'The server has as many calls as it can take. Try again in a minute.',
  'no-key': 'The people inside came by a link with a key. Ask them for the whole link.',
  'too-many-looks': 'Your network has opened many rooms in a short time. Try again in a minute.',
  'too-fast': 'That was too often in a short time. Wait a moment and try again.',
};

interface Ending {
  readonly title: string;
  readonly lead: string;
  /** null where there is no way back. */
  readonly again: string | null;
}

const endings: { readonly [code: string]: Ending } = {
  'pass-needed': {
    title: 'This room is closed',
    lead: 'It opens only by a link that was made for you. Ask for one.',
    again: null,
  },
  'pass-invalid': { title: 'This link opens nothing', lead: 'Ask whoever sent it for a new one.', again: null },
  'pass-expired': { title: 'This link has ended', lead: 'Ask whoever sent it for a new one.', again: null },
  'not-allowed': {
    title: 'This room is closed',
    lead: 'The site does not let you in. Are you signed in there?',
    again: null,
  },
  left: { title: 'You left', lead: 'Your camera and microphone are off.', again: 'Rejoin' },
  replaced: {
    title: 'The call moved',
    lead: 'You opened it in another window, and your seat went there. You can close this page.',
    again: 'Join here as well',
  },
  removed: {
    title: 'You were removed',
    lead: 'Whoever runs this room took you out of the call.',
    again: 'Try again',
  },
  ended: { title: 'The call is over', lead: 'Whoever runs this room ended the call for all.', again: 'Join again' },
  'ended-by-us': { title: 'The call is over', lead: 'You ended it for all.', again: 'Join again' },
  'time-up': { title: 'The call is over', lead: 'Its time is up.', again: null },
  'seat-gone': {
    title: 'Your seat is gone',
    lead: 'This page had no connection for so long that the room gave your seat up. You can take a new one.',
    again: 'Rejoin',
  },
};

// Made when first needed: the browser takes tens of milliseconds for them, which the start of a call has not.
let oneDigit: Intl.NumberFormat | undefined;
let hourAndMinute: Intl.DateTimeFormat | undefined;

export function inOneDigit(value: number): string {
  oneDigit ??= new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
  return oneDigit.format(value);
}

export function clockTime(at: number): string {
  hourAndMinute ??= new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
  return hourAndMinute.format(at);
}

function lineState({ state, roundTripMs }: Line): string {
  if (state === 'looking') return 'looking…';
  if (state === 'lost' || roundTripMs === null) return state;
  return `${state} · ${roundTripMs < 1 ? '<1' : Math.round(roundTripMs)} ms`;
}

const verdict = (code: VerdictCode) => VERDICTS[code];

/** Every word on the page but for those of what is loaded later, which are in the files beside this one. */
export const words = {
  product: 'Eyeline',
  newCall: 'New call',
  close: 'Close',
  again: 'Try again',
  list,
  problem,
  verdict,
  title: {
    home: 'Eyeline',
    nowhere: 'Not found · Eyeline',
    test: 'Test · Eyeline',
    returning: 'Coming back… · Eyeline',
    lobby: (room: string) => `Ready? ${room} · Eyeline`,
    call: (names: readonly string[], unread: number) =>
      `${unread > 0 ? `(${unread}) ` : ''}${names.length === 0 ? 'Nobody else here' : list(names)} · Eyeline`,
    over: (code: string) => `${endings[code]?.title ?? 'The call is over'} · Eyeline`,
  },
  home: {
    headline: ['Face to face,', 'nothing between.'],
    lead: 'Video, voice and messages go straight from your browser to theirs. No\u00a0account. No\u00a0app.',
    code: 'Code or link',
    join: 'Join',
    test: 'Test your camera, microphone and network',
    problem: (
      reading:
        | { readonly is: 'empty' }
        | { readonly is: 'wrong' }
        | { readonly is: 'elsewhere'; readonly host: string },
    ) => {
      if (reading.is === 'empty') return 'Type the code or paste the link that you were sent.';
      if (reading.is === 'elsewhere')
        return `That link leads to another server, ${reading.host}. Open it in the address bar.`;
      return 'That is not a code or link of a call. A code has only letters, digits and hyphens.';
    },
  },
  diagram: {
    note: (state: Line['state']) =>
      state === 'relayed' ? 'the server passes it on, still encrypted' : 'the server introduces you, then steps aside',
    alice: 'Alice',
    bob: 'Bob',
    line: 'direct · 23 ms',
  },
  lobby: {
    heading: 'Ready?',
    name: 'Your name',
    microphone: 'Microphone',
    camera: 'Camera',
    join: 'Join',
    joining: 'Joining…',
    sealed: 'From browser to browser, encrypted, and introduced under the key in your link.',
    trusting: 'From browser to browser, encrypted. This link has no key: the server that introduces you is trusted.',
    hide: 'Hide my address from the others (slower: all goes by the relay)',
    keyless: 'The people inside came by a link with a key. Yours lacks it: ask them for the whole link.',
    preview: 'Your picture',
    cameraOff: 'Your camera is off',
    cameraStarting: 'Starting the camera…',
    muted: 'Muted',
    level: 'Microphone level',
    unnamed: (kind: Kind, index: number) => `${kind === 'microphone' ? 'Microphone' : 'Camera'} ${index + 1}`,
    none: (state: Device['state']) => (state === 'starting' ? 'Asking…' : state === 'off' ? 'Off' : 'None'),
    nameProblem: (reading: { readonly is: 'empty' } | { readonly is: 'long'; readonly length: number }) =>
      reading.is === 'empty' ? 'Say who you are first.' : `${reading.length} characters; at most 64 fit.`,
    connecting: 'Connecting…',
    away: 'The server can’t be reached. Trying again…',
    full: (capacity: number) => `The room is full: all ${capacity} seats are taken.`,
    here: (names: readonly string[]) =>
      names.length === 0 ? 'Nobody here yet' : `${list(names)} ${names.length === 1 ? 'is' : 'are'} here already`,
    refusal: (code: string, message: string) =>
      refusals[code] ?? (message || 'The server refused. Try again in a moment.'),
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
    chat: 'Chat',
    files: 'Files',
    filesWaiting: (count: number) => `${count} waiting for your answer`,
    invite: 'Invite',
    leave: 'Leave',
    unread: (count: number) => `${count} unread`,
  },
  turned: (kind: Kind, on: boolean) =>
    kind === 'microphone' ? (on ? 'Microphone on' : 'Microphone muted') : on ? 'Camera on' : 'Camera off',
  joined: (name: string) => `${name} joined`,
  left: (name: string) => `${name} left`,
  strangers: (count: number, sealed: boolean) => {
    const who = count === 1 ? 'Somebody' : `${count} people`;
    if (sealed) return `${who} knocked without the key of your link, and ${count === 1 ? 'is' : 'are'} not connected.`;
    return `${who} came by a link with a key that yours lacks. Ask for the whole link.`;
  },
  wrote: (name: string, text: string) => `${name} wrote: ${text.slice(0, 200)}`,
  unconnected: (name: string) => `No connection to ${name}`,
  lostPerson: (name: string) => `Lost ${name}. Trying again…`,
  foundPerson: (name: string) => `${name} is back`,
  linkCopied: 'Link copied. Send it to whom you want here.',
  away: 'The server is away. The call goes on.',
  atDoor: 'You were away for too long. The host is asked to let you in again.',
  endsAt: (at: number) => `This call ends at ${clockTime(at)}.`,
  endsSoon: 'This call ends within a minute.',
  hear: 'Click to hear',
  stage: {
    label: 'People in the call',
    you: 'You',
    move: 'Your picture: drag it, or move it with the arrow keys',
    connecting: (name: string) => `Connecting to ${name}…`,
    muted: 'muted',
    speaking: 'speaking',
    noCamera: 'no picture',
  },
  alone: {
    heading: 'Nobody else here.',
    lead: 'Send them the link.',
    link: 'Link to this call',
    copy: 'Copy',
    copied: 'Copied',
    scan: 'Or let them scan this.',
    qr: 'QR code of the link',
  },
  share: 'Your browser did not let us copy. Copy the link here:',
  connection: {
    badge: (name: string, line: Line) => `Line to ${name}: ${lineState(line)}`,
    state: lineState,
  },
  returning: 'Coming back to the call…',
  over: {
    of: (code: string, message: string) =>
      endings[code] ?? { title: 'The call is over', lead: message, again: 'Rejoin' },
    home: 'Home',
  },
  nowhere: {
    title: 'Nothing here',
    lead: 'This address leads to no page. If somebody sent you a link to a call, check that it is whole.',
    home: 'Go to the first page',
  },
  badKey: {
    title: 'The link is not whole',
    lead: 'The key after its # was cut off or changed. Ask for the link again, and copy all of it.',
  },
  insecureKey: {
    title: 'This link needs HTTPS',
    lead: 'It has a key, and your browser uses keys on secure pages only. Open it with https at its beginning.',
  },
  badRoom: {
    title: 'Not a room',
    lead: 'A room has a name of 1 to 64 letters a to z, digits and hyphens. Check the link, or start a call of your own.',
  },
};
