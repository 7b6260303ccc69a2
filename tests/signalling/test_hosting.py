"""Who may enter, and who may say so: takeovers, races and floods at the door of a room."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.network import Client, Network

from eyeline.signalling.hosting import WAITING_MAX, WAITING_OF_NETWORK_MAX, room_of
from eyeline.signalling.messages import (
    Admit,
    Appoint,
    Count,
    Deny,
    DisplayName,
    EndCall,
    FromBroker,
    Govern,
    Hello,
    Join,
    Joined,
    Knocks,
    Leave,
    NewToken,
    OwnerKey,
    PeerId,
    Refused,
    RemoveMember,
    Resume,
    ResumeToken,
    Roster,
    Rules,
    ToBroker,
    Waiting,
    encode,
)
from eyeline.signalling.requests import Remove
from eyeline.signalling.room import SEAT_SECONDS

KEY: Final = OwnerKey("AAECAwQFBgcICQoLDA0ODw")
ROOM: Final = room_of(KEY)
KNOCK: Final = Govern(Rules("knock"))


class Door:
    """A room with an owner, and those who come to it."""

    def __init__(self, capacity: int = 4) -> None:
        self.network = Network(capacity)

    def comes(self, name: str, *, owner: bool = False, network: str = "") -> Client:
        client = self.network.open(name, network)
        self.says(client, Hello(ROOM, owner=KEY if owner else None), Join(DisplayName(name)))
        return client

    def says(self, client: Client, *messages: ToBroker) -> None:
        for message in messages:
            self.network.say(client, encode(message))

    def inside(self) -> set[str]:
        room = self.network.rooms.get(ROOM)
        return set() if room is None else {str(seat.member.name) for seat in room.inside}


def heard(client: Client, kind: type[FromBroker]) -> list[Any]:
    return [message for message in client.messages() if isinstance(message, kind)]


def last(client: Client) -> FromBroker:
    return client.messages()[-1]


def peer(client: Client) -> PeerId:
    return PeerId(client.session.id.removesuffix("-session"))


def test_a_rooms_name_is_made_from_its_owners_key() -> None:
    assert ROOM == "z6v3-y74d-nwz5-n6aj"
    assert room_of(OwnerKey("AAECAwQFBgcICQoLDA0ODg")) != ROOM


def test_who_comes_first_has_nothing_from_it() -> None:
    door = Door()
    eve = door.comes("eve")
    door.comes("alice", owner=True)
    for order in (KNOCK, EndCall(), RemoveMember(PeerId("alice-0001")), Appoint(PeerId("eve-0001"), "co-host")):
        eve.messages()
        door.says(eve, order)
        assert [refused.code for refused in heard(eve, Refused)] == ["not-host"]
    assert door.inside() == {"eve", "alice"}


def test_both_are_hosts_who_have_the_key() -> None:
    door = Door()
    first, second = door.comes("alice", owner=True), door.comes("bob", owner=True)
    [joined] = heard(second, Joined)
    assert [member.role for member in joined.roster.members] == ["host", "host"]
    door.says(first, RemoveMember(peer(second)))
    assert [refused.code for refused in heard(first, Refused)] == ["not-host"]  # nobody removes a host


def test_a_host_is_let_into_a_full_and_a_locked_room() -> None:
    door = Door(capacity=2)
    alice, _ = door.comes("alice", owner=True), door.comes("bob")
    door.says(alice, Govern(Rules("locked")))
    assert isinstance(last(door.comes("carol")), Refused)
    door.comes("dave", owner=True)
    assert door.inside() == {"alice", "bob", "dave"}
    assert last(door.comes("erin", owner=True)) == Refused("room-full", "Every seat in this room is taken.")


def test_a_host_is_host_again_after_a_restart_and_finds_the_rules_that_were() -> None:
    door = Door()
    alice = door.comes("alice", owner=True)
    door.says(alice, Govern(Rules("locked", history=False, screens=False)))
    [token] = [message.resume for message in heard(alice, NewToken)]
    door.network.restart()
    again = door.network.open("alice")
    door.says(again, Resume(token, DisplayName("alice"), Count(0)))
    [joined] = heard(again, Joined)
    assert joined.roster.rules == Rules("locked", history=False, screens=False)
    assert joined.roster.members[0].role == "host"


def test_of_rules_that_differ_the_newest_hold_whoever_comes_back_first() -> None:
    door = Door()
    alice, bob = door.comes("alice", owner=True), door.comes("bob")
    [old] = [message.resume for message in heard(bob, Joined)]
    door.network.now = 1
    door.network.lose(bob)  # does not hear of it
    door.says(alice, KNOCK)
    [new] = [message.resume for message in heard(alice, NewToken)]
    door.network.restart()
    for name, token in (("bob", old), ("alice", new)):
        client = door.network.open(name)
        door.says(client, Resume(token, DisplayName(name), Count(0)))
    assert heard(client, Joined)[0].roster.rules == Rules("knock")
    assert isinstance(last(door.comes("carol")), Waiting)


def test_nobody_waits_any_more_once_somebody_comes_back_who_knows_that_the_room_is_open() -> None:
    door = Door()
    alice, bob = door.comes("alice", owner=True), door.comes("bob")
    door.says(alice, KNOCK)
    old = token_of(bob)
    door.network.lose(bob)  # does not hear of what follows
    door.says(alice, Govern(Rules("open")))
    new = token_of(alice)
    door.network.restart()
    door.says(door.network.open("bob"), Resume(old, DisplayName("bob"), Count(0)))
    carol = door.comes("carol")
    assert isinstance(last(carol), Waiting)
    door.says(door.network.open("alice"), Resume(new, DisplayName("alice"), Count(0)))
    assert door.inside() == {"alice", "bob", "carol"}


def token_of(client: Client) -> ResumeToken:
    """The newest."""
    return [message.resume for message in client.messages() if isinstance(message, Joined | NewToken)][-1]


def test_a_co_host_who_is_none_any_more_is_none_after_a_restart_by_an_old_token() -> None:
    door = Door()
    alice, eve = door.comes("alice", owner=True), door.comes("eve")
    door.says(alice, Appoint(peer(eve), "co-host"))
    kept = token_of(eve)
    door.says(alice, Appoint(peer(eve), "member"))
    new = token_of(alice)
    door.network.restart()
    back = {}
    for name, token in (("eve", kept), ("alice", new)):  # at first nobody can know
        back[name] = door.network.open(name)
        door.says(back[name], Resume(token, DisplayName(name), Count(0)))
    assert heard(back["eve"], Roster)[-1].members[1].role == "member"
    door.says(back["eve"], RemoveMember(peer(alice)))
    assert [refused.code for refused in heard(back["eve"], Refused)] == ["not-host"]


def test_a_co_host_is_one_after_a_restart_too() -> None:
    door = Door()
    alice, bob = door.comes("alice", owner=True), door.comes("bob")
    door.says(alice, Appoint(peer(bob), "co-host"))
    new = token_of(bob)
    door.network.restart()
    back = door.network.open("bob")
    door.says(back, Resume(new, DisplayName("bob"), Count(0)))
    assert heard(back, Joined)[0].roster.members[0].role == "co-host"


def test_whom_the_site_removed_has_nothing_from_an_old_token_after_a_restart() -> None:
    door = Door()
    bob, eve = door.comes("bob"), door.comes("eve")
    kept = token_of(eve)
    door.network.ask(ROOM, Remove(peer(eve)))
    new = token_of(bob)
    door.network.restart()
    for name, token in (("bob", new), ("eve", kept)):
        back = door.network.open(name)
        door.says(back, Resume(token, DisplayName(name), Count(0)))
    assert [refused.code for refused in heard(back, Refused)] == ["removed"]
    assert door.inside() == {"bob"}
    assert isinstance(last(door.comes("carol")), Joined)  # a room without a host has nobody to let newcomers in


def test_somebody_who_waits_is_let_in_once() -> None:
    door = Door()
    alice = door.comes("alice", owner=True)
    door.says(alice, KNOCK)
    bob = door.comes("bob")
    door.says(alice, Admit(peer(bob)))
    assert len(heard(bob, Joined)) == 1
    for late in (Admit(peer(bob)), Deny(peer(bob))):
        alice.messages()
        door.says(alice, late)
        assert [refused.code for refused in heard(alice, Refused)] == ["no-such-peer"]
    assert door.inside() == {"alice", "bob"}


@pytest.mark.parametrize("how", ["leaves", "is cut off"])
def test_who_has_gone_from_the_door_is_not_let_in(how: str) -> None:
    door = Door()
    alice = door.comes("alice", owner=True)
    door.says(alice, KNOCK)
    bob = door.comes("bob")
    if how == "leaves":
        door.says(bob, Leave())
    else:
        door.network.lose(bob)
    assert heard(alice, Knocks)[-1] == Knocks(())
    door.says(alice, Admit(peer(bob)))
    assert door.inside() == {"alice"}


def test_nobody_is_let_in_beyond_the_last_seat() -> None:
    door = Door(capacity=2)
    alice = door.comes("alice", owner=True)
    door.says(alice, KNOCK)
    waiting = [door.comes(name) for name in ("bob", "carol")]
    for client in waiting:
        door.says(alice, Admit(peer(client)))
    assert door.inside() == {"alice", "bob"}
    assert heard(alice, Refused)[-1].code == "room-full"
    assert heard(waiting[1], Joined) == []


def test_opening_the_room_lets_in_who_waits_in_their_order() -> None:
    door = Door(capacity=3)
    alice = door.comes("alice", owner=True)
    door.says(alice, KNOCK)
    for name in ("bob", "carol", "dave"):
        door.comes(name)
    door.says(alice, Govern(Rules()))
    assert door.inside() == {"alice", "bob", "carol"}
    assert [knock.name for knock in heard(alice, Knocks)[-1].waiting] == ["dave"]


def test_a_flood_at_the_door_is_bounded_and_costs_nobody_a_seat() -> None:
    door = Door()
    alice = door.comes("alice", owner=True)
    door.says(alice, KNOCK)
    crowd = [door.comes(f"mallory{number}") for number in range(WAITING_MAX + 2)]
    assert [refused.code for client in crowd for refused in heard(client, Refused)] == ["too-many-knocks"] * 2
    assert len(heard(alice, Knocks)[-1].waiting) == WAITING_MAX
    door.network.lose(crowd[0])
    assert isinstance(last(door.comes("bob")), Waiting)


def test_one_network_does_not_fill_the_door_of_a_room() -> None:
    door = Door()
    alice = door.comes("alice", owner=True)
    door.says(alice, KNOCK)
    crowd = [door.comes(f"mallory{number}", network="c0000201") for number in range(WAITING_OF_NETWORK_MAX + 1)]
    assert [refused.code for client in crowd for refused in heard(client, Refused)] == ["too-many-knocks"]
    assert isinstance(last(door.comes("bob", network="c6336401")), Waiting)
    door.network.lose(crowd[0])
    assert isinstance(last(door.comes("carol", network="c0000201")), Waiting)


def test_a_removed_person_comes_back_by_a_yes_only() -> None:
    door = Door()
    alice, eve = door.comes("alice", owner=True), door.comes("eve")
    [token] = [message.resume for message in heard(eve, Joined)]
    door.says(alice, RemoveMember(peer(eve)))
    assert heard(eve, Refused)[-1].code == "removed"
    again = door.network.open("eve")
    door.says(again, Resume(token, DisplayName("eve"), Count(0)))
    assert heard(again, Refused)[-1].code == "removed"
    again = door.network.open("eve")
    door.says(again, Hello(ROOM), Join(DisplayName("eve")))
    assert isinstance(last(again), Waiting)
    assert door.network.rooms[ROOM].vacated == [peer(eve)]  # whose credentials end


def test_the_others_are_told_whom_to_hang_up_on_also_when_the_seat_was_lost_before() -> None:
    door = Door()
    alice, bob, eve = door.comes("alice", owner=True), door.comes("bob"), door.comes("eve")
    door.says(alice, Appoint(peer(bob), "co-host"))
    door.network.lose(eve)
    for now in (10, 20, SEAT_SECONDS):
        door.network.pass_time(now)
        for client in (alice, bob):
            door.network.say(client, '{"type": "pong"}')
    assert heard(bob, Roster)[-1].removed == ()
    door.says(bob, RemoveMember(peer(eve)))
    assert heard(bob, Refused)[-1].code == "no-such-peer"  # nobody knows any more what they were
    door.says(alice, RemoveMember(peer(eve)))
    roster = heard(bob, Roster)[-1]
    assert (roster.removed, roster.rules.entry) == ((peer(eve),), "knock")
    door.says(alice, RemoveMember(peer(eve)))
    assert bob.messages() == []  # it is said already, and pushes nobody else out of the list


def test_an_ended_call_is_over_for_who_waits_too() -> None:
    door = Door()
    alice = door.comes("alice", owner=True)
    door.says(alice, KNOCK)
    bob = door.comes("bob")
    door.says(alice, EndCall())
    assert heard(bob, Refused)[-1].code == "ended"
    assert ROOM not in door.network.rooms


class Model:
    """Who must be inside, by the rules of the house alone."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entry = "open"
        self.inside = ["alice"]
        self.waiting: list[str] = []
        self.cohosts: set[str] = set()

    def come(self, name: str) -> None:
        if len(self.inside) >= self.capacity + (name == "alice"):
            return
        if name == "alice" or self.entry == "open":
            self.inside.append(name)
        elif self.entry == "knock":
            self.waiting.append(name)

    def leave(self, name: str) -> None:
        self.inside.remove(name)
        self.cohosts.discard(name)

    def govern(self, name: str, entry: str) -> None:
        if name != "alice":
            return
        self.entry = entry
        while entry == "open" and self.waiting and len(self.inside) < self.capacity:
            self.inside.append(self.waiting.pop(0))

    def admit(self, name: str, other: str) -> None:
        if self.may(name) and other in self.waiting and len(self.inside) < self.capacity:
            self.waiting.remove(other)
            self.inside.append(other)

    def deny(self, name: str, other: str) -> None:
        if self.may(name) and other in self.waiting:
            self.waiting.remove(other)

    def remove(self, name: str, other: str) -> None:
        if other == "alice" or other not in self.inside or not self.may(name):
            return
        if name == "alice" or other not in self.cohosts:
            self.leave(other)
            self.entry = "knock" if self.entry == "open" else self.entry

    def appoint(self, name: str, other: str) -> None:
        if name == "alice" and other in self.inside and other != "alice":
            self.cohosts.add(other)

    def may(self, name: str) -> bool:
        return name == "alice" or name in self.cohosts


WHAT = st.sampled_from(["knock", "open", "locked", "admit", "deny", "remove", "appoint", "leave", "come", "come"])
NAMES = st.sampled_from(["alice", "bob", "carol", "dave", "erin", "frank"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(WHAT, NAMES, NAMES), max_size=40))
def test_nobody_is_inside_whom_neither_an_open_door_nor_a_host_let_in(steps: list[tuple[str, str, str]]) -> None:
    """Whoever says what in whatever order: alice alone is host, and co-hosts are those whom she appointed."""
    door, model = Door(capacity=3), Model(capacity=3)
    people = {"alice": door.comes("alice", owner=True)}
    keeper = door.network.open("keeper")
    door.says(keeper, Hello(ROOM))  # so that the room is never forgotten
    for what, name, other in steps:
        if what == "come":
            if name not in (*model.inside, *model.waiting):
                people[name] = door.comes(name, owner=name == "alice")
                model.come(name)
        elif name in model.inside:
            say(door, model, people, (what, name, other))
        assert door.inside() == set(model.inside)


def say(door: Door, model: Model, people: dict[str, Client], step: tuple[str, str, str]) -> None:
    what, name, other = step
    if what == "leave":
        door.says(people[name], Leave())
        model.leave(name)
    elif what in ("knock", "open", "locked"):
        door.says(people[name], Govern(Rules(what)))  # type: ignore[arg-type]
        model.govern(name, what)
    elif other in people:
        door.says(people[name], order(what, peer(people[other])))
        getattr(model, what)(name, other)


def order(what: str, whom: PeerId) -> ToBroker:
    match what:
        case "admit":
            return Admit(whom)
        case "deny":
            return Deny(whom)
        case "remove":
            return RemoveMember(whom)
        case _:
            return Appoint(whom, "co-host")


def test_the_roster_says_who_is_what() -> None:
    door = Door()
    alice, bob = door.comes("alice", owner=True), door.comes("bob")
    door.says(alice, Appoint(peer(bob), "co-host"))
    assert [member.role for member in heard(bob, Roster)[-1].members] == ["host", "co-host"]
    door.says(alice, Appoint(peer(bob), "member"))
    assert [member.role for member in heard(bob, Roster)[-1].members] == ["host", "member"]
