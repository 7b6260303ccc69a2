import type { Problem, Transfer } from '../model/files/transfer';
import { inOneDigit, perSecond } from './strings';

/** Why a transfer ended. Other codes are faults of the other side. */
function ending({ mine, person }: Transfer, code: string): string {
  const again = mine ? 'Send it again.' : 'Ask for it again.';
  switch (code) {
    case 'declined':
      return mine ? `${person} declined.` : 'You declined.';
    case 'cancelled':
      return 'Cancelled.';
    case 'gone':
      return `${person} left before it was complete.`;
    case 'changed':
      return `The file has changed since it was first sent. ${again}`;
    case 'unreadable':
      return mine
        ? 'Your browser can’t read the file any more. Choose it again.'
        : `${person} can’t read the file any more.`;
    case 'stalled':
      return `Nothing more of it arrived for 30 seconds. ${again}`;
    case 'disk':
      return mine ? `${person} can’t store it: the disk may be full.` : 'It couldn’t be stored: your disk may be full.';
    case 'no-room':
      return mine
        ? `${person} has no space for it.`
        : 'Your browser has no space for it. Save or cancel other files or free up disk space, then ask for it again.';
    case 'not-permitted':
      return 'You can’t send files here.';
    case 'too-many':
      return `${person} already has 64 files on the way. Send it when some are done.`;
    case 'bad-name':
      return 'Its name is too long. Rename it and send it again.';
    case 'bad-path':
      return 'A name in it is too long, or its folders are nested too deeply. Send it as an archive.';
    case 'bad-size':
      return 'It’s too large. Files can be up to 1 TB.';
    case 'wrong-hash':
    case 'wrong-size':
      return `It was damaged on the way and has been deleted. ${again}`;
    default:
      return `It failed. ${again}`;
  }
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** "1.4 GB", counting in thousands as file managers do. */
function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 10 && unit > 0 ? inOneDigit(value) : Math.round(value)}\u00a0${units[unit]}`;
}

function left(seconds: number): string {
  if (seconds < 1) return 'nearly done';
  if (seconds < 90) return `${Math.ceil(seconds)}\u00a0s left`;
  return seconds < 5400 ? `${Math.round(seconds / 60)}\u00a0min left` : `${Math.round(seconds / 3600)}\u00a0h left`;
}

/** The kind of file by its extension: "PDF file". */
function kind(name: string): string {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1];
  return ending === undefined ? 'File' : `${ending.toUpperCase()} file`;
}

function folder(count: number): string {
  return `Folder with ${count} ${count === 1 ? 'file' : 'files'}`;
}

/** Whether a complete received file was saved. */
function saved(one: Transfer): string {
  if (one.mine) return '';
  const states = { no: ' · not saved yet', runs: ' · saving…', handed: ' · handed to your browser', done: ' · saved' };
  return states[one.saving.value];
}

function done(bytes: number, all: number): string {
  return `${size(bytes)} of ${size(all)}`;
}

/** The state of a transfer in one line. */
function state(one: Transfer): string {
  const { state, paused, bytes, code } = one.progress.value;
  switch (state) {
    case 'asked':
      return one.mine
        ? `${size(one.size)} · waiting for ${one.person} to accept`
        : `${one.entries === null ? kind(one.name) : folder(one.entries.length)} · ${size(one.size)}`;
    case 'verified':
      return `${size(one.size)} · Verified${saved(one)}`;
    case 'stopped':
      return ending(one, code);
    case 'running':
      break;
  }
  if (one.cut.value) return `${done(bytes, one.size)} · ${one.person} is disconnected; this resumes automatically`;
  if (paused !== 'no') return `${done(bytes, one.size)} · ${paused === 'here' ? 'paused' : `paused by ${one.person}`}`;
  const pace = one.pace.value;
  if (pace === null) return done(bytes, one.size);
  return `${done(bytes, one.size)} · ${perSecond(size(pace.bytesPerSecond))} · ${left(pace.secondsLeft)}`;
}

/** All text about files. */
export const fileWords = {
  forbidden: 'The host has turned off files.',
  receiveOnly: 'You can receive files here, but not send any.',
  phone: 'A phone takes no files.',
  heading: 'Files',
  list: 'Files of this call',
  empty:
    'Drop files or folders on the call, paste them, or choose them here. They go straight to the others; nothing is sent before they accept.',
  choose: 'Choose files',
  chooseFolder: 'Choose folder',
  emptyFolder: 'There are no files in that folder.',
  alone: 'Nobody else is here yet',
  to: 'Send to',
  everyone: 'Everyone',
  drop: (to: string) => `Drop to send to ${to}`,
  dropEveryone: 'everyone',
  tooMany: (most: number) => `You can send up to ${most} files and folders at once. Send these as one archive.`,
  unreadable: 'Your browser can’t read that folder.',
  clear: 'Clear the list',
  accept: 'Accept',
  decline: 'Decline',
  acceptAll: (name: string) => `Accept all from ${name} for this call`,
  pause: (name: string) => `Pause ${name}`,
  resume: (name: string) => `Resume ${name}`,
  cancel: (name: string) => `Cancel ${name}`,
  save: 'Save',
  inMemory: 'Your browser doesn’t let this page store files: reloading the page loses it.',
  done: (name: string) => `Progress of ${name}`,
  halted: 'Not fully sent',
  queued: (count: number) => `${count} more in the queue`,
  unfinished: (folder: boolean) =>
    `This page was reloaded. Choose the ${folder ? 'folder' : 'file'} again to continue where it stopped.`,
  held: 'This page was reloaded. Let your browser read the file again to continue where it stopped.',
  goOn: 'Continue sending',
  size,
  state,
  /** Several offers of one person: "3 files · 60 kB". */
  several: (those: readonly Transfer[]) => {
    const what = those.every(({ entries }) => entries === null) ? 'files' : 'files and folders';
    return `${those.length} ${what} · ${size(those.reduce((sum, one) => sum + one.size, 0))}`;
  },
  names: (those: readonly Transfer[], shown: number) =>
    those.length > shown ? `and ${those.length - shown} more` : '',
  acceptThese: 'Accept all',
  declineThese: 'Decline all',
  showThese: 'Show each file',
  /** For screen readers, which of several cards a button is in. */
  of: (action: string, person: string) => `${action} from ${person}`,
  asks: (person: string) => `${person} wants to send you`,
  direction: (one: Transfer) => (one.mine ? `To ${one.person}` : `From ${one.person}`),
  offered: (person: string, file: string) => `${person} wants to send you ${file}`,
  over: (one: Transfer) => {
    const { state, code } = one.progress.peek();
    if (state !== 'verified') return `${one.name}: ${ending(one, code)}`;
    return one.mine ? `${one.person} got ${one.name}` : `Got ${one.name} from ${one.person}`;
  },
  problem: (problem: Problem) => {
    if (problem === 'room') return 'Your browser has no space for it. Accept again, and choose where to save it.';
    if (problem === 'memory')
      return 'Your browser doesn’t let this page store files, perhaps because this is a private window. So received files can have 256 MB in all.';
    if (problem === 'unsaved') return 'It couldn’t be saved there. Save it somewhere else.';
    if (problem === 'lost') return 'It’s no longer in this browser’s storage. Ask for it again.';
    return 'It can’t be stored right now. Accept again.';
  },
};
