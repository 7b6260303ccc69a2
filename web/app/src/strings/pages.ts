import type { BadLink } from '../model/app';
import type { CodeProblem } from '../model/start/code-entry';
import { words } from './strings';

const numbers: readonly string[] = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'];

/** Why what was typed into the field leads nowhere, and what to do. */
function problem(why: CodeProblem): string {
  switch (why.is) {
    case 'empty':
      return 'Paste the link you were sent, or type the name of a room.';
    case 'wrong':
      return 'That’s not a link or a room name: those have only letters, digits and hyphens.';
    case 'elsewhere':
      return `That link is for another server, ${why.host}. Open it in the address bar.`;
    case 'nearly':
      return 'Did you mean these words? If so, press Join again.';
    case 'unknown':
      return `“${why.word}” isn’t one of the words. Ask them to repeat it.`;
    case 'miscounted':
      return `Invitations have five words; you typed ${numbers[why.count] ?? why.count}. If it’s the name of a room, press Join again.`;
    case 'keyless':
      return 'A call with a name like this needs its whole link. Ask for it, or press Join again.';
    case 'insecure':
      return 'Words need HTTPS. Open this page with https:// at the start.';
    case 'nobody':
      return 'Nobody is inviting with these words now. Check them, or ask for new ones.';
    case 'silent':
      return 'Couldn’t connect to the person inviting you. Ask for the link.';
    case 'refused':
      return words.lobby.refusal(why.code, why.message);
  }
}

/** All text of the start page, and of the pages for links that don't work. */
export const pageWords = {
  home: {
    headline: ['Face to face,', 'nothing between.'],
    lead: 'Video, voice and messages go straight from your browser to theirs. No\u00a0account. No\u00a0app.',
    code: 'Link, room name or words',
    following: 'Asking for the link…',
    join: 'Join',
    test: 'Test your camera, microphone and network',
    docs: 'How to use it',
    problem,
  },
  /** What to do about a bad link. */
  badLink: {
    nowhere: 'There is no page at this address. If you were sent a link to a call, check that it’s complete.',
    'bad-key': 'The part after # was cut off or changed. Ask for the link again, and copy all of it.',
    insecure: 'It has a key, and browsers use keys only on secure pages. Open it with https:// at the start.',
    'no-webrtc':
      'It has no WebRTC, or it’s turned off. Use another browser, or turn off the add-on that blocks WebRTC.',
    'bad-room': 'Room names have 1 to 64 letters (a to z), digits and hyphens. Check the link, or start a new call.',
  } satisfies Readonly<Record<BadLink, string>>,
  whatWorks: 'See what works',
};
