/** Our session description as it is told to the other side, where the browser's own words lack something or are wrong. */
export function mungedSdp(sdp: string): string {
  let sounds = 0;
  const sections = sdp.split(/^(?=m=)/m).map((section) => {
    if (section.startsWith('m=video')) return withoutStrayFeedback(section);
    if (!section.startsWith('m=audio')) return section;
    sounds += 1;
    return sounds === 2 ? inStereo(section) : section;
  });
  return sections.join('');
}

/** Where codecs were left out Firefox goes on to tell of feedback for them, and Chromium refuses the whole for it. */
function withoutStrayFeedback(section: string): string {
  const types = new Set(/^m=\S+ \S+ \S+ (.*?)\r?$/m.exec(section)?.[1]?.split(' '));
  return section.replace(/^a=rtcp-fb:(\d+) .*\r?\n/gm, (line, type: string) => (types.has(type) ? line : ''));
}

/** Music is wanted as such (RFC 7587, 6.1): Chromium sends it in one channel else. */
function inStereo(section: string): string {
  const opus = /^a=rtpmap:(\d+) opus\//im.exec(section)?.[1];
  return section.replace(new RegExp(`^(a=fmtp:${opus} (?!.*stereo=1).+?)(\\r?)$`, 'm'), '$1;stereo=1$2');
}
