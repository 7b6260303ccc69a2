import type { Standing } from '../model/verification';

/** What is said of whether somebody is between. Never more than is known. */
export const verificationWords = {
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
