import { words } from '@eyeline/app/strings/strings';
import type { Entry } from '../model/people';
import type { SignInProblem } from '../model/phone';
import type { CallState } from '../model/phone-call';
import type { BadAddress, Registration } from '../model/softphone';
import type { CaptureProblem } from '../platform/platform';
import type { Ended } from '../platform/user-agent';

let dayAndTime: Intl.DateTimeFormat | undefined;
let time: Intl.DateTimeFormat | undefined;

const pad = (value: number) => String(value).padStart(2, '0');

/** "0:07", "12:34", "1:02:03". */
export function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** The time of today, and before that also the day. */
export function when(at: number, now: number): string {
  time ??= new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
  dayAndTime ??= new Intl.DateTimeFormat(undefined, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  const today = new Date(at).toDateString() === new Date(now).toDateString();
  return (today ? time : dayAndTime).format(at);
}

/** Why a call of ours didn't come about, or ended: in the server's words, if it has any. */
function ending({ why, said = '' }: Ended, name: string): string {
  if (said !== '') return `${said.charAt(0).toLocaleUpperCase()}${said.slice(1)}${/[.!?]$/.test(said) ? '' : '.'}`;
  switch (why) {
    case 'over':
      return 'The call is over.';
    case 'busy':
      return `${name} is in another call. Try again later, or write a message.`;
    case 'declined':
      return `${name} declined the call.`;
    case 'no-answer':
      return `${name} didn’t answer.`;
    case 'unavailable':
      return `${name} can’t be reached now: none of their phones is connected.`;
    case 'not-found':
      return `There is no ${name} here. Check the address.`;
    case 'not-allowed':
      return 'The server doesn’t allow this call.';
    case 'cancelled':
      return 'The call was cancelled.';
    case 'elsewhere':
      return 'You answered on another device.';
    case 'incompatible':
      return `${name}’s phone can’t talk to a browser: it doesn’t encrypt as browsers do.`;
    case 'lost':
      return 'The connection was lost. Check your network and call again.';
    case 'failed':
      return 'The call failed. Check your network and try again.';
  }
}

type CallEntry = Extract<Entry, { kind: 'call' }>;

/** How a call went, in a word or two. */
function outcome({ mine, seconds, why }: CallEntry): string {
  if (seconds !== null) return duration(seconds);
  if (!mine) return why === 'elsewhere' ? 'Answered elsewhere' : why === 'declined' ? 'Declined' : 'Missed';
  const how: Partial<Record<typeof why, string>> = {
    busy: 'Busy',
    declined: 'Declined',
    cancelled: 'Cancelled',
    'no-answer': 'No answer',
  };
  return how[why] ?? 'Not reached';
}

function entryOf(entry: CallEntry): string {
  return `${phoneWords.direction(entry.mine)} · ${outcome(entry)}`;
}

export const phoneWords = {
  title: (what: string) => `${what} · ${words.product} phone`,
  page: 'Phone',
  signIn: 'Sign in',
  signOut: 'Sign out',
  heading: 'Your phone',
  lead: 'Call and be called by every phone and browser that is signed in here.',
  user: 'User',
  password: 'Password',
  signInProblem: {
    empty: 'Enter your user name and password.',
    wrong: 'Wrong user name or password. Check both and try again.',
    refused: 'The server did not let you sign in. Ask whoever runs it.',
  } satisfies Readonly<Record<SignInProblem, string>>,
  noWebrtc: 'Calls don’t work in this browser: WebRTC is missing or turned off.',
  registration: {
    connecting: 'Connecting…',
    registered: 'Ready for calls',
    away: 'The server can’t be reached. Trying again…',
  } satisfies Readonly<Record<Registration, string>>,
  busy: 'Do not disturb',
  busyOn: 'Callers hear that you’re busy',
  dial: 'Name, number or address',
  badAddress: {
    none: 'That isn’t an address. Try a user name, or name@example.org.',
    sealed: 'This call is end-to-end encrypted by its link. Open the link in a browser instead.',
  } satisfies Readonly<Record<BadAddress, string>>,
  call: 'Call',
  videoCall: 'Video call',
  dialNow: 'Dial',
  dialVideo: 'Dial with video',
  callSomebody: (name: string) => `Call ${name}`,
  videoCallSomebody: (name: string) => `Video call ${name}`,
  people: 'People',
  nobody: 'Nobody here yet. People you call, and who call you, are listed here.',
  online: 'online',
  offline: 'offline',
  about: (online: boolean | null, address: string) =>
    online === null ? address : `${online ? 'online' : 'offline'} · ${address}`,
  unread: (count: number) => `${count} new`,
  ready: {
    connecting: 'Connecting…',
    registered: 'Ready for calls',
    away: 'Not connected',
  } satisfies Readonly<Record<Registration, string>>,
  readyLead: 'Dial a name, or choose somebody. Others reach you at',
  copy: 'Copy address',
  copied: 'Copied',
  notify: 'Ring when this page is in the background',
  notified: 'Notifications are on',
  notNotified: 'Your browser did not allow notifications. You can allow them in the address bar.',
  back: 'Back to the list',
  remove: 'Remove from the list',
  message: (name: string) => `Message to ${name}`,
  send: 'Send',
  noEntries: (name: string) => `No calls or messages with ${name} yet.`,
  sending: 'Sending…',
  notSent: 'Not delivered',
  you: 'You',
  entry: entryOf,
  outcome,
  direction: (mine: boolean) => (mine ? 'You called' : 'Called you'),
  ending,
  incoming: (name: string) => `${name} is calling`,
  offers: (video: boolean) => (video ? 'Video call' : 'Voice call'),
  answer: 'Answer',
  answerWithVideo: 'Answer with video',
  holdAndAnswer: 'Hold and answer',
  decline: 'Decline',
  state: (state: CallState): string =>
    ({
      calling: 'Calling…',
      ringing: 'Ringing…',
      incoming: 'Calling you',
      answering: 'Connecting…',
      established: '',
      ended: 'Over',
    })[state],
  held: 'On hold',
  heldByThem: (name: string) => `${name} put you on hold`,
  interrupted: 'Connection interrupted. Reconnecting…',
  muted: 'Muted',
  mute: 'Mute',
  unmute: 'Unmute',
  cameraOn: 'Turn camera on',
  cameraOff: 'Turn camera off',
  hold: 'Hold',
  resume: 'Resume',
  keypad: 'Keypad',
  /** Names of keys that aren't read out as they are. */
  keys: { '*': 'Star', '#': 'Pound' } as Readonly<Record<string, string | undefined>>,
  transfer: 'Transfer or add a call',
  transferTitle: 'Pass on or add',
  transferNow: 'Transfer now',
  askFirst: 'Ask first',
  addCall: 'Add call',
  to: 'To',
  complete: (one: string, other: string) => `Connect ${one} and ${other}`,
  consulting: (name: string) => `${name} waits while you ask.`,
  asking: (name: string) => `Transferring to ${name}…`,
  transferred: (name: string) => `Transferred to ${name}.`,
  notTransferred: (name: string) => `The transfer to ${name} failed. You can resume the call.`,
  messages: 'Messages',
  hangUp: 'Hang up',
  switchTo: (name: string) => `Switch to ${name}`,
  endAndClose: 'Close',
  captureProblem: (problem: CaptureProblem) =>
    problem === 'unknown'
      ? 'Your browser could not start the microphone. Try again.'
      : words.problem(['microphone'], problem, 'call'),
  cameraProblem: (problem: CaptureProblem) => words.problem(['camera'], problem, 'call'),
  status: 'Call',
  direct: 'direct',
  relayed: 'relayed',
  roundTrip: (ms: number) => `${ms < 1 ? '<1' : Math.round(ms)} ms`,
  ownPicture: 'Your picture',
};
