import type { Standing } from '../model/verification';

/** Whether somebody may be listening in. It must never claim more than we know. */
export const verificationWords = {
  badge: (standing: Standing): string =>
    standing.is === 'verified'
      ? `verified${standing.as === null ? '' : ` as ${standing.as}`}`
      : standing.is === 'changed'
        ? 'has a different key than before'
        : standing.is === 'failed'
          ? 'somebody may be listening in'
          : standing.is === 'mismatch'
            ? 'the emoji don’t match'
            : '',
  warning: (name: string, standing: Standing): string | null => {
    if (standing.is === 'changed' && standing.as !== null)
      return `${name} is the person you verified as ${standing.as}, not the ${name} you verified.`;
    if (standing.is === 'changed')
      return `${name} has a different key than the ${name} you verified. Compare the emoji.`;
    if (standing.is === 'mismatch')
      return `You and ${name} see different emoji. Somebody may be listening in: say nothing private.`;
    if (standing.is === 'failed') return `Somebody may be listening in on your call with ${name}.`;
    return null;
  },
  whatNow: 'What now?',
  confirmed: (name: string) => `${name} is verified`,
};
