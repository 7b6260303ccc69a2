let newest = 0;

/** Numbers of an earlier page above this are none of ours: a clock comes to it in 142,000 years. */
const NUMBER_MAX = 2 ** 52;

/**
 * A number for a link or a message, larger than each before it on this page, and on earlier ones in this browser as long as
 * its clock goes forwards: the other side takes what has a smaller one for old.
 */
export function nextSequence(): number {
  newest = Math.max(newest + 1, Date.now());
  return newest;
}

/** The newest number given, to be remembered where the page is loaded anew. */
export function newestSequence(): number {
  return newest;
}

/** From now on numbers are larger than this one, of the page before: the clock may have been put back since. */
export function continueSequenceAfter(number: number): void {
  if (Number.isSafeInteger(number) && number <= NUMBER_MAX) newest = Math.max(newest, number);
}
