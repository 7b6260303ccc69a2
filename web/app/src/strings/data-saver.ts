/** Data saver and audio only. */
export const dataSaverWords = {
  saver: 'Data saver',
  audio: 'Audio only',
  now: {
    off: 'Full video again',
    saver: 'Data saver is on: small pictures, yours and theirs.',
    audio: 'Audio only: you send and receive no camera pictures. Shared screens still arrive.',
  },
};
