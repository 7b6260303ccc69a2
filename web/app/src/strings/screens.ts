/** What kept a screen from being shared; cancelling it is none of these. */
export type ScreenProblem = 'system' | 'unasked' | 'unknown';

const problems: Readonly<Record<ScreenProblem, string>> = {
  system:
    'Your system keeps the screen from the browser. Allow it in the system’s settings, under privacy and screen recording, and try again.',
  unasked:
    'Your browser did not let you choose a screen. Allow sharing for this site beside the address bar, and try again.',
  unknown: 'Your browser could not share that. Try again, or choose another window.',
};

export const screenWords = {
  button: (sharing: boolean) => (sharing ? 'Stop sharing' : 'Share your screen'),
  sharing: 'You share your screen',
  stop: 'Stop',
  stopped: 'You no longer share your screen',
  switchedOff: 'Sharing screens was switched off. Yours is no longer shown.',
  name: (name: string) => `${name}’s screen`,
  coming: (name: string) => `${name}’s screen is coming…`,
  enlarge: (name: string) => `Show ${name}’s screen large`,
  shares: (name: string) => `${name} shares their screen`,
  ended: (name: string) => `${name} no longer shares their screen`,
  problem: (what: ScreenProblem) => problems[what],
};
