import type { Memory } from '../../platform/platform';

/** Names in sessionStorage of the lists of transfers that go on after a reload, by room. */
export const listKeys = {
  sending: (room: string) => `eyeline:sending:${room}`,
  receiving: (room: string) => `eyeline:receiving:${room}`,
};

/** The call is over, perhaps before the code for files was loaded: nothing that an earlier page transferred goes on. */
export function forgetTransfers(memory: Memory, room: string): void {
  for (const keyOf of Object.values(listKeys)) memory.forget(keyOf(room));
}
