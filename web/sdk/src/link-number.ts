let newest = 0;

/**
 * A number for a link, larger than that of every link made before on this page, and in this browser as long as its clock
 * goes forwards: the other side takes only the newest for true.
 */
export function nextLinkNumber(): number {
  newest = Math.max(newest + 1, Date.now());
  return newest;
}

/** The newest number given, to be remembered where the page is loaded anew. */
export function newestLinkNumber(): number {
  return newest;
}

/** From now on numbers are larger than this one, of the page before: the clock may have been put back since. */
export function numberLinksAfter(number: number): void {
  if (Number.isSafeInteger(number)) newest = Math.max(newest, number);
}
