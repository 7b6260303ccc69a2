#!/bin/sh
# Chromium 156 plays no sound of a stream as long as the stream also has a video track that never had a frame.
#
# A peer connection with sendrecv transceivers for audio and video, where the sender has a microphone and no camera, is
# valid (JSEP, RFC 8829): the receiver gets two tracks, and the video track stays muted. An element that shows both in one
# MediaStream stays at currentTime 0 and its audio isn't pulled from the jitter buffer, so totalAudioEnergy stays 0. With
# the audio track alone it plays. So two people without cameras hear nothing if their page adds both tracks on ontrack.
#
# Exits with 0 if Chromium still does that, 1 if it does something else. Needs Debian 12 with apt and python3, and the
# libraries of the package, which is unpacked into a temporary folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=156.0.8078.108-1~deb12u1
apt-get download --quiet=2 "chromium=$version" "chromium-common=$version"
for package in *.deb; do dpkg-deb --extract "$package" root; done
cat >page.html <<'PAGE'
<!doctype html>
<script>
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  /** Sends a tone and no picture to an element that shows the tracks of these kinds. */
  async function play(kinds) {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const output = context.createMediaStreamDestination();
    tone.connect(output);
    tone.start();
    const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
    from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate);
    to.onicecandidate = ({ candidate }) => candidate && from.addIceCandidate(candidate);
    from.addTransceiver(output.stream.getAudioTracks()[0]);
    from.addTransceiver('video');
    const element = document.body.appendChild(document.createElement('video'));
    element.autoplay = true;
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription);
    const stream = new MediaStream();
    for (const { receiver } of to.getTransceivers())
      if (kinds.includes(receiver.track.kind)) stream.addTrack(receiver.track);
    element.srcObject = stream;
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription);
    await wait(6000);
    const rows = [...(await to.getStats()).values()];
    const audio = rows.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio') ?? {};
    return {
      kinds,
      packets: audio.packetsReceived ?? 0,
      energy: audio.totalAudioEnergy ?? 0,
      currentTime: element.currentTime,
    };
  }

  addEventListener('load', async () => {
    const found = [await play(['audio']), await play(['audio', 'video'])];
    await fetch('/found', { method: 'POST', body: JSON.stringify({ agent: navigator.userAgent, found }) });
  });
</script>
<body></body>
PAGE
cat >run.py <<'PYTHON'
import http.server
import json
import subprocess
import sys
import threading

told = {}


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_POST(self):
        told.update(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(204)
        self.end_headers()
        threading.Thread(target=self.server.shutdown).start()

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
flags = ["--headless", "--no-sandbox", "--no-first-run", "--user-data-dir=profile", "--disable-gpu"]
flags.append("--autoplay-policy=no-user-gesture-required")
page = f"http://localhost:{server.server_port}/page.html"
chromium = subprocess.Popen(["root/usr/lib/chromium/chromium", *flags, page], stderr=subprocess.DEVNULL)
timer = threading.Timer(90, server.shutdown)
timer.start()
server.serve_forever()
timer.cancel()
chromium.terminate()
chromium.wait()
print(told.get("agent", "Chromium reported nothing"))
found = told.get("found", [])
for each in found:
    what = " and ".join(each["kinds"])
    print(f"{what}: {each['packets']} packets of audio, energy played {each['energy']:.3f}, at {each['currentTime']:.1f} s")
same = (
    len(found) == 2
    and all(each["packets"] > 50 for each in found)
    and found[0]["energy"] > 0
    and found[0]["currentTime"] > 1
    and found[1]["energy"] == 0
    and found[1]["currentTime"] == 0
)
print("No sound with the video track." if same else "Something else: Chromium or this set-up has changed.")
sys.exit(0 if same else 1)
PYTHON
python3 run.py
