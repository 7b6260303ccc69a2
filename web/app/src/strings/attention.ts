/** Sounds, notifications, toasts of messages, and what hosts ask for. */
export const attentionWords = {
  /** An empty name: it can't be decrypted. */
  knocking: (name: string) => `${name === '' ? 'Somebody' : name} is knocking`,
  letIn: 'Open the call to let them in.',
  joined: (name: string) => `${name} joined`,
  wrote: (name: string, text: string) => `${name} wrote: ${text}`,
  message: 'New message',
  openChat: 'Open the chat',
  onlyYou: 'only to you',
  unread: (count: number) => `${count} unread ${count === 1 ? 'message' : 'messages'}`,
  sounds: 'Sounds',
  notifications: 'Notifications while this page is hidden',
  tellMe: 'Tell me when somebody comes',
  told: 'You’ll get a notification when somebody comes.',
  blocked: 'Your browser blocks notifications from this site. You’ll still hear a sound.',
  aHost: 'A host',
  asked: (name: string) => `${name} asks you to mute your microphone.`,
  mute: 'Mute',
  coHost: (name: string) => `${name} made you a co-host: you can let people in, ask them to mute, and remove them.`,
  member: 'You’re no longer a co-host.',
  people: 'Show people',
};
