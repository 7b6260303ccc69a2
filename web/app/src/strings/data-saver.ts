/** Data saver and audio only. */
export const dataSaverWords = {
  saver: 'Data saver',
  audio: 'Audio only',
  fullVideo: 'Full video',
  now: {
    off: 'Full video again',
    saver: 'Data saver is on: small pictures, yours and theirs.',
    audio: 'Audio only: no camera pictures, yours or theirs. Shared screens still arrive.',
  },
  /** What somebody else has chosen, by the height to which they limit video, and what it means for you. */
  theirs: (limit: number) =>
    limit === 0 ? (['Audio only', ': can’t see you'] as const) : (['Data saver', ': sees you small'] as const),
};
