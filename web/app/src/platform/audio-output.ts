/** Where the page's own sounds come out. */
export interface AudioOutput {
  /** `deviceId` of the chosen speaker; empty for the system's own. */
  speaker: string;
}

/** The node to connect sounds to, so that they come out there. */
export function outputOf(context: AudioContext, { speaker }: AudioOutput): AudioNode {
  if (speaker === '') return context.destination;
  // Not every browser can choose the speaker of a context, so an element plays what the context makes.
  const output = new MediaStreamAudioDestinationNode(context);
  const element = new Audio();
  element.srcObject = output.stream;
  element
    .setSinkId(speaker)
    .then(() => element.play())
    .catch(() => output.connect(context.destination)); // it was unplugged just now
  return output;
}
