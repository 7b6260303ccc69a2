/** Why a screen couldn't be shared. Cancelling is not a problem. */
export type ScreenProblem = 'system' | 'unasked' | 'unknown';

const problems: Readonly<Record<ScreenProblem, string>> = {
  system:
    'Your system doesn’t let the browser record the screen. Allow it in the system settings, under privacy and screen recording, and try again.',
  unasked:
    'Your browser didn’t let you choose a screen. Allow sharing for this site next to the address bar, and try again.',
  unknown: 'Your browser couldn’t share that. Try again, or choose another window.',
};

export const screenWords = {
  button: (sharing: boolean) => (sharing ? 'Stop sharing' : 'Share your screen'),
  sharing: 'You’re sharing your screen',
  stop: 'Stop',
  stopped: 'You stopped sharing your screen',
  switchedOff: 'Screen sharing was turned off. Your screen is no longer shown.',
  name: (name: string) => `${name}’s screen`,
  coming: (name: string) => `Loading ${name}’s screen…`,
  enlarge: (name: string) => `Enlarge ${name}’s screen`,
  shares: (name: string) => `${name} is sharing their screen`,
  ended: (name: string) => `${name} stopped sharing their screen`,
  problem: (what: ScreenProblem) => problems[what],
};
