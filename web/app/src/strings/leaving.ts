/** What Back asks in a call. */
export const leavingWords = {
  question: 'Leave the call?',
  leave: 'Leave',
  stay: 'Stay',
};
