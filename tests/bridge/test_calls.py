"""A phone calls a room: who is let in, how offers and answers reach the other side, and how a call ends."""

import pytest
from tests.bridge.world import DOMAIN, Page, Phone, World, answered, sdp

from eyeline.bridge.call import ANSWER_WITHIN
from eyeline.bridge.liveness import PROBE_EVERY
from eyeline.signalling.messages import DisplayName, PhoneRefused, Roster
from eyeline.sip.message import SipRequest


def test_a_phone_joins_a_room_with_one_person_and_both_get_the_other_description() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    bob.invite()
    assert bob.statuses() == [180]
    [offer] = alice.read()
    described = offer["about"]["description"]
    assert (described["kind"], described["number"], described["ufrag"], offer["to"]) == ("offer", 1, "phone", None)
    assert described["sdp"] == sdp("audio 0", "video 1")

    alice.describe(offer["from"], "answer", 1, sdp("audio 0", "video 1", ufrag="page", setup="active"), offer["link"])
    alice.trickle(offer["from"], offer["link"], "candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host")
    assert bob.statuses() == [180]
    world.pass_time(1.0)
    response = bob.answers()[-1]
    text = response.body.decode()
    assert response.status == 200
    assert response.headers.values("record-route") == [f"<sip:tokenb@{DOMAIN};lr>", f"<sip:tokena@{DOMAIN};lr>"]
    assert "m=audio 50000 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 192.0.2.7\r\n" in text
    assert text.count("a=candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host\r\n") == 1
    assert "a=setup:active" in text


def test_the_page_sees_a_phone_as_a_phone() -> None:
    world = World()
    alice = world.page("alice")
    world.phone("bob").invite()
    [roster] = [each for each in alice.client.messages() if isinstance(each, Roster)]
    phone = roster.members[1]
    assert (phone.name, phone.sip, phone.may) == ("Bob", True, ("microphone", "camera", "chat"))


@pytest.mark.parametrize(
    ("people", "status", "why"),
    [
        ([], 480, "nobody is in this room"),
        (["alice", "carol"], 486, "a phone can join a call of two"),
        (["c" * 400], 488, "the link of this call has a secret: phones can join only by links without one"),
    ],
)
def test_a_phone_is_told_why_it_cannot_join(people: list[str], status: int, why: str) -> None:
    world = World()
    for name in people:
        world.page(name[:8], shown=name)
    bob = world.phone()
    bob.invite()
    [answer] = bob.answers()
    assert (answer.status, answer.headers.get("warning")) == (status, f'399 eyeline "{why}"')
    assert (len(world.bridge), world.attached) == (0, set())


def test_people_hear_of_a_phone_that_cannot_join_them() -> None:
    world = World()
    sealed, alice, carol = world.page("sealed", "c" * 400, room="sealed"), world.page("alice"), world.page("carol")
    bob = world.phone()
    bob.invite(room="sealed")
    world.phone("dave").invite()
    assert [each for each in sealed.client.messages() if isinstance(each, PhoneRefused)] == [
        PhoneRefused(DisplayName("Bob"), "sealed")
    ]
    for page in (alice, carol):
        [refused] = [each for each in page.client.messages() if isinstance(each, PhoneRefused)]
        assert (refused.name, refused.why) == ("Dave", "crowded")


def test_a_room_does_not_hear_of_every_phone() -> None:
    world = World()
    sealed = world.page("sealed", "c" * 400)
    for number in range(9):
        world.phone(f"bob{number}").invite()
    assert [isinstance(each, PhoneRefused) for each in sealed.client.messages()] == [True] * 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 488),
        ("v=0\r\nm=audio 4000 RTP/AVP 0\r\n", 488),
        ("v=0\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 0\r\na=fingerprint:sha-256 AB\r\n", 488),
        ("a=ice-ufrag:x\r\n", 400),
    ],
)
def test_an_offer_that_no_browser_takes_is_refused_at_once(body: str, status: int) -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    bob.invite(body=body)
    assert bob.statuses() == [status]
    assert alice.client.messages() == []


def test_an_extension_that_the_phone_requires_gets_420() -> None:
    world = World()
    world.page("alice")
    bob = world.phone()
    bob.invite(extra="Require: 100rel, foo\r\n")
    [answer] = bob.answers()
    assert (answer.status, answer.headers.get("unsupported")) == (420, "100rel, foo")


def test_without_guests_no_phone_gets_in() -> None:
    world = World(guests=False)
    world.page("alice")
    bob = world.phone()
    bob.invite()
    assert bob.statuses() == [403]


@pytest.mark.parametrize("uri", [f"sip:Tea!@{DOMAIN}", f"sip:{DOMAIN}", "tel:+123"])
def test_what_is_no_room_is_not_available(uri: str) -> None:
    world = World()
    bob = world.phone()
    bob.ask("INVITE", uri, sdp("audio 0"))
    assert bob.statuses() == [480]


def test_the_phone_hangs_up() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    bob.within("BYE")
    assert bob.statuses() == [180, 200, 200]
    [roster] = [each for each in alice.client.messages() if isinstance(each, Roster)]
    assert len(roster.members) == 1
    assert (len(world.bridge), world.attached, world.bridge.next_wake()) == (0, set(), None)


def test_the_phone_hangs_up_before_it_is_answered() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    bob.invite()
    bob.ask("CANCEL", f"sip:tea@{DOMAIN}", number=1)
    assert [(each.status, each.cseq.method) for each in bob.answers()] == [
        *((180, "INVITE"), (200, "CANCEL"), (487, "INVITE")),
    ]
    assert len(world.rooms["tea"].inside) == 1  # type: ignore[index]
    assert alice.client.open


def test_the_phone_is_hung_up_when_the_page_leaves() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    alice.leave()
    [bye] = bob.requests()
    assert (bye.method, bye.uri, bye.to.tag) == ("BYE", "sip:bob@x.invalid", "from-bob")
    assert bye.headers.all("route") == [f"<sip:tokenb@{DOMAIN};lr>", f"<sip:tokena@{DOMAIN};lr>"]
    assert len(world.bridge) == 0


def test_a_page_that_does_not_answer_is_not_available() -> None:
    world = World()
    world.page("alice")
    bob = world.phone()
    bob.invite()
    world.pass_time(ANSWER_WITHIN - 1)
    assert bob.statuses() == [180]
    world.pass_time(ANSWER_WITHIN)
    assert bob.statuses() == [180, 480]


def test_an_answer_is_repeated_until_it_is_acknowledged() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    bob.invite()
    [offer] = alice.read()
    alice.describe(offer["from"], "answer", 1, sdp("audio 0", "video 1", ufrag="page"), offer["link"])
    world.pass_time(2.0)
    assert bob.statuses() == [180, 200]
    world.pass_time(6.0)
    assert bob.statuses() == [180, 200, 200, 200, 200]
    bob.within("ACK", number=1)
    world.pass_time(40.0)
    assert bob.statuses() == [180, 200, 200, 200, 200]
    assert len(world.bridge) == 1


def test_an_answer_that_is_never_acknowledged_ends_the_call() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    bob.invite()
    [offer] = alice.read()
    alice.describe(offer["from"], "answer", 1, sdp("audio 0", "video 1", ufrag="page"), offer["link"])
    world.pass_time(60.0)
    assert [each.method for each in bob.requests()] == ["BYE"]
    assert len(world.bridge) == 0


@pytest.mark.parametrize("acknowledges", [True, False])
def test_a_phone_is_hung_up_after_its_ack_or_when_that_does_not_come(acknowledges: bool) -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    bob.invite()
    [offer] = alice.read()
    alice.describe(offer["from"], "answer", 1, sdp("audio 0", "video 1", ufrag="page"), offer["link"])
    world.pass_time(2.0)
    alice.leave()
    assert (bob.requests(), world.attached, len(world.bridge)) == ([], set(), 1)
    if acknowledges:
        bob.within("ACK", number=1)
    else:
        world.pass_time(60.0)
    assert [each.method for each in bob.requests()] == ["BYE"]
    assert len(world.bridge) == 0


def test_a_phone_on_hold_offers_and_the_page_answers() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, _ = answered(world, alice, bob)
    bob.within("INVITE", sdp("audio 0", "video 1") + "a=sendonly\r\n")
    [offer] = alice.read()
    assert offer["about"]["description"]["number"] == 2
    assert offer["about"]["description"]["sdp"].endswith("a=sendonly\r\n")
    alice.describe(peer, "answer", 2, sdp("audio 0", "video 1", ufrag="page") + "a=recvonly\r\n", offer["link"])
    response = bob.answers()[-1]  # at once: the candidates are known
    assert (response.status, response.cseq.number) == (200, 2)
    assert "a=recvonly\r\n" in response.body.decode()


def test_a_refresh_of_the_session_stays_with_the_bridge() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    for method, status in (("UPDATE", 200), ("INFO", 200), ("OPTIONS", 200), ("REFER", 405), ("DANCE", 405)):
        bob.within(method)
        assert bob.statuses()[-1] == status
    assert alice.read() == []


def _page_offers(alice: Page, peer: str, link: int, number: int = 1, ufrag: str = "page2") -> None:
    alice.describe(peer, "offer", number, sdp("audio 0", "video 1", ufrag=ufrag), link, ufrag)
    alice.trickle(peer, link, "candidate:2 1 udp 2122260223 198.51.100.7 50001 typ host", ufrag)


def _phone_answers(world: World, bob: Phone, body: str, status: int = 200) -> SipRequest:
    """Answer the last INVITE that the phone got; returns the bridge's ACK."""
    invite = bob.requests()[-1]
    assert invite.method == "INVITE"
    extra = (("Contact", "<sip:bob@y.invalid>"),)
    world.give(invite.answer(status, to_tag="from-bob", extra=extra, body=body.encode()))
    ack = next(each for each in reversed(bob.requests()) if each.method == "ACK")
    assert ack.cseq.number == invite.cseq.number
    return ack


def test_a_page_that_restarts_ice_offers_and_the_phone_answers() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, link = answered(world, alice, bob)
    _page_offers(alice, peer, link)
    world.pass_time(world.now + 1)
    assert "198.51.100.7 50001 typ host" in bob.requests()[-1].body.decode()
    ack = _phone_answers(world, bob, sdp("audio 0", "video 1", ufrag="phone2"))
    assert ack.uri == "sip:bob@y.invalid"
    [answer] = alice.read()
    described = answer["about"]["description"]
    assert (described["kind"], described["number"], described["ufrag"]) == ("answer", 1, "phone2")
    assert answer["link"] == link


def test_an_offer_of_the_page_that_crosses_one_of_the_phone_is_offered_again() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, link = answered(world, alice, bob)
    bob.within("INVITE", sdp("audio 0", "video 1"))
    alice.read()
    _page_offers(alice, peer, link)
    assert bob.statuses()[-1] == 491
    world.pass_time(world.now + 1)
    _phone_answers(world, bob, "", 491)
    first = bob.requests()[-2]
    world.pass_time(world.now + 2)
    again = bob.requests()[-1]
    assert (again.method, again.cseq.number) == ("INVITE", first.cseq.number + 1)
    _phone_answers(world, bob, sdp("audio 0", "video 1", ufrag="phone2"))
    [answer] = alice.read()
    assert answer["about"]["description"]["kind"] == "answer"


def test_an_offer_of_the_phone_that_crosses_one_of_the_page_gets_491() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, link = answered(world, alice, bob)
    _page_offers(alice, peer, link)
    world.pass_time(world.now + 1)
    bob.within("INVITE", sdp("audio 0", "video 1"))
    assert bob.statuses()[-1] == 491


def test_a_page_that_was_reloaded_gets_the_phone_back() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, link = answered(world, alice, bob)
    alice.link = 200
    sections = ("audio a", "video b", "video c", "audio d", "application e")
    alice.describe(peer, "offer", 1, sdp(*sections, ufrag="reloaded"), None, "reloaded")
    alice.trickle(peer, link + 1, "candidate:2 1 udp 2122260223 198.51.100.7 50001 typ host", "reloaded", "a")
    world.pass_time(world.now + 1)
    offer = bob.requests()[-1].body.decode()
    assert [
        line for line in offer.splitlines() if line[:2] in {"m=", "a=g", "a="} and ("m=" in line or "mid" in line)
    ] == [
        *("m=audio 50001 UDP/TLS/RTP/SAVPF 96", "a=mid:a", "m=video 50001 UDP/TLS/RTP/SAVPF 96", "a=mid:b"),
    ]
    assert "a=group:BUNDLE a b\r\n" in offer
    _phone_answers(world, bob, sdp("audio a", "video b", ufrag="phone2"))
    [answer] = alice.read()
    text = answer["about"]["description"]["sdp"]
    assert (answer["link"], answer["to"]) == (link + 1, 200)
    assert [line for line in text.splitlines() if line.startswith(("m=", "a=mid"))] == [
        *("m=audio 9 UDP/TLS/RTP/SAVPF 96", "a=mid:a", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:b"),
        *("m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:c", "m=audio 0 UDP/TLS/RTP/SAVPF 96", "a=mid:d"),
        *("m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:e"),
    ]
    assert "a=group:BUNDLE a b\r\n" in text


def test_a_phone_that_refuses_the_pages_offer_is_hung_up() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, link = answered(world, alice, bob)
    _page_offers(alice, peer, link)
    world.pass_time(world.now + 1)
    _phone_answers(world, bob, "", 488)
    assert bob.requests()[-1].method == "BYE"
    assert len(world.bridge) == 0


def test_requests_outside_of_a_call_get_481() -> None:
    world = World()
    alice, bob, eve = world.page("alice"), world.phone(), world.phone("eve")
    answered(world, alice, bob)
    eve.tag = bob.tag
    eve.within("BYE")
    assert bob.statuses()[-1] == 481
    eve.within("ACK")
    assert len(world.bridge) == 1


def test_an_old_request_gets_500() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    bob.within("UPDATE", number=9)
    bob.within("UPDATE", number=8)
    assert bob.statuses()[-2:] == [200, 500]


@pytest.mark.parametrize(
    "data", ["", "x", "{}", '{"link":1}', '{"link":1,"to":null,"about":{"description":{"kind":"offer"}}}', "[" * 9000]
)
def test_a_signal_that_is_none_changes_nothing(data: str) -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, _ = answered(world, alice, bob)
    alice._send({"type": "signal", "to": peer, "n": next(alice._count), "data": data})
    bob.within("INFO")
    assert bob.statuses()[-1] == 200


def test_a_candidate_cannot_add_lines_to_what_the_phone_gets() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    bob.invite()
    [offer] = alice.read()
    alice.trickle(offer["from"], offer["link"], "candidate:1 1 udp 1 192.0.2.7 5 typ host\r\na=evil:1")
    alice.describe(offer["from"], "answer", 1, sdp("audio 0", "video 1", ufrag="page"), offer["link"])
    world.pass_time(3.0)
    assert "evil" not in bob.answers()[1].body.decode()


def probed(world: World, alice: Page, bob: Phone, status: int) -> None:
    """Let the bridge ask whether the phone is there."""
    alice.stay(PROBE_EVERY)
    probe = bob.requests()[-1]
    assert probe.method == "OPTIONS"
    world.give(probe.answer(status, to_tag="from-bob"))


def test_a_phone_that_vanished_leaves_the_room() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    for status in (480, 405, 480):
        probed(world, alice, bob, status)
    assert len(world.bridge) == 1
    probed(world, alice, bob, 480)
    assert [each.method for each in bob.requests()] == ["OPTIONS"] * 4 + ["BYE"]
    assert len(world.bridge) == 0


def test_a_phone_that_knows_nothing_of_the_call_leaves_the_room_at_once() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    probed(world, alice, bob, 481)
    assert len(world.bridge) == 0


def test_what_a_phone_writes_reaches_the_page_within_the_call_and_outside_of_it() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    bob.within("MESSAGE", "hello", kind="text/plain")
    bob.tag = ""
    bob.ask("MESSAGE", f"sip:tea@{DOMAIN}", "Zoë ", kind="Text/Plain; charset=utf-8")
    assert bob.statuses()[-2:] == [200, 200]
    assert [each["about"] for each in alice.read()] == [{"text": "hello"}, {"text": "Zoë"}]


@pytest.mark.parametrize(("body", "kind"), [("{}", "application/json"), (" ", "text/plain")])
def test_other_messages_of_a_phone_get_415(body: str, kind: str) -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    bob.ask("MESSAGE", f"sip:tea@{DOMAIN}", body, kind=kind)
    assert (bob.statuses()[-1], alice.read()) == (415, [])


def test_nobody_else_writes_into_a_room() -> None:
    world = World()
    alice, bob, eve = world.page("alice"), world.phone(), world.phone("eve")
    eve.ask("MESSAGE", f"sip:tea@{DOMAIN}", "hello", kind="text/plain")
    answered(world, alice, bob)
    eve.ask("MESSAGE", f"sip:tea@{DOMAIN}", "hello", kind="text/plain")
    assert (eve.statuses()[0], eve.statuses()[-1], alice.read()) == (480, 480, [])


def test_what_a_page_writes_reaches_the_phone() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, _ = answered(world, alice, bob)
    alice.signal(peer, {"text": "hello"}, None)
    [message] = bob.requests()
    assert (message.method, message.uri, message.body) == ("MESSAGE", f"sip:bob@{DOMAIN}", b"hello")
    assert (message.from_.uri, message.headers.get("content-type")) == (f"sip:tea@{DOMAIN}", "text/plain;charset=UTF-8")
    world.give(message.answer(200, to_tag="x"))
    assert bob.requests() == [message]


def test_a_draining_server_hangs_up() -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    answered(world, alice, bob)
    world.perform(world.bridge.drain())
    assert [each.method for each in bob.requests()] == ["BYE"]
    assert len(world.bridge) == 0
