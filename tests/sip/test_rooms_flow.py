"""The flow of the bridge to rooms: calls for people who aren't registered go there, and it calls people."""

from tests.sip.phones import Net, Phone, call


def with_rooms(net: Net) -> Phone:
    """The bridge, as a phone."""
    rooms = Phone(net, "tea", "tcp", "rooms", "")
    rooms.connect(rooms=True)
    return rooms


def test_call_for_somebody_who_is_not_registered_goes_to_the_rooms() -> None:
    net = Net()
    rooms, alice = with_rooms(net), net.registered("alice")
    answered, invite, answer = call(alice, rooms)
    assert invite.uri == "sip:tea@call.example"
    alice.send(alice.within("INFO", answered, 20))
    rooms.send(rooms.back("BYE", invite, answer))
    assert (len(rooms.requests("INFO")), len(alice.requests("BYE"))) == (1, 1)


def test_registered_person_is_not_sought_among_the_rooms() -> None:
    net = Net()
    rooms, alice, bob = with_rooms(net), net.registered("alice"), net.registered("bob")
    alice.invite("bob")
    assert (len(rooms.requests()), len(bob.requests())) == (0, 1)


def test_room_calls_a_person_without_a_password() -> None:
    net = Net()
    rooms, bob = with_rooms(net), net.registered("bob")
    answered, _, _ = call(rooms, bob)
    assert bob.last("INVITE").headers.get("p-asserted-identity") == "<sip:tea@call.example>"
    bye = rooms.within("BYE", answered, 20)
    rooms.send(bye)
    bob.answer(bob.last("BYE"))
    assert rooms.response(bye).status == 200


def test_room_that_calls_nobody_gets_480() -> None:
    net = Net()
    rooms = with_rooms(net)
    assert rooms.response(rooms.invite("bob")).status == 480


def test_call_with_a_room_goes_on_after_the_server_was_killed() -> None:
    net = Net()
    rooms, alice = with_rooms(net), net.registered("alice")
    answered, _, _ = call(alice, rooms)
    net.start()
    rooms.connect(rooms=True)
    alice.connect()
    alice.register()
    alice.send(alice.within("INFO", answered, 20))
    assert len(rooms.requests("INFO")) == 1
