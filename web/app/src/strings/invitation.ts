import { clockTime } from './strings';

/** All text about inviting people, beyond the link itself. */
export const invitationWords = {
  title: (site: string | null) => (site === null ? 'Video call' : `Video call · ${site}`),
  sentence: (host: string) => `Join my call on ${host}:`,
  text: (host: string, link: string) =>
    `Join my call on ${host}:\n${link}\n\nIt opens in your browser. No account, no app.`,
  share: 'Share',
  copy: 'Copy invitation',
  copied: 'Invitation copied. Paste it into a message.',
  calendar: {
    button: 'Calendar file',
    heading: 'Add it to a calendar',
    date: 'Date',
    time: 'Time',
    length: 'Length',
    minutes: (minutes: number) =>
      minutes < 60 ? `${minutes} minutes` : minutes === 60 ? '1 hour' : `${minutes / 60} hours`,
    save: 'Save file',
    note: (sealed: boolean) =>
      `The file has the link${sealed ? ' with its key' : ''}: whoever can read the calendar can join.`,
    problem: 'Choose a date and a time.',
  },
  words: {
    button: 'Say it in words',
    heading: 'Say it in words',
    making: 'Making the words…',
    open: (host: string) => `Have them open ${host} and type:`,
    until: (until: number) => `They work until ${clockTime(until)}, while you stay in the call.`,
    taken: (count: number) => (count === 0 ? '' : count === 1 ? 'Used once.' : `Used ${count} times.`),
    stop: 'Stop',
    again: 'New words',
    over: 'These words no longer work.',
    failed: 'The server allows no invitation by words. Send the link instead.',
    unreachable: 'The server did not answer. Try again.',
  },
};
