#!/bin/sh
# Firefox ESR 153.8 needs 12 s and more until it sends 1280x720 over a loopback connection, and less than 1 s with the
# degradation preference "maintain-resolution".
#
# It begins with a small picture, since it assumes a slow line, and enlarges it one step at a time. The preference is set
# with setParameters (W3C WebRTC, RTCRtpSendParameters.degradationPreference), before the offer. Both measurements are
# between two connections of one page with Firefox's own fake camera, so nothing is lost on the way.
#
# Exits with 0 if Firefox still does that, 1 if it does something else. Needs Debian 12 with apt and python3, the libraries
# of the package, and two processors that aren't busy. The package is unpacked into a temporary folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet=2 firefox-esr=153.8.0esr-1~deb12u1
for package in *.deb; do dpkg-deb --extract "$package" root; done
mkdir profile
cat >profile/user.js <<'PREFS'
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("media.navigator.streams.fake", true);
user_pref("media.navigator.permission.disabled", true);
PREFS
cat >page.html <<'PAGE'
<!doctype html>
<script>
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  /** Seconds from connected until 1280x720 is sent; 40 if it isn't within that time. */
  async function measure(preference) {
    const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720 } });
    const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
    from.onicecandidate = ({ candidate }) => to.addIceCandidate(candidate);
    to.onicecandidate = ({ candidate }) => from.addIceCandidate(candidate);
    const sender = from.addTrack(camera.getVideoTracks()[0], camera);
    if (preference) {
      const parameters = sender.getParameters();
      parameters.degradationPreference = preference;
      await sender.setParameters(parameters);
    }
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription);
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription);
    while (from.connectionState !== 'connected') await wait(50);
    const start = performance.now();
    for (;;) {
      const seconds = (performance.now() - start) / 1000;
      const rows = [...(await from.getStats()).values()];
      const full = rows.some(({ type, frameWidth }) => type === 'outbound-rtp' && frameWidth === 1280);
      if (full || seconds > 40) {
        from.close();
        to.close();
        return seconds;
      }
      await wait(100);
    }
  }

  (async () => {
    const found = [await measure(null), await measure('maintain-resolution')];
    await fetch('/found', { method: 'POST', body: JSON.stringify({ agent: navigator.userAgent, found }) });
  })();
</script>
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
command = ["root/usr/lib/firefox-esr/firefox-esr", "--headless", "--no-remote", "--profile", "profile"]
firefox = subprocess.Popen([*command, f"http://localhost:{server.server_port}/page.html"], stderr=subprocess.DEVNULL)
timer = threading.Timer(120, server.shutdown)
timer.start()
server.serve_forever()
timer.cancel()
firefox.terminate()
firefox.wait()
print(told.get("agent", "Firefox reported nothing"))
by_itself, kept = told.get("found", [0, 99])
print(f"1280x720 is sent after {by_itself:.1f} s, and with maintain-resolution after {kept:.1f} s")
same = by_itself > 8 and kept < 4
print("Slow by itself." if same else "Something else: Firefox or this set-up has changed.")
sys.exit(0 if same else 1)
PYTHON
python3 run.py
