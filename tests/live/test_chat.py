"""Chat: messages reach everyone, including late joiners and reconnected participants."""

import itertools
import re
from typing import Final

import pytest
from tests.support.app_actions import NO_DEVICES, join_call, open_chat, sees_message, send_chat
from tests.support.browser import Browser, Page
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

LINES: Final = "[...document.querySelectorAll('.said-words')].map((each) => each.textContent)"

CUT: Final = """
globalThis.__cut = false;
const kept = [];
const { addIceCandidate: add, setRemoteDescription: set } = RTCPeerConnection.prototype;
const keep = (connection, candidate) => { kept.push([connection, candidate]); };
RTCPeerConnection.prototype.addIceCandidate = async function (candidate) {
  if (!__cut) return add.call(this, candidate);
  keep(this, candidate);
};
RTCPeerConnection.prototype.setRemoteDescription = function (description) {
  if (!__cut) return set.call(this, description);
  const found = description.sdp.match(/^a=candidate:.*$/gm) ?? [];
  for (const each of found) keep(this, { candidate: each.slice(2), sdpMLineIndex: 0 });
  return set.call(this, { type: description.type, sdp: description.sdp.replace(/^a=candidate:.*\\r\\n/gm, '') });
};
globalThis.__heal = () => {
  __cut = false;
  for (const [connection, candidate] of kept.splice(0)) {
    if (connection.signalingState !== 'closed') add.call(connection, candidate).catch(() => undefined);
  }
};
"""
"""While `__cut` is set, new connections get no candidates of the other side."""


def join(browser: Browser, room: str, name: str, script: str = "") -> Page:
    """Join without camera and microphone."""
    return join_call(browser, room, name, NO_DEVICES + script)


def lines(page: Page) -> list[str]:
    open_chat(page)
    found: list[str] = page.evaluate(LINES)
    return found


def test_late_joiner_reads_earlier_chat_once_and_in_order_even_after_its_author_left(
    chromium: Browser, firefox: Browser, server: LiveServer
) -> None:
    room = f"{server.url}/r/later"
    alice, bob = join(chromium, room, "Alice"), join(firefox, room, "Bob")
    said = ["One", "Two", "Three"]
    for writer, reader, line in ((alice, bob, said[0]), (bob, alice, said[1]), (alice, bob, said[2])):
        send_chat(writer, line)
        assert sees_message(reader, line)
    carol = join(chromium, room, "Carol")
    for line in said:
        assert sees_message(carol, line)
    send_chat(bob, "Four")
    for page in (alice, carol):
        assert sees_message(page, "Four")
    assert lines(carol) == lines(alice) == [*said, "Four"]
    alice.click("button", "Leave")
    bob.until("document.querySelectorAll('video').length === 2")
    dave = join(chromium, room, "Dave")
    for line in (*said, "Four"):
        assert sees_message(dave, line)
    assert lines(dave) == [*said, "Four"]
    assert re.search("from (Bob|Carol)\u2019s copy", dave.text())


def test_chat_is_back_after_a_reload(chromium: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/reload"
    alice, bob = (join(chromium, room, name) for name in ("Alice", "Bob"))
    send_chat(alice, "Are you there?")
    assert sees_message(bob, "Are you there?")
    send_chat(bob, "One moment")
    assert sees_message(alice, "One moment")
    bob.reload()
    bob.until("document.querySelector('main.call:not(.returning)') !== null")
    assert sees_message(bob, "Are you there?")
    send_chat(bob, "I am back")
    assert sees_message(alice, "I am back")
    assert lines(bob) == lines(alice) == ["Are you there?", "One moment", "I am back"]


@pytest.mark.more
def test_reconnected_peers_lose_no_chat_messages_and_keep_their_order(chromium: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/cut"
    alice, bob = (join(chromium, room, name, CUT) for name in ("Alice", "Bob"))
    alice.until("__connections.some((each) => each.connectionState === 'connected')")
    alice.evaluate("() => { __between = __connections.find((each) => each.connectionState === 'connected') }")
    carol = join(chromium, room, "Carol")
    pages = [alice, bob, carol]
    said = ["before, says Alice"]
    send_chat(alice, said[0])
    for page in pages:
        assert sees_message(page, said[0])
    for page in (alice, bob):
        page.evaluate("() => { __cut = true }")
    alice.evaluate("() => __between.close()")
    for page, name in ((alice, "Alice"), (bob, "Bob"), (carol, "Carol"), (bob, "Bob again"), (alice, "Alice again")):
        said.append(f"meanwhile, says {name}")
        send_chat(page, said[-1])
        assert sees_message(carol, said[-1])
    assert not set(said[1:]) <= set(lines(alice))
    alice.until("[...document.querySelectorAll('.said-state')].some((each) => each.textContent.includes('Bob'))")
    for page in (alice, bob):
        page.evaluate("() => __heal()")
    for page, line in itertools.product(pages, said):
        assert sees_message(page, line)
    assert lines(alice) == lines(bob) == lines(carol)
    assert sorted(lines(carol)) == sorted(said)
    for page in pages:
        page.until("document.querySelector('.said-state') === null")
