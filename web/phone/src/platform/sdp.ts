/** Whether an SDP offer has a picture to send, and not only room for one of ours. */
export function offersVideo(offer: string): boolean {
  return offer
    .split(/^(?=m=)/m)
    .some((media) => /^m=video [1-9]/.test(media) && !/^a=(recvonly|inactive)\s*$/m.test(media));
}
