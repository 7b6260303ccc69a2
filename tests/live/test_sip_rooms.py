"""A phone calls a room in which somebody waits with a browser: a stock JsSIP page is the phone."""

import subprocess
import sys

import pytest
from tests.support.app_actions import join_call, sees_message, send_chat
from tests.support.browser import Browser
from tests.support.call import all_flow
from tests.support.server import LiveServer
from tests.support.sip_page import HOST, PASSWORD, SipPhone, sip_page

pytestmark = pytest.mark.alone


def test_phone_and_browser_meet_in_a_room(chromium_process: Browser) -> None:
    with sip_page() as site, LiveServer("--allowed-origin", site.rpartition("/")[0], "--sip-domain", HOST) as server:
        place = ["--data-dir", str(server.data_dir), "--password-file", "-"]
        add = [sys.executable, "-m", "eyeline", "sip", "add", "bob", *place]
        subprocess.run(add, input=PASSWORD, text=True, check=True, capture_output=True)
        with SipPhone(chromium_process, site, server, "jssip", "bob") as bob:
            nobody = bob.call(f"sip:tea@{HOST}", video=True)
            bob.reaches(nobody, "ended")
            alice = join_call(chromium_process, f"{server.url}/r/tea", "Alice")
            ours = bob.call(f"sip:tea@{HOST}", video=True)
            bob.reaches(ours, "established")
            all_flow(alice, bob.page)
            bob.do("write", f"sip:tea@{HOST}", "from the phone")
            sees_message(alice, "from the phone")
            send_chat(alice, "from the page")
            bob.receives("from the page")
            bob.do("hold", ours, True)
            bob.do("hold", ours, False)
            all_flow(alice, bob.page)
            bob.do("hangUp", ours)
            alice.until(
                "__connections.every(({connectionState}) => connectionState === 'closed' || connectionState === 'new')"
            )
