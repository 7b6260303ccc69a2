#!/bin/sh
# aiortc 1.16.0 answers an ICE restart with the ICE credentials that it had.
#
# An offer with a new ice-ufrag and ice-pwd restarts ICE, and the answer must have new ones too (RFC 8829, 5.3.1 and 5.11).
# aiortc takes such an offer without an error, and its answer repeats the old ones: no restart happens, and the offerer
# can't tell so from an error. So a peer that looks for a new path has to compare the credentials, and to make a new
# connection if they are the same.
#
# Exits with 0 if aiortc still does that, 1 if it does something else. Needs python3 with venv and a package index.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install aiortc==1.16.0 aioice==0.13.0
cat >"$folder/restart.py" <<'PYTHON'
import asyncio
import re
import secrets
import sys

import aiortc
from aiortc import RTCPeerConnection, RTCSessionDescription


def credentials(sdp):
    return re.findall(r"^a=ice-(?:ufrag|pwd):(\S+)", sdp, re.MULTILINE)


async def answer(connection, offer):
    await connection.setRemoteDescription(offer)
    await connection.setLocalDescription(await connection.createAnswer())
    return connection.localDescription


async def main():
    print("aiortc", aiortc.__version__)
    alice, bob = RTCPeerConnection(), RTCPeerConnection()
    opened = asyncio.Event()
    alice.createDataChannel("chat").on("open", opened.set)
    await alice.setLocalDescription(await alice.createOffer())
    first = await answer(bob, alice.localDescription)
    await alice.setRemoteDescription(first)
    await asyncio.wait_for(opened.wait(), 20)
    print("connected; first answer:", *credentials(first.sdp))
    ufrag, pwd = credentials(alice.localDescription.sdp)
    restart = alice.localDescription.sdp.replace(ufrag, secrets.token_hex(4)).replace(pwd, secrets.token_hex(16))
    restart = re.sub(r"^(o=\S+ \S+) (\d+)", lambda at: f"{at[1]} {int(at[2]) + 1}", restart, flags=re.MULTILINE)
    second = await answer(bob, RTCSessionDescription(restart, "offer"))
    print("answer to a restart:    ", *credentials(second.sdp))
    same = credentials(first.sdp) == credentials(second.sdp)
    print("The same credentials: ICE was not restarted." if same else "New credentials: aiortc has changed.")
    await alice.close()
    await bob.close()
    return 0 if same else 1


sys.exit(asyncio.run(main()))
PYTHON
"$folder/venv/bin/python" "$folder/restart.py"
