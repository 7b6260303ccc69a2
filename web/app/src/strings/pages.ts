/** All text of the start page, and of the pages for links that don't work. */
export const pageWords = {
  home: {
    headline: ['Face to face,', 'nothing between.'],
    lead: 'Video, voice and messages go straight from your browser to theirs. No\u00a0account. No\u00a0app.',
    code: 'Link or room name',
    join: 'Join',
    test: 'Test your camera, microphone and network',
    problem: (
      reading:
        | { readonly is: 'empty' }
        | { readonly is: 'wrong' }
        | { readonly is: 'elsewhere'; readonly host: string },
    ) => {
      if (reading.is === 'empty') return 'Paste the link you were sent, or type a room name.';
      if (reading.is === 'elsewhere')
        return `That link is for another server, ${reading.host}. Open it in the address bar.`;
      return 'That’s not a link or a room name. Room names have only letters, digits and hyphens.';
    },
  },
  nowhere: {
    title: 'Page not found',
    lead: 'There is no page at this address. If you were sent a link to a call, check that it’s complete.',
  },
  badKey: {
    title: 'This link is incomplete',
    lead: 'The part after # was cut off or changed. Ask for the link again, and copy all of it.',
  },
  insecureKey: {
    title: 'This link needs HTTPS',
    lead: 'It has a key, and browsers use keys only on secure pages. Open it with https:// at the start.',
  },
  noWebrtc: {
    title: 'Calls don’t work in this browser',
    lead: 'It has no WebRTC, or it’s turned off. Use another browser, or turn off the add-on that blocks WebRTC.',
    test: 'See what works',
  },
  badRoom: {
    title: 'That’s not a valid room name',
    lead: 'Room names have 1 to 64 letters (a to z), digits and hyphens. Check the link, or start a new call.',
  },
};
