/** SDP munging: our session description as the other side gets it, with the browsers' faults repaired. */
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

/** Firefox keeps the `a=rtcp-fb` lines of codecs that were left out, and Chromium rejects the description for that. */
function withoutStrayFeedback(section: string): string {
  const types = new Set(/^m=\S+ \S+ \S+ (.*?)\r?$/m.exec(section)?.[1]?.split(' '));
  return section.replace(/^a=rtcp-fb:(\d+) .*\r?\n/gm, (line, type: string) => (types.has(type) ? line : ''));
}

/** Asks for stereo (RFC 7587, 6.1): Chromium sends the audio of a screen in mono otherwise. */
function inStereo(section: string): string {
  const opus = /^a=rtpmap:(\d+) opus\//im.exec(section)?.[1];
  return section.replace(new RegExp(`^(a=fmtp:${opus} (?!.*stereo=1).+?)(\\r?)$`, 'm'), '$1;stereo=1$2');
}
