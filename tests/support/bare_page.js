// A page without any of Eyeline's code: the harness tests exchange offer and answer between pages themselves.
const connection = new RTCPeerConnection();
const lines = [];
const remote = new MediaStream();
video.srcObject = remote;
connection.ontrack = (event) => remote.addTrack(event.track);
const channel = connection.createDataChannel("lines", { negotiated: true, id: 0 });
channel.onmessage = (event) => lines.push(event.data);

async function bringMedia() {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
}

/** Set the local description and wait until ICE gathering is complete. */
async function describe() {
  const whole = new Promise((resolve) => {
    connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && resolve();
  });
  await connection.setLocalDescription();
  await whole;
  return { type: connection.localDescription.type, sdp: connection.localDescription.sdp };
}

async function offer() {
  await bringMedia();
  return describe();
}

async function answer(description) {
  await bringMedia();
  await connection.setRemoteDescription(description);
  return describe();
}

greet.onclick = () => {
  greeting.textContent = `Hello, ${document.getElementById("name").value}`;
  console.log("greeted");
};
document.onkeydown = (event) => {
  document.title = `${event.shiftKey ? "Shift+" : ""}${event.key}`;
};
