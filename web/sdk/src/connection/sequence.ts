let newest = 0;

/** Larger stored numbers are invalid: a clock reaches this in 142,000 years. */
const NUMBER_MAX = 2 ** 52;

/**
 * The next sequence number, for a connection or a message. It is larger than all before it on this page, and on earlier
 * pages of this tab: the receiver takes anything with a smaller number as out of date.
 */
export function nextSequence(): number {
  newest = Math.max(newest + 1, Date.now());
  return newest;
}

/** The last number given, to be stored over a reload. */
export function newestSequence(): number {
  return newest;
}

/** Continues after this number of the page before the reload, even if the clock was set back since. */
export function continueSequenceAfter(number: number): void {
  if (Number.isSafeInteger(number) && number <= NUMBER_MAX) newest = Math.max(newest, number);
}
