// Written by tools/protocol.py from src/eyeline/checks.py: change it there.

/** What can keep two people from connecting, by code: what was found, and what to do about it. */
export const VERDICTS = {
  'no-candidates': {
    message: 'Your browser found no network it could use on this device.',
    visitor: "Check that you're online, and that no add-on or policy blocks WebRTC.",
  },
  'network-blocked': {
    message: 'Your network blocks UDP, and our relay did not answer.',
    visitor: "Try another network, such as your phone's.",
  },
  'turn-refused': {
    message: 'The relay answered, but refused.',
    visitor: 'Test again in a minute, then tell the administrator.',
  },
  'relay-silent': {
    message: 'No direct path was found, and our relay did not answer.',
    visitor: "Try another network, such as your phone's.",
  },
  'peer-silent': {
    message: 'The other side has not said how it can be reached.',
    visitor: 'Wait, or ask them to reload their page: their network or browser is in the way.',
  },
  'no-relay': {
    message: "This server offers no relay, so two networks that block direct paths can't connect.",
    visitor: 'Try another network on either side.',
  },
  'no-path': {
    message: 'Both sides have addresses, but nothing got through between them.',
    visitor: "Try again. If that doesn't help, one of you should try another network.",
  },
};
