#!/bin/sh
# Firefox ESR 153.8 reports errorCode 65535 and no errorText when a TURN server answers with an error 508.
#
# RTCPeerConnectionIceErrorEvent.errorCode is the STUN error code that the server returned, and 701 only if none did (W3C
# WebRTC). The TURN server here is coturn 4.6.1 with one relay port: the first allocation gets it, the second one is
# answered with 508 (Insufficient Capacity, RFC 8656). Chromium reports 508. A page that takes only codes from 300 to 699
# for an answer takes the full server for one that is silent.
#
# Exits with 0 if Firefox still does that, 1 if it does something else. Needs Debian 12 with apt and python3, the libraries
# of both packages, and an address other than 127.0.0.1. The packages are unpacked into a temporary folder.
set -eu
folder=$(mktemp -d)
cleanup() {
  [ -z "$turn" ] || kill "$turn"
  rm -rf "$folder"
}
turn=
trap cleanup EXIT
cd "$folder"
apt-get download --quiet=2 coturn=4.6.1-1 firefox-esr=153.8.0esr-1~deb12u1
for package in *.deb; do dpkg-deb --extract "$package" root; done
address=$(hostname -I | cut -d ' ' -f 1)
root/usr/bin/turnserver -n --listening-ip "$address" --listening-port 34780 --min-port 50000 --max-port 50000 \
  --lt-cred-mech --user alice:secret --realm example.org --no-tls --no-dtls --no-cli --allow-loopback-peers \
  --pidfile "$folder/turn.pid" --log-file stdout --verbose >turn.log 2>&1 &
turn=$!
mkdir profile
cat >profile/user.js <<'PREFS'
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.aboutwelcome.enabled", false);
PREFS
cat >page.html <<'PAGE'
<!doctype html>
<script>
  const iceServers = [{ urls: 'turn:ADDRESS:34780?transport=udp', username: 'alice', credential: 'secret' }];
  async function gather() {
    const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
    const found = { relays: 0, errors: [] };
    const done = new Promise((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate?.candidate) found.relays += 1;
        if (candidate === null) resolve();
      };
    });
    connection.onicecandidateerror = ({ errorCode, errorText }) => found.errors.push([errorCode, errorText]);
    connection.createDataChannel('chat');
    await connection.setLocalDescription();
    await done;
    return found; // the connection stays open, and keeps its relay
  }
  (async () => {
    const found = [await gather(), await gather()];
    const agent = navigator.userAgent;
    await fetch('/found', { method: 'POST', body: JSON.stringify({ agent, found }) });
  })();
</script>
PAGE
sed -i "s/ADDRESS/$address/" page.html
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
firefox = subprocess.Popen([*command, f"http://127.0.0.1:{server.server_port}/page.html"], stderr=subprocess.DEVNULL)
timer = threading.Timer(90, server.shutdown)
timer.start()
server.serve_forever()
timer.cancel()
firefox.terminate()
firefox.wait()
print(told.get("agent", "Firefox reported nothing"))
for which, found in zip(("first ", "second"), told.get("found", [])):
    print(f"{which} connection: {found['relays']} relay candidates, errors: {found['errors']}")
first, second = told.get("found", [{"relays": 0, "errors": []}] * 2)
refused = sum("error 508" in line for line in open("turn.log"))
print(f"coturn answered with error 508 {refused} times")
same = first["relays"] == 1 and refused > 0 and [65535, ""] in second["errors"]
print("65535 instead of 508." if same else "Something else: Firefox or this set-up has changed.")
sys.exit(0 if same else 1)
PYTHON
python3 run.py
