import type { Standing } from './model/trust';

/** What is said of whether somebody is between. Never more than is known. */
export const safetyWords = {
  heading: 'Is it really them?',
  emoji: (names: readonly string[]) => `Four emoji: ${names.join(', ')}`,
  lead: (name: string, standing: Standing): string => {
    switch (standing.is) {
      case 'comparing':
        return 'The four emoji come as soon as you are connected.';
      case 'failed':
        return `What came from ${name}’s side does not fit. Somebody may be between you: say nothing that others must not hear, and call again.`;
      case 'unverified':
        return `Read them to each other. If ${name} sees the same four, nobody is between you.`;
      case 'verified':
        return `Nobody is between you: you compared emoji with ${name}, in this call or, with this browser, in an earlier one.`;
      case 'changed':
        return `You verified a ${name} before, and this one has another key. It may be another browser or another person: compare the four before you trust.`;
    }
  },
  match: 'They match',
  differ: 'Not verified after all',
  verified: 'Verified',
  badge: (standing: Standing): string =>
    standing.is === 'verified'
      ? ', verified'
      : standing.is === 'changed'
        ? ', has another key than before'
        : standing.is === 'failed'
          ? ', somebody may be between'
          : '',
  warning: (name: string, standing: Standing): string | null => {
    if (standing.is === 'changed') return `${name} has another key than the ${name} you verified. Compare the emoji.`;
    if (standing.is === 'failed') return `Somebody may be between you and ${name}.`;
    return null;
  },
  confirmed: (name: string) => `${name} is verified`,
};
