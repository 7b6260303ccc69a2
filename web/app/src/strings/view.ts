/** The menu "More" and what it opens. */
export const viewWords = {
  fullScreen: 'Full screen',
  shortcuts: 'Keyboard shortcuts',
  escape: ['Esc', 'Close what is open'],
};

/** What each key does in a call, in the order of the list. */
export const shortcutWords = {
  m: 'Mute or unmute your microphone',
  v: 'Turn your camera on or off',
  s: 'Share your screen, or stop sharing',
  c: 'Open or close the chat',
  f: 'Open or close files',
  p: 'Open or close the list of people',
  i: 'Copy the link to the call',
  z: 'Full screen',
  '?': 'Show this list',
};
