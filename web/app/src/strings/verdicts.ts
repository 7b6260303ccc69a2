// Written by tools/protocol.py from src/eyeline/checks.py: change it there.

/** What can stand between two people, by code: what was found, and who can do what about it. */
export const VERDICTS = {
  'no-candidates': {
    message: 'Your browser found no way out of this device at all.',
    visitor: 'Check that you are online, and that no add-on or policy blocks WebRTC.',
  },
  'network-blocked': {
    message: 'Your network lets no UDP out, and our relay did not answer.',
    visitor: "Try another network, such as your phone's.",
  },
  'turn-refused': {
    message: 'The relay answered, and refused.',
    visitor: 'Test again in a minute, then tell the administrator.',
  },
  'relay-silent': {
    message: 'No direct path was found, and our relay did not answer.',
    visitor: "Try another network, such as your phone's.",
  },
  'peer-silent': {
    message: 'The other side has said nothing of where it can be reached.',
    visitor: 'Wait, or ask them to load their page anew: their network or browser is in the way.',
  },
  'no-relay': {
    message: "This server offers no relay, so two networks that let no direct path through can't meet.",
    visitor: 'Try another network, on either side.',
  },
  'no-path': {
    message: 'Both networks were reached, but nothing got through between them.',
    visitor: 'Try again. If that does not help, one of you tries another network.',
  },
};

export type VerdictCode = keyof typeof VERDICTS;
