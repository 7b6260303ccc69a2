"""The oldest supported Chromium: a call, chat, a file and `/test`, with a new one at the other end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.support.app_actions import join_call, sees_message, send_chat
from tests.support.browser import Browser
from tests.support.call import all_flow
from tests.support.chromium import Chromium
from tests.support.files import HASH, SAVED, a_file, choose, sees, sha256
from tests.support.old_chromium import old_chromium
from tests.support.server import LiveServer

pytestmark = [pytest.mark.beside, pytest.mark.more]

BROKEN: Final = "globalThis.URL = undefined;"
"""Makes the app's script fail at its start, as in a browser that can't parse it."""


@pytest.fixture(scope="module")
def old() -> Iterator[Browser]:
    # It has no window that could ask for the camera.
    with Chromium(program=old_chromium(), flags=["--use-fake-ui-for-media-stream"]) as browser:
        yield browser


def test_an_old_chromium_has_the_call_chat_and_files(
    old: Browser, chromium: Browser, server: LiveServer, tmp_path: Path
) -> None:
    room = f"{server.url}/r/old"
    alice, bob = join_call(old, room, "Alice", SAVED), join_call(chromium, room, "Bob", SAVED)
    assert "Chrome/109." in alice.evaluate("navigator.userAgent")
    all_flow(alice, bob)
    for writer, reader, line in ((alice, bob, "The boat comes in at four."), (bob, alice, "Just about ☂")):
        send_chat(writer, line)
        assert sees_message(reader, line)
    for sender, receiver in ((alice, bob), (bob, alice)):
        path = a_file(tmp_path, 1_000_003)
        choose(sender, path)
        receiver.click("button", "Accept", deadline=20)
        receiver.until("saved.length === 1", deadline=30)
        assert receiver.evaluate(HASH) == sha256(path)
    assert not [line for page in (alice, bob) for line in page.console if "TypeError" in line]


def test_an_old_chromium_tests_a_call_rightly(old: Browser, server: LiveServer) -> None:
    page = old.open(f"{server.url}/test")
    page.until("document.querySelectorAll('.check[data-state=fine]').length >= 5", deadline=40)
    assert "Calls don" not in page.text()
    assert not [line for line in page.console if "TypeError" in line]


def test_a_page_whose_script_does_not_run_names_the_supported_browsers(old: Browser, server: LiveServer) -> None:
    page = old.open(server.url, init_script=BROKEN)
    assert "Chromium 109" not in page.text()
    sees(page, "Chromium 109")
