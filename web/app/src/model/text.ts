/** Control characters other than line breaks and tabs: they have no picture, so they get one. */
const controls = /(?![\n\t])\p{Cc}/gu;

/** Somebody's words as they may be shown. */
export function showable(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(controls, '\ufffd');
}
