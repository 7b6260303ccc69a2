"""End-to-end encrypted signalling: with a key in the link, a malicious broker can only keep people apart."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest
from tests.support.app_actions import NO_DEVICES, join_call, seats, sees_message, send_chat
from tests.support.browser import EACH, Browser, Page
from tests.support.call import all_flow, links, media_flows
from tests.support.malicious_broker import MaliciousBroker, Message, Visitor
from tests.support.server import LiveServer

KEY: Final = "AAECAwQFBgcICQoLDA0ODw"
FORGED: Final = ":".join(["66"] * 32)
OURS: Final = "() => __connections.map((each) => each.localDescription?.sdp ?? '').join('')"
THEIRS: Final = "() => __connections.map((each) => each.remoteDescription?.sdp ?? '').join('')"
SOCKETS: Final = """
globalThis.__sockets = 0;
globalThis.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    __sockets += 1;
  }
};
"""
"""Counts the WebSockets that the page opens."""

Tamper = Callable[[Visitor, Message], list[Message]]


@pytest.fixture
def broker(server: LiveServer) -> Iterator[MaliciousBroker]:
    with MaliciousBroker(server.port) as broker:
        yield broker


def fingerprints(page: Page, script: str) -> set[str]:
    return set(re.findall(r"a=fingerprint:sha-256 (\S+)", page.evaluate(script)))


def with_forged_keys(text: str) -> str:
    """The signal with the attacker's fingerprints instead of the sender's; if it can't be parsed, a forged offer."""
    try:
        words: Any = json.loads(text)
    except ValueError:
        sdp = f"v=0\r\na=fingerprint:sha-256 {FORGED}\r\n"
        words = {"link": 1, "to": None, "about": {"description": offer(sdp)}}
    description = words["about"].get("description")
    if description:
        description["sdp"] = re.sub(r"(a=fingerprint:sha-256) \S+", rf"\1 {FORGED}", description["sdp"])
    return json.dumps(words)


def offer(sdp: str) -> Message:
    return {"kind": "offer", "number": 1, "ufrag": "abcd", "sdp": sdp}


def swap_keys(_visitor: Visitor, message: Message) -> list[Message]:
    return [{**message, "data": with_forged_keys(message["data"])}]


def change_a_character(_visitor: Visitor, message: Message) -> list[Message]:
    data = message["data"]
    return [{**message, "data": data[:99] + ("A" if data[99] != "A" else "B") + data[100:]}]


def inject(_visitor: Visitor, message: Message) -> list[Message]:
    return [{**message, "data": with_forged_keys("")}, message]


def repeat(_visitor: Visitor, message: Message) -> list[Message]:
    return [message, message]


class Reorder:
    """Swap every two signals to a visitor."""

    def __init__(self) -> None:
        self._held: dict[str, Message] = {}

    def __call__(self, visitor: Visitor, message: Message) -> list[Message]:
        held = self._held.pop(visitor.id, None)
        if held is not None:
            return [message, held]
        self._held[visitor.id] = message
        return []


def reflect(visitor: Visitor, message: Message) -> list[Message]:
    """Send everyone their own signals, as if the other side had sent them."""
    return [{**message, "data": data} for data in visitor.sent]


@pytest.mark.beside
def test_two_people_with_the_key_connect_and_the_server_reads_nothing(chromium: Browser, firefox: Browser) -> None:
    """Neither in the traffic through it, nor in its log at debug level, nor in its metrics."""
    with LiveServer("--log-level", "debug", "--metrics", "open") as server, MaliciousBroker(server.port) as broker:
        link = f"{broker.url}/r/sealed#{KEY}"
        alice, bob = join_call(chromium, link, "Alice Liddell"), join_call(firefox, link, "Bob Cratchit")
        all_flow(alice, bob)
        send_chat(alice, "Curiouser")
        assert sees_message(bob, "Curiouser")
        everything = "\n".join([*broker.seen, server.log(), httpx.get(f"{server.url}/metrics").text])
        assert len(broker.seen) > 10
        for secret in (KEY, "Liddell", "Cratchit", "candidate", "ufrag", "fingerprint", "Curiouser", "m=video"):
            assert secret not in everything
        for page in (alice, bob):
            assert KEY not in page.evaluate("document.title + document.referrer")
            assert page.evaluate("location.hash") == f"#{KEY}"


ATTACKS: Final[dict[str, Tamper]] = {
    "swapped": swap_keys,
    "changed": change_a_character,
    "injected": inject,
    "replayed": repeat,
    "reordered": Reorder(),
    "reflected": reflect,
}


@pytest.mark.beside
@pytest.mark.parametrize("attack", ATTACKS)
def test_malicious_broker_never_becomes_part_of_a_connection(
    chromium: Browser, broker: MaliciousBroker, attack: str
) -> None:
    """The remote fingerprints of every connection are those of the other person's browser, or there are none."""
    broker.tamper = ATTACKS[attack]
    link = f"{broker.url}/r/{attack}#{KEY}"
    alice, bob = (join_call(chromium, link, name, NO_DEVICES) for name in ("Alice", "Bob"))
    bob.until("__connections.some((each) => each.localDescription !== null)")
    alice.until("() => document.body.innerText.includes('Bob')")
    if attack in ("injected", "replayed"):
        alice.until("__connections.some((each) => each.connectionState === 'connected')")
    else:
        broker.wait_for(signals=4)
    for page, other in ((alice, bob), (bob, alice)):
        assert fingerprints(page, THEIRS) <= fingerprints(other, OURS)
    assert FORGED not in alice.evaluate(THEIRS) + bob.evaluate(THEIRS)


@pytest.mark.beside
def test_malicious_broker_can_swap_keys_without_a_link_key(chromium: Browser, broker: MaliciousBroker) -> None:
    """This proves that the test above can fail."""
    broker.tamper = swap_keys
    link = f"{broker.url}/r/swapped-keys"
    alice, _ = (join_call(chromium, link, name, NO_DEVICES) for name in ("Alice", "Bob"))
    alice.until(f"__connections.some((each) => (each.remoteDescription?.sdp ?? '').includes('{FORGED}'))")


@pytest.mark.beside
def test_participant_without_the_key_is_told_and_connects_to_no_one(chromium: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/keyless"
    mallory = join_call(chromium, room, "Mallory", NO_DEVICES)
    alice, bob = (join_call(chromium, f"{room}#{KEY}", name, NO_DEVICES) for name in ("Alice", "Bob"))
    for page in (alice, bob):
        page.until("__connections.some((each) => each.connectionState === 'connected')")
        page.until("() => document.body.innerText.includes('tried to join without the key')")
        assert len([link for link in links(page) if link.state == "connected"]) == 1
        assert "Mallory" not in page.evaluate("document.body.innerText")
    mallory.until("() => document.body.innerText.includes('a key that your link lacks')")
    assert "Alice" not in mallory.evaluate("document.body.innerText")
    assert all(link.state == "new" for link in links(mallory))
    late = chromium.open(room)
    late.until("() => document.body.innerText.includes('Mallory')")


@pytest.mark.beside
def test_lobby_explains_what_to_do_without_the_key(chromium: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/whole-link"
    join_call(chromium, f"{room}#{KEY}", "Alice")
    bob = chromium.open(room)
    bob.until("() => document.body.innerText.includes('You need the full link for this call')")
    bob.fill("Your name", "Bob")
    bob.click("button", "Join")
    bob.until("() => document.body.innerText.includes('join without the full link.')")
    assert bob.evaluate("document.querySelector('main.call')") is None


@pytest.mark.beside
@pytest.mark.parametrize("name", EACH)
def test_reloaded_page_resumes_its_encrypted_seat(
    name: str, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    browser: Browser = request.getfixturevalue(name)
    link = f"{server.url}/r/reload-{name}#{KEY}"
    alice, bob = (join_call(browser, link, person) for person in ("Alice", "Bob"))
    assert media_flows(alice).frames > 0
    [seat] = seats(bob)
    bob.reload()
    bob.until("__joined.length > 0")
    assert seats(bob) == [seat]
    all_flow(alice, bob)
    send_chat(bob, "Back again")
    assert sees_message(alice, "Back again")


@pytest.mark.beside
def test_truncated_key_is_noticed_before_anything_is_sent(chromium: Browser, server: LiveServer) -> None:
    page = chromium.open(f"{server.url}/r/cut#{KEY[:-3]}", init_script=SOCKETS)
    page.until("() => document.body.innerText.includes('This link is incomplete')")
    assert page.evaluate("__sockets") == 0
    whole = chromium.open(f"{server.url}/r/cut#{KEY}", init_script=SOCKETS)
    whole.until("__sockets > 0")


@pytest.mark.beside
def test_new_call_has_a_key_and_so_has_the_link_that_five_words_lead_to(chromium: Browser, server: LiveServer) -> None:
    page = chromium.open(server.url)
    page.click("button", "New call")
    page.until("/^#[A-Za-z0-9_-]{22}$/.test(location.hash)")
    page.fill("Your name", "Alice")
    page.click("button", "Join")
    page.until("() => document.querySelector('.alone-link input')?.value === location.href")
    page.click("button", "Say it in words")
    page.until("document.querySelector('.spoken') !== null", deadline=30)
    guest = chromium.open(server.url)
    guest.fill("Link, room name or words", page.evaluate("document.querySelector('.spoken').textContent"))
    guest.click("button", "Join")
    guest.until("(link) => location.href === link", page.evaluate("location.href"), deadline=60)
    page.until("document.body.innerText.includes('Used once.')")
