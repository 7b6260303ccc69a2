"""Browsers call each other by SIP over WebSocket: pages with unchanged JsSIP and SIP.js, in every pairing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from typing import Final

import httpx
import pytest
from tests.support.app_actions import join_call, sees_message, send_chat
from tests.support.browser import Browser
from tests.support.call import all_flow
from tests.support.server import LiveServer
from tests.support.sip_page import HOST, PASSWORD, Library, SipPhone, sip_page

LIBRARIES: Final[tuple[Library, Library]] = ("jssip", "sip.js")
USERS: Final[dict[str, Library]] = {"alice": "jssip", "bob": "jssip", "carol": "sip.js", "dave": "sip.js"}
API_KEY: Final = "a key of many characters"
AWAY: Final = "erin"
"""Has an account, and no phone."""

TRIPLES: Final = [
    ("alice", "bob", "carol"),
    ("alice", "carol", "bob"),
    ("carol", "alice", "dave"),
    ("carol", "dave", "bob"),
]
"""A caller, a callee, and somebody to whom calls are transferred: every pairing of the two libraries."""

PAIRINGS: Final = [
    pytest.param(
        triple,
        id=f"{USERS[triple[0]]}-{USERS[triple[1]]}",
        marks=[pytest.mark.more] if USERS[triple[0]] == USERS[triple[1]] else [],
    )
    for triple in TRIPLES
]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with sip_page() as url:
        yield url


@pytest.fixture(scope="module")
def sip_server(site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    keys = tmp_path_factory.mktemp("api") / "keys.toml"
    keys.write_text(f'[site]\nsha256 = "{sha256(API_KEY.encode()).hexdigest()}"\nadmin = true\n')
    flags = ("--allowed-origin", site.rpartition("/")[0], "--sip-domain", HOST, "--api-keys", str(keys))
    with LiveServer(*flags) as server:
        for user in (*USERS, AWAY):
            place = ["--data-dir", str(server.data_dir), "--password-file", "-"]
            add = [sys.executable, "-m", "eyeline", "sip", "add", user, *place]
            subprocess.run(add, input=PASSWORD, text=True, check=True, capture_output=True)
        yield server


@pytest.fixture(scope="module")
def phones(chromium_process: Browser, sip_server: LiveServer, site: str) -> Iterator[dict[str, SipPhone]]:
    made = {user: SipPhone(chromium_process, site, sip_server, library, user) for user, library in USERS.items()}
    yield made
    for phone in made.values():
        phone.close()


@pytest.fixture
def three(phones: dict[str, SipPhone], request: pytest.FixtureRequest) -> Iterator[list[SipPhone]]:
    """The phones of a pairing; no call is left from a test before."""
    yield [phones[user] for user in request.param]
    for phone in phones.values():
        for number, call in enumerate(phone.calls):
            if call["state"] != "ended":
                phone.do("hangUp", number)


def talk(caller: SipPhone, callee: SipPhone, *, video: bool = True) -> tuple[int, int]:
    """A call from one to the other, answered.  Returns its number at both."""
    theirs = len(callee.calls)
    ours = caller.call(callee, video=video)
    callee.reaches(theirs, "incoming")
    caller.reaches(ours, "ringing")
    callee.do("answer", theirs, video)
    for phone, number in ((caller, ours), (callee, theirs)):
        phone.reaches(number, "established")
    return ours, theirs


def hold_and_resume(one: SipPhone, ours: int, other: SipPhone, theirs: int) -> None:
    one.do("hold", ours, True)
    other.until(theirs, "held", True)
    one.do("hold", ours, False)
    other.until(theirs, "held", False)
    all_flow(one.page, other.page)


@pytest.mark.parametrize("three", PAIRINGS, indirect=True)
def test_a_call_with_video_outlives_holds_cut_sockets_and_a_crashed_server(
    three: list[SipPhone], phones: dict[str, SipPhone], sip_server: LiveServer
) -> None:
    alice, bob, _ = three
    ours, theirs = talk(alice, bob)
    all_flow(alice.page, bob.page)
    hold_and_resume(alice, ours, bob, theirs)
    hold_and_resume(bob, theirs, alice, ours)

    alice.do("info", ours, "4")
    bob.until(theirs, "tones", "4")
    bob.do("info", theirs, "2")
    alice.until(ours, "tones", "2")
    alice.send_tone(ours, "7")
    for one, other in ((alice, bob), (bob, alice)):
        one.do("write", other.uri, f"Grüße von {one.user} ☎")
        other.receives(f"Grüße von {one.user} ☎")

    for one, number, other, its in ((alice, ours, bob, theirs), (bob, theirs, alice, ours)):
        before = one.registrations
        one.cut()
        one.registers(before + 1)
        other.do("info", its, "9")
        one.page.until("(n) => phone.calls[n].tones.endsWith('9')", number)
        hold_and_resume(other, its, one, number)

    registered = {phone: phone.registrations for phone in phones.values()}
    sip_server.kill()
    all_flow(alice.page, bob.page)
    sip_server.start()
    for phone, times in registered.items():
        phone.registers(times + 1, deadline=60)
    hold_and_resume(alice, ours, bob, theirs)
    bob.do("hangUp", theirs)
    alice.reaches(ours, "ended")


@pytest.mark.parametrize("three", PAIRINGS, indirect=True)
def test_a_call_is_transferred_at_once_and_after_asking(three: list[SipPhone]) -> None:
    alice, bob, carol = three
    ours, theirs = talk(alice, bob)
    coming = len(carol.calls)
    alice.do("refer", ours, carol.uri)
    carol.reaches(coming, "incoming")
    carol.do("answer", coming, True)
    alice.until(ours, "transferred", "done")
    alice.do("hangUp", ours)
    bob.reaches(theirs, "ended")
    all_flow(bob.page, carol.page)

    going = len(bob.calls) - 1
    asked, asking = len(alice.calls), bob.call(alice, video=True)
    alice.reaches(asked, "incoming")
    alice.do("answer", asked, True)
    bob.reaches(asking, "established")
    coming = len(alice.calls)
    bob.do("referTo", going, asking)
    alice.page.until("(n) => phone.calls.length > n", coming)
    alice.do("answer", coming, True)
    alice.reaches(coming, "established")
    bob.until(going, "transferred", "done")
    bob.do("hangUp", going)
    alice.reaches(asked, "ended")
    all_flow(alice.page, carol.page)
    assert bob.calls[asking]["state"] == "ended"


@pytest.mark.parametrize("three", PAIRINGS, indirect=True)
def test_callers_hear_why_there_is_no_call(three: list[SipPhone]) -> None:
    alice, bob, _ = three
    for status in (486, 603):
        theirs = len(bob.calls)
        ours = alice.call(bob)
        bob.reaches(theirs, "incoming")
        bob.do("decline", theirs, status)
        alice.until(ours, "status", status)
    for user in (AWAY, "nobody"):  # the same answer: callers don't learn who has an account
        ours = alice.call(f"sip:{user}@{HOST}")
        alice.until(ours, "status", 480)
        alice.reaches(ours, "ended")


@pytest.mark.parametrize("three", PAIRINGS, indirect=True)
def test_a_cancelled_call_stops_ringing(three: list[SipPhone]) -> None:
    alice, bob, _ = three
    theirs = len(bob.calls)
    ours = alice.call(bob)
    bob.reaches(theirs, "incoming")
    alice.reaches(ours, "ringing")
    alice.do("hangUp", ours)
    bob.reaches(theirs, "ended")
    alice.reaches(ours, "ended")

    ours = alice.call(bob)
    alice.do("hangUp", ours)  # the INVITE is on its way, or not even that
    alice.reaches(ours, "ended")
    ours, theirs = talk(alice, bob, video=False)
    assert all(call["state"] == "ended" for call in bob.calls[:theirs])
    alice.do("hangUp", ours)
    bob.reaches(theirs, "ended")


@pytest.mark.parametrize("three", PAIRINGS, indirect=True)
def test_of_two_devices_that_ring_one_answers_and_the_other_stops(
    three: list[SipPhone], chromium_process: Browser, sip_server: LiveServer, site: str
) -> None:
    alice, bob, _ = three
    with SipPhone(chromium_process, site, sip_server, bob.library, bob.user) as second:
        first = len(bob.calls)
        ours = alice.call(bob)
        for phone, number in ((bob, first), (second, 0)):
            phone.reaches(number, "incoming")
        second.do("answer", 0, False)
        alice.reaches(ours, "established")
        second.reaches(0, "established")
        bob.reaches(first, "ended")
        assert "200" in bob.calls[first]["reason"]
        alice.do("hangUp", ours)
        second.reaches(0, "ended")


@pytest.mark.beside  # only sound, for 100 seconds
@pytest.mark.more
def test_calls_outlive_two_refreshes_of_their_session_timers(phones: dict[str, SipPhone]) -> None:
    """JsSIP refreshes after 45 seconds, and ends the call if that isn't answered."""
    pairs = [(phones[caller], phones[callee]) for caller, callee, _ in TRIPLES]
    calls = [(caller, callee, *talk(caller, callee, video=False)) for caller, callee in pairs]
    longest = 100
    alice, _, first, _ = calls[0]
    alice.page.until(f"(globalThis.since ??= Date.now()) + {longest * 1000} < Date.now()", deadline=longest + 30)
    assert alice.calls[first]["state"] == "established"
    for caller, callee, ours, theirs in calls:
        assert caller.calls[ours]["state"] == callee.calls[theirs]["state"] == "established"
        caller.do("hangUp", ours)
        callee.reaches(theirs, "ended")


def test_phone_and_browser_meet_in_a_room(
    phones: dict[str, SipPhone], sip_server: LiveServer, chromium_process: Browser
) -> None:
    bob, room = phones["bob"], f"sip:tea@{HOST}"
    bob.reaches(bob.call(room), "ended")  # nobody is there
    with closing(join_call(chromium_process, f"{sip_server.url}/r/tea", "Zoe")) as zoe:
        call = bob.call(room, video=True)
        bob.reaches(call, "established")
        all_flow(zoe, bob.page)
        bob.do("write", room, "from the phone")
        sees_message(zoe, "from the phone")
        send_chat(zoe, "from the page")
        bob.receives("from the page")
        bob.do("hold", call, True)
        bob.do("hold", call, False)
        all_flow(zoe, bob.page)
        bob.do("hangUp", call)
        zoe.until("__connections.every(({connectionState}) => ['closed', 'new'].includes(connectionState))")

        number, phones_of_tea = len(bob.calls), f"{sip_server.url}/api/v1/rooms/tea/phones"
        key = {"Authorization": f"Bearer {API_KEY}"}
        assert httpx.post(phones_of_tea, json={"user": "bob"}, headers=key).status_code == 204
        bob.reaches(number, "incoming")
        bob.do("answer", number, True)
        all_flow(zoe, bob.page)
        bob.do("hangUp", number)
