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

/**
 * SDP munging of the other side's description: where there is a SHA-256 fingerprint, the fingerprints by other hash
 * functions are left out. A certificate may have several (RFC 8122, 5), and what DTLS checks must be what we compare.
 */
export function withSha256Only(sdp: string): string {
  const [session = '', ...media] = sdp.split(/^(?=m=)/m);
  const whole = SHA_256.test(session);
  const cleaned = media.map((section) => (whole || SHA_256.test(section) ? section.replace(OTHER_HASH, '') : section));
  return [whole ? session.replace(OTHER_HASH, '') : session, ...cleaned].join('');
}

const SHA_256 = /^a=fingerprint:sha-256 /im;
const OTHER_HASH = /^a=fingerprint:(?!sha-256 ).*\r?\n?/gim;

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

/** The DTLS fingerprint in a session description, in hex; null unless there is exactly one. */
export function fingerprintIn(sdp: string | undefined): string | null {
  const all = new Set(
    [...(sdp ?? '').matchAll(/^a=fingerprint:(.*?)\r?$/gim)].map(([, each = '']) => each.toLowerCase()),
  );
  const [only = ''] = all;
  const hex = /^sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/.exec(only)?.[1];
  return all.size === 1 && hex !== undefined ? hex.replaceAll(':', '') : null;
}
