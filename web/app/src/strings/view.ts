/** The menu "More" and what it opens. */
export const viewWords = {
  pictureInPicture: 'Picture-in-picture',
  noPictureInPicture: 'Your browser did not open a small window. Try again while somebody is in the picture.',
  fullScreen: 'Full screen',
  hideSelf: 'Hide self-view',
  selfHidden: (camera: boolean) =>
    camera ? 'Your picture is hidden from you. Others still see it.' : 'Your own tile is hidden from you.',
  selfShown: 'You see your picture again',
  muteForMe: (name: string) => `Mute ${name} for me`,
  pin: (name: string) => `Pin ${name}`,
  pinned: (name: string) => `${name} is pinned`,
  unpinned: 'Nobody is pinned',
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
  '1-9': 'Pin the first person, the second, and so on',
  o: 'Open a small window with the call, or close it',
  h: 'Hide your own picture, or show it again',
  z: 'Full screen',
  '?': 'Show this list',
};
