"""A room calls a phone: it rings with an offer that leads nowhere, and gets the page's offer once it was answered."""

from tests.bridge.world import DOMAIN, UNIX, Page, World, sdp

from eyeline.bridge.call import ANSWER_WITHIN
from eyeline.bridge.outgoing import RING_MAX
from eyeline.signalling.messages import RoomName, Roster
from eyeline.sip.message import SipRequest

CONTACT = ("Contact", "<sip:bob@x.invalid>")


def ring(world: World, room: str = "tea") -> None:
    world.perform(world.bridge.ring(RoomName(room), "bob", world.now, UNIX + world.now))


def requests(world: World) -> list[SipRequest]:
    """What bob's phone got."""
    return [each for each in world.sent if isinstance(each, SipRequest)]


def methods(world: World) -> list[str]:
    return [each.method for each in requests(world)]


def respond(world: World, status: int, body: str = "", *, request: SipRequest | None = None) -> None:
    """Bob's phone answers an INVITE: the last one, unless another is given."""
    last = request or [each for each in requests(world) if each.method == "INVITE"][-1]
    routes = [("Record-Route", "<sip:b@x;lr>"), ("Record-Route", "<sip:a@x;lr>")]
    world.give(last.answer(status, to_tag="bob", extra=[CONTACT, *routes], body=body.encode()))


def offer(alice: Page, link: int, ufrag: str = "page") -> str:
    """Alice's page offers to the phone in its roster, from its connection `link`; returns the phone's id."""
    [roster] = [each for each in alice.client.messages() if isinstance(each, Roster)][-1:]
    phone = roster.members[1].id
    alice.link = link
    send_offer(alice, phone, ufrag)
    return phone


def send_offer(alice: Page, phone: str, ufrag: str) -> None:
    sections = ("audio 0", "video 1", "video 2", "audio 3", "application 4")
    alice.describe(phone, "offer", 1, sdp(*sections, ufrag=ufrag), None, ufrag)
    candidate = {"ufrag": ufrag, "candidate": f"candidate:1 1 udp 1 192.0.2.7 {alice.link} typ host", "mid": "0"}
    alice.signal(phone, {"candidate": candidate}, None)


def test_a_phone_rings_and_meets_the_page_after_it_was_answered() -> None:
    world = World()
    alice = world.page("alice")
    ring(world)
    [invite] = requests(world)
    assert (invite.method, invite.uri, invite.from_.uri) == ("INVITE", f"sip:bob@{DOMAIN}", f"sip:tea@{DOMAIN}")
    assert b"m=audio 9 UDP/TLS/RTP/SAVPF 111 126" in invite.body
    respond(world, 180)
    offer(alice, 500)
    world.pass_time(1.0)
    assert methods(world) == ["INVITE"]

    respond(world, 200, sdp("audio 0", "video 1", ufrag="nowhere", setup="active"))
    _, ack, again = requests(world)
    assert (ack.method, ack.uri, ack.to.tag) == ("ACK", "sip:bob@x.invalid", "bob")
    assert ack.headers.all("route") == ["<sip:a@x;lr>", "<sip:b@x;lr>"]
    assert (again.method, again.cseq.number, again.to.tag) == ("INVITE", 2, "bob")
    assert b"192.0.2.7 500 typ host" in again.body
    assert again.body.count(b"\r\nm=") == 2

    respond(world, 200, sdp("audio 0", "video 1", ufrag="phone"))
    [answer] = alice.read()
    described = answer["about"]["description"]
    assert (described["kind"], described["number"], described["ufrag"]) == ("answer", 1, "phone")
    assert described["sdp"].count("\r\nm=") == 5


def test_a_phone_that_is_answered_before_the_page_has_offered_waits_for_it() -> None:
    world = World()
    alice = world.page("alice")
    ring(world)
    respond(world, 200, sdp("audio 0", "video 1"))
    assert methods(world) == ["INVITE", "ACK"]
    offer(alice, 500)
    world.pass_time(1.0)
    assert methods(world) == ["INVITE", "ACK", "INVITE"]


def test_a_page_that_never_offers_gets_the_phone_hung_up() -> None:
    world = World()
    alice = world.page("alice")
    ring(world)
    respond(world, 200, sdp("audio 0", "video 1"))
    alice.stay(ANSWER_WITHIN)
    assert methods(world) == ["INVITE", "ACK", "BYE"]
    assert len(world.bridge) == 0


def test_of_several_offers_while_it_rings_the_last_one_counts() -> None:
    world = World()
    alice = world.page("alice")
    ring(world)
    phone = offer(alice, 500, "first")
    world.pass_time(1.0)
    alice.link = 600
    send_offer(alice, phone, "second")
    world.pass_time(2.0)
    respond(world, 200, sdp("audio 0", "video 1"))
    assert b"a=ice-ufrag:second" in requests(world)[-1].body
    assert methods(world) == ["INVITE", "ACK", "INVITE"]


def test_a_phone_that_declines_leaves_the_room() -> None:
    world = World()
    world.page("alice")
    ring(world)
    respond(world, 180)
    respond(world, 486)
    assert methods(world) == ["INVITE", "ACK"]
    assert requests(world)[1].via.branch == requests(world)[0].via.branch
    assert (len(world.bridge), len(world.rooms[RoomName("tea")].inside)) == (0, 1)


def test_a_phone_stops_ringing_when_the_page_leaves_and_after_a_while() -> None:
    for leaves in (True, False):
        world = World()
        alice = world.page("alice")
        ring(world)
        respond(world, 180)
        if leaves:
            alice.leave()
        else:
            alice.stay(RING_MAX)
        invite, cancel = requests(world)
        assert (cancel.method, cancel.cseq.number, cancel.via) == ("CANCEL", invite.cseq.number, invite.via)
        assert len(world.bridge) == 0


def test_a_phone_that_was_answered_hangs_up() -> None:
    world = World()
    alice = world.page("alice")
    ring(world)
    respond(world, 200, sdp("audio 0", "video 1"))
    alice.leave()
    assert methods(world) == ["INVITE", "ACK", "BYE"]


def test_no_phone_rings_for_an_empty_sealed_or_crowded_room() -> None:
    for people in ([], ["alice", "carol"], ["c" * 400]):
        world = World()
        for name in people:
            world.page(name[:8], shown=name)
        ring(world)
        assert (world.sent, len(world.bridge), world.attached) == ([], 0, set())


def test_no_phone_rings_for_what_is_no_user() -> None:
    world = World()
    world.page("alice")
    for user in ("", "b@x", "b>", "b\r\n"):
        world.perform(world.bridge.ring(RoomName("tea"), user, 0.0, UNIX))
    assert world.sent == []
