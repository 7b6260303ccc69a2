import type { ChatMessage } from '../model/chat/chat';
import { clockTime } from './strings';

/** "2026-03-01 14:05", in local time. */
function dayAndTime(at: number): string {
  const date = new Date(at);
  const two = (value: number) => `${value}`.padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The chat panel. */
export const chatWords = {
  heading: 'Chat',
  log: 'Messages',
  empty:
    'Everyone in the call, and anyone who joins later, can read messages here. They are deleted when the last person leaves.',
  field: 'Message everyone',
  fieldOnly: (name: string) => `Message only ${name}`,
  alone: 'Nobody else is here yet',
  readOnly: 'You can read messages here, but not send any.',
  send: 'Send',
  delivery: (state: 'sending' | 'waiting' | 'missed', names: string) =>
    ({ sending: 'sending…', waiting: `Waiting for ${names}`, missed: `Not delivered to ${names}` })[state],
  to: 'To',
  everyone: 'Everyone',
  nobody: 'Somebody who left',
  unaddressed: 'They left. Choose someone else.',
  only: (name: string) => (name === '' ? 'only to one person' : `only to ${name}`),
  onlyYou: 'only to you',
  via: (name: string) => `from ${name}’s copy`,
  deleted: 'Deleted',
  edited: 'edited',
  more: (text: string) => `Reply and more: ${text.slice(0, 60)}`,
  reply: 'Reply',
  edit: 'Edit',
  remove: 'Delete',
  about: (does: 'reply' | 'edit', name: string) => (does === 'edit' ? 'Editing your message' : `Reply to ${name}`),
  cancel: 'Cancel',
  earlier: 'Earlier messages',
  save: 'Save as text',
  typing: (names: readonly string[]) =>
    names.length > 2
      ? 'Several people are typing…'
      : `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing…`,
  exported: ({ at, mine, name, to, toName, text, revision }: ChatMessage) => {
    const only = to === null ? '' : ` (${mine ? `only to ${toName === '' ? 'one person' : toName}` : 'only to you'})`;
    const said = text === '' ? 'Deleted' : text.replaceAll('\n', '\n    ');
    return `${dayAndTime(at)} ${name}${only}: ${said}${revision > 0 && text !== '' ? ' (edited)' : ''}`;
  },
  lacking: (names: string) => `Not delivered to ${names} yet`,
  excess: (count: number) => `${count} ${count === 1 ? 'character' : 'characters'} too many. The limit is 4000.`,
  time: clockTime,
  you: 'You',
};
