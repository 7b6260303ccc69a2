/** Why no phone joins, from the server or from this page. */
type Problem =
  | 'invalid'
  | 'foreign'
  | 'busy'
  | 'declined'
  | 'no-answer'
  | 'unavailable'
  | 'incompatible'
  | 'crowded'
  | 'sealed'
  | 'not-allowed'
  | 'too-many'
  | 'unreachable'
  | 'cancelled'
  | 'failed';

/** `who` is a name, and `host` the part of its address after the @. */
function problem(why: Problem, who: string, host: string): string {
  switch (why) {
    case 'invalid':
      return `Enter a name such as alice, or an address such as alice@${host}.`;
    case 'foreign':
      return `This server only reaches addresses that end in @${host}.`;
    case 'busy':
      return `${who} is on another call. Try again later.`;
    case 'declined':
      return `${who} declined the call.`;
    case 'no-answer':
      return `${who} didn’t answer. Try again later.`;
    case 'unavailable':
      return `No phone of ${who} is online. Check the name, or ask them to sign in to their phone.`;
    case 'incompatible':
      return `${who}’s phone can’t make encrypted calls with browsers. It needs ICE and DTLS-SRTP.`;
    case 'crowded':
      return 'A phone can only join a call of two. Call it while nobody else is here.';
    case 'sealed':
      return 'This call is sealed by its link, so phones can’t join it.';
    case 'not-allowed':
      return 'Only hosts can call phones here.';
    case 'too-many':
      return 'There were too many calls just now. Wait a minute and try again.';
    case 'unreachable':
      return 'The server can’t be reached right now. Try again in a moment.';
    case 'cancelled':
      return '';
    case 'failed':
      return `The call to ${who} failed. Try again.`;
  }
}

/** All text about phones in a call. */
export const phoneWords = {
  call: 'Call a phone',
  who: 'Name or SIP address',
  example: (host: string) => `alice@${host}`,
  note: 'All their phones ring, and whoever answers joins you. A phone talks only to you: people who join later can’t hear it.',
  dial: 'Call',
  calling: (who: string) => `Calling ${who}…`,
  ringing: (who: string) => `Ringing ${who}…`,
  answered: (who: string) => `${who} answered. Connecting…`,
  cancel: 'Cancel call',
  problem,
  refused: {
    sealed: (name: string) =>
      `${name} tried to join by phone. This call is sealed by its link, so phones can’t join it. Use a link without a key for that.`,
    crowded: (name: string) => `${name} tried to join by phone, but a phone can only join a call of two.`,
  },
  room: 'By phone',
  roomNote: 'A phone can join only while one person is here.',
  copy: 'Copy the address for phones',
  copied: 'Address for phones copied',
};
