"""A room calls a phone: it rings with the offer of the page, and may be stopped for many reasons."""

import pytest
from tests.bridge.world import DOMAIN, UNIX, Page, World, sdp

from eyeline.bridge.outgoing import OFFER_WITHIN, RING_MAX
from eyeline.signalling.messages import OwnerKey, PhoneCall, RoomName, SipUser
from eyeline.signalling.moderation import room_of
from eyeline.sip.message import SipRequest

CONTACT = ("Contact", "<sip:bob@x.invalid>")
OWNER = OwnerKey("A" * 22)


def ring(world: World, room: str = "tea") -> None:
    """The site calls bob."""
    world.perform(world.bridge.ring(RoomName(room), SipUser("bob"), world.now, UNIX + world.now))


def requests(world: World) -> list[SipRequest]:
    """What bob's phone got."""
    return [each for each in world.sent if isinstance(each, SipRequest)]


def methods(world: World) -> list[str]:
    return [each.method for each in requests(world)]


def told(page: Page) -> list[tuple[str, str | None]]:
    """What the page hears of the call since the last time."""
    return [(each.state, each.why) for each in page.client.messages() if isinstance(each, PhoneCall)]


def respond(world: World, status: int, body: str = "", *, request: SipRequest | None = None) -> None:
    """Bob's phone answers an INVITE: the last one, unless another is given."""
    last = request or [each for each in requests(world) if each.method == "INVITE"][-1]
    routes = [("Record-Route", "<sip:b@x;lr>"), ("Record-Route", "<sip:a@x;lr>")]
    world.give(last.answer(status, to_tag="bob", extra=[CONTACT, *routes], body=body.encode()))


def offer(alice: Page, link: int = 500, ufrag: str = "page") -> str:
    """Alice's page offers to the phone in its roster, from its connection `link`; returns the phone's id."""
    phone = next(seat.member for seat in alice.world.rooms[RoomName("tea")].inside if seat.member.sip)
    assert (phone.name, phone.called) == ("bob", True)
    alice.link = link
    sections = ("audio 0", "video 1", "video 2", "audio 3", "application 4")
    alice.describe(phone.id, "offer", 1, sdp(*sections, ufrag=ufrag), None, ufrag)
    candidate = {"ufrag": ufrag, "candidate": f"candidate:1 1 udp 1 192.0.2.7 {alice.link} typ host", "mid": "0"}
    alice.signal(phone.id, {"candidate": candidate}, None)
    alice.world.pass_time(alice.world.now + 1)
    return phone.id


def ringing(world: World) -> Page:
    """Alice calls bob's phone, and it rings."""
    alice = world.page("alice")
    alice.call_phone()
    offer(alice)
    respond(world, 180)
    return alice


def pick_up(world: World) -> None:
    respond(world, 200, sdp("audio 0", "video 1", ufrag="phone", setup="active"))


@pytest.mark.parametrize("by_site", [True, False])
def test_a_phone_rings_with_the_offer_of_the_page_which_gets_its_answer(by_site: bool) -> None:
    world = World()
    alice = world.page("alice", 'Alice "A" \\')
    if by_site:
        ring(world)
    else:
        alice.call_phone()
    assert requests(world) == []
    offer(alice)
    [invite] = requests(world)
    assert (invite.method, invite.uri, invite.from_.uri) == ("INVITE", f"sip:bob@{DOMAIN}", f"sip:tea@{DOMAIN}")
    assert invite.from_.display == 'Alice "A" \\'
    assert b"192.0.2.7 500 typ host" in invite.body
    assert invite.body.count(b"\r\nm=") == 2

    respond(world, 180)
    pick_up(world)
    _, ack = requests(world)
    assert (ack.method, ack.uri, ack.to.tag) == ("ACK", "sip:bob@x.invalid", "bob")
    assert ack.headers.all("route") == ["<sip:a@x;lr>", "<sip:b@x;lr>"]
    [answer] = alice.read()
    described = answer["about"]["description"]
    assert (described["kind"], described["number"], described["ufrag"]) == ("answer", 1, "phone")
    assert described["sdp"].count("\r\nm=") == 5


def test_the_caller_hears_how_the_call_goes_and_nobody_else_does() -> None:
    world = World()
    alice = world.page("alice")
    alice.call_phone()
    offer(alice)
    respond(world, 100)
    assert told(alice) == [("calling", None)]
    respond(world, 180)
    respond(world, 183)
    assert told(alice) == [("ringing", None)]
    pick_up(world)
    assert told(alice) == [("answered", None)]

    other = World()
    carol = other.page("carol")
    ring(other)
    offer(carol)
    respond(other, 486)
    assert told(carol) == []


def test_a_page_that_makes_a_new_connection_while_it_rings_offers_again_once_it_was_answered() -> None:
    world = World()
    alice = ringing(world)
    offer(alice, 600, "second")
    assert methods(world) == ["INVITE"]
    pick_up(world)
    assert methods(world) == ["INVITE", "ACK", "INVITE"]
    again = requests(world)[-1]
    assert (again.cseq.number, again.to.tag) == (2, "bob")
    assert b"a=ice-ufrag:second" in again.body
    respond(world, 200, sdp("audio 0", "video 1", ufrag="phone2"))
    [answer] = alice.read()
    assert (answer["to"], answer["about"]["description"]["ufrag"]) == (600, "phone2")


@pytest.mark.parametrize(
    ("status", "rings", "why"),
    [
        (486, True, "busy"),
        (600, True, "busy"),
        (603, True, "declined"),
        (480, True, "no-answer"),
        (480, False, "unavailable"),
        (404, False, "unavailable"),
        (488, False, "incompatible"),
        (500, True, "failed"),
    ],
)
def test_a_phone_that_does_not_take_the_call_says_why(status: int, rings: bool, why: str) -> None:
    world = World()
    alice = world.page("alice")
    alice.call_phone()
    offer(alice)
    if rings:
        respond(world, 180)
    respond(world, status)
    assert told(alice)[-1] == ("ended", why)
    assert methods(world) == ["INVITE", "ACK"]
    assert requests(world)[1].via.branch == requests(world)[0].via.branch
    assert (len(world.bridge), world.attached, len(world.rooms[RoomName("tea")].inside)) == (0, set(), 1)


def test_the_caller_can_stop_it_from_ringing() -> None:
    world = World()
    alice = ringing(world)
    alice.hang_up_phone("carol")
    assert methods(world) == ["INVITE"]
    alice.hang_up_phone()
    assert (methods(world), told(alice)[-1]) == (["INVITE", "CANCEL"], ("ended", "cancelled"))
    assert len(world.bridge) == 0


def test_another_member_cannot_stop_it() -> None:
    world = World()
    alice = ringing(world)
    pick_up(world)
    carol = world.page("carol")
    carol.hang_up_phone()
    assert methods(world) == ["INVITE", "ACK"]
    alice.hang_up_phone()
    assert methods(world) == ["INVITE", "ACK", "BYE"]


@pytest.mark.parametrize(
    ("entry", "told_first"),
    [("open", ("calling", None)), ("knock", ("ended", "not-allowed")), ("locked", ("ended", "not-allowed"))],
)
def test_members_may_call_only_where_nobody_has_to_let_people_in(entry: str, told_first: tuple[str, str]) -> None:
    world = World()
    host = world.page("host", room=room_of(OWNER), owner=OWNER)
    host.govern(entry="open")
    alice = world.page("alice", room=room_of(OWNER))
    host.govern(entry=entry)
    host.leave()
    alice.call_phone()
    assert told(alice) == [told_first]


def test_a_phone_that_a_host_has_called_does_not_knock() -> None:
    world = World()
    host = world.page("host", room=room_of(OWNER), owner=OWNER)
    host.govern(entry="locked")
    host.call_phone()
    assert told(host) == [("calling", None)]
    assert len(world.rooms[room_of(OWNER)].inside) == 2


def test_without_guests_only_hosts_may_call() -> None:
    world = World(guests=False)
    alice, host = world.page("alice"), world.page("host", room=room_of(OWNER), owner=OWNER)
    alice.call_phone()
    assert told(alice) == [("ended", "not-allowed")]
    host.call_phone()
    assert told(host) == [("calling", None)]


def test_one_phone_rings_at_a_time() -> None:
    world = World()
    alice = world.page("alice")
    alice.call_phone()
    alice.call_phone("carol")
    assert told(alice) == [("calling", None), ("ended", "too-many")]


def calls(page: Page, *users: str) -> list[str]:
    """Call each, and stop at once; returns how each went first."""
    began = []
    for user in users:
        page.client.messages()
        page.call_phone(user)
        began.append(str(told(page)[0][1] or "calling"))
        page.hang_up_phone(user)
    return began


def test_rooms_cannot_let_one_phone_ring_all_the_time() -> None:
    world = World()
    pages = [world.page(name, room=name) for name in ("alice", "carol", "dave", "eve", "frank")]
    assert [each for page in pages for each in calls(page, "bob")] == ["calling"] * 4 + ["too-many"]
    pages[0].stay(30)
    assert calls(pages[0], "bob") == ["calling"]


def test_a_network_cannot_let_all_phones_ring() -> None:
    world = World()
    alice, carol = world.page("alice"), world.page("carol", room="other")
    assert calls(alice, *(f"bob{number}" for number in range(7))) == ["calling"] * 6 + ["too-many"]
    assert calls(carol, "bob7") == ["calling"]


def test_a_user_without_a_phone_is_unavailable_and_counts() -> None:
    world = World()
    alice = world.page("alice")
    assert calls(alice, *["nobody"] * 5) == ["unavailable"] * 4 + ["too-many"]


def test_a_page_that_never_offers_ends_the_call() -> None:
    world = World()
    alice = world.page("alice")
    alice.call_phone()
    alice.stay(OFFER_WITHIN)
    assert (methods(world), told(alice)[-1]) == ([], ("ended", "failed"))
    assert (len(world.bridge), world.attached) == (0, set())


@pytest.mark.parametrize("leaves", [True, False])
def test_a_phone_stops_ringing_when_the_page_leaves_and_after_a_while(leaves: bool) -> None:
    world = World()
    alice = ringing(world)
    if leaves:
        alice.leave()
    else:
        alice.stay(RING_MAX)
        assert told(alice)[-1] == ("ended", "no-answer")
    invite, cancel = requests(world)
    assert (cancel.method, cancel.cseq.number, cancel.via) == ("CANCEL", invite.cseq.number, invite.via)
    assert len(world.bridge) == 0


def test_a_phone_stops_ringing_when_somebody_else_joins() -> None:
    world = World()
    alice = ringing(world)
    world.page("carol")
    assert (methods(world), told(alice)[-1]) == (["INVITE", "CANCEL"], ("ended", "crowded"))


def test_a_phone_cannot_be_called_into_a_room_without_a_seat_for_it() -> None:
    world = World()
    world.capacity = 1
    alice = world.page("alice")
    alice.call_phone()
    assert (methods(world), told(alice)) == ([], [("ended", "crowded")])
    assert (len(world.bridge), world.attached) == (0, set())


def test_a_phone_that_was_answered_is_hung_up_when_the_page_leaves() -> None:
    world = World()
    alice = ringing(world)
    pick_up(world)
    alice.leave()
    assert methods(world) == ["INVITE", "ACK", "BYE"]


def test_no_phone_rings_for_an_empty_sealed_or_crowded_room() -> None:
    for people, why in (([], ""), (["alice", "carol"], "crowded"), (["c" * 400], "sealed")):
        world = World()
        pages = [world.page(name[:8], shown=name) for name in people]
        ring(world)
        for page in pages[:1]:
            page.call_phone()
            assert told(page) == [("ended", why)]
        assert (world.sent, len(world.bridge), world.attached) == ([], 0, set())
