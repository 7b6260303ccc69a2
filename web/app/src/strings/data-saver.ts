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
};
