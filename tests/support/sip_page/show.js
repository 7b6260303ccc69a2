/** Plays what comes from the other side: browsers decode nothing that nobody looks at. */
export function show(stream) {
  const video = document.createElement("video");
  video.autoplay = true;
  video.srcObject = stream;
  document.body.append(video);
}
