"""Moderation: hosts, the waiting room and removal, under takeovers, races and floods."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.network import Client, Network

from eyeline.signalling.codec import encode
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
)
from eyeline.signalling.moderation import WAITING_MAX, WAITING_OF_NETWORK_MAX, room_of
from eyeline.signalling.requests import Remove
from eyeline.signalling.room import SEAT_SECONDS

KEY: Final = OwnerKey("AAECAwQFBgcICQoLDA0ODw")
ROOM: Final = room_of(KEY)
KNOCK: Final = Govern(Rules("knock"))


class OwnedRoom:
    """A room with an owner, and the clients that join it."""

    def __init__(self, capacity: int = 4) -> None:
        self.network = Network(capacity)

    def join(self, name: str, *, owner: bool = False, network: str = "") -> Client:
        client = self.network.open(name, network)
        self.send(client, Hello(ROOM, owner=KEY if owner else None), Join(DisplayName(name)))
        return client

    def send(self, client: Client, *messages: ToBroker) -> None:
        for message in messages:
            self.network.send(client, encode(message))

    def inside(self) -> set[str]:
        room = self.network.rooms.get(ROOM)
        return set() if room is None else {str(seat.member.name) for seat in room.inside}


def heard(client: Client, kind: type[FromBroker]) -> list[Any]:
    return [message for message in client.messages() if isinstance(message, kind)]


def last(client: Client) -> FromBroker:
    return client.messages()[-1]


def peer(client: Client) -> PeerId:
    return PeerId(client.session.id.removesuffix("-session"))


def test_room_name_is_derived_from_the_owner_key() -> None:
    assert ROOM == "z6v3-y74d-nwz5-n6aj"
    assert room_of(OwnerKey("AAECAwQFBgcICQoLDA0ODg")) != ROOM


def test_first_to_join_gets_no_host_rights() -> None:
    room = OwnedRoom()
    eve = room.join("eve")
    room.join("alice", owner=True)
    for order in (KNOCK, EndCall(), RemoveMember(PeerId("alice-0001")), Appoint(PeerId("eve-0001"), "co-host")):
        eve.messages()
        room.send(eve, order)
        assert [refused.code for refused in heard(eve, Refused)] == ["not-host"]
    assert room.inside() == {"eve", "alice"}


def test_everyone_with_the_owner_key_is_a_host() -> None:
    room = OwnedRoom()
    first, second = room.join("alice", owner=True), room.join("bob", owner=True)
    [joined] = heard(second, Joined)
    assert [member.role for member in joined.roster.members] == ["host", "host"]
    room.send(first, RemoveMember(peer(second)))
    assert [refused.code for refused in heard(first, Refused)] == ["not-host"]  # a host can't be removed


def test_host_can_join_a_full_and_a_locked_room() -> None:
    room = OwnedRoom(capacity=2)
    alice, _ = room.join("alice", owner=True), room.join("bob")
    room.send(alice, Govern(Rules("locked")))
    assert isinstance(last(room.join("carol")), Refused)
    room.join("dave", owner=True)
    assert room.inside() == {"alice", "bob", "dave"}
    assert last(room.join("erin", owner=True)) == Refused("room-full", "Every seat in this room is taken.")


def test_host_role_and_rules_survive_a_restart() -> None:
    room = OwnedRoom()
    alice = room.join("alice", owner=True)
    room.send(alice, Govern(Rules("locked", history=False, screens=False)))
    [token] = [message.resume for message in heard(alice, NewToken)]
    room.network.restart()
    again = room.network.open("alice")
    room.send(again, Resume(token, DisplayName("alice"), Count(0)))
    [joined] = heard(again, Joined)
    assert joined.roster.rules == Rules("locked", history=False, screens=False)
    assert joined.roster.members[0].role == "host"


def test_newest_rules_win_in_whatever_order_members_resume() -> None:
    room = OwnedRoom()
    alice, bob = room.join("alice", owner=True), room.join("bob")
    [old] = [message.resume for message in heard(bob, Joined)]
    room.network.now = 1
    room.network.lose(bob)  # misses the change
    room.send(alice, KNOCK)
    [new] = [message.resume for message in heard(alice, NewToken)]
    room.network.restart()
    for name, token in (("bob", old), ("alice", new)):
        client = room.network.open(name)
        room.send(client, Resume(token, DisplayName(name), Count(0)))
    assert heard(client, Joined)[0].roster.rules == Rules("knock")
    assert isinstance(last(room.join("carol")), Waiting)


def test_waiting_clients_are_admitted_when_a_resume_shows_the_room_is_open() -> None:
    room = OwnedRoom()
    alice, bob = room.join("alice", owner=True), room.join("bob")
    room.send(alice, KNOCK)
    old = token_of(bob)
    room.network.lose(bob)  # misses what follows
    room.send(alice, Govern(Rules("open")))
    new = token_of(alice)
    room.network.restart()
    room.send(room.network.open("bob"), Resume(old, DisplayName("bob"), Count(0)))
    carol = room.join("carol")
    assert isinstance(last(carol), Waiting)
    room.send(room.network.open("alice"), Resume(new, DisplayName("alice"), Count(0)))
    assert room.inside() == {"alice", "bob", "carol"}


def token_of(client: Client) -> ResumeToken:
    """The client's newest resume token."""
    return [message.resume for message in client.messages() if isinstance(message, Joined | NewToken)][-1]


def test_demoted_co_host_is_not_restored_by_an_old_token() -> None:
    room = OwnedRoom()
    alice, eve = room.join("alice", owner=True), room.join("eve")
    room.send(alice, Appoint(peer(eve), "co-host"))
    kept = token_of(eve)
    room.send(alice, Appoint(peer(eve), "member"))
    new = token_of(alice)
    room.network.restart()
    back = {}
    for name, token in (("eve", kept), ("alice", new)):  # until Alice is back, no one can know of the change
        back[name] = room.network.open(name)
        room.send(back[name], Resume(token, DisplayName(name), Count(0)))
    assert heard(back["eve"], Roster)[-1].members[1].role == "member"
    room.send(back["eve"], RemoveMember(peer(alice)))
    assert [refused.code for refused in heard(back["eve"], Refused)] == ["not-host"]


def test_co_host_role_survives_a_restart() -> None:
    room = OwnedRoom()
    alice, bob = room.join("alice", owner=True), room.join("bob")
    room.send(alice, Appoint(peer(bob), "co-host"))
    new = token_of(bob)
    room.network.restart()
    back = room.network.open("bob")
    room.send(back, Resume(new, DisplayName("bob"), Count(0)))
    assert heard(back, Joined)[0].roster.members[0].role == "co-host"


def test_removed_member_is_not_restored_by_an_old_token() -> None:
    room = OwnedRoom()
    bob, eve = room.join("bob"), room.join("eve")
    kept = token_of(eve)
    room.network.ask(ROOM, Remove(peer(eve)))
    new = token_of(bob)
    room.network.restart()
    for name, token in (("bob", new), ("eve", kept)):
        back = room.network.open(name)
        room.send(back, Resume(token, DisplayName(name), Count(0)))
    assert [refused.code for refused in heard(back, Refused)] == ["removed"]
    assert room.inside() == {"bob"}
    assert isinstance(last(room.join("carol")), Joined)  # without a host no one could admit newcomers


def test_waiting_client_is_admitted_only_once() -> None:
    room = OwnedRoom()
    alice = room.join("alice", owner=True)
    room.send(alice, KNOCK)
    bob = room.join("bob")
    room.send(alice, Admit(peer(bob)))
    assert len(heard(bob, Joined)) == 1
    for late in (Admit(peer(bob)), Deny(peer(bob))):
        alice.messages()
        room.send(alice, late)
        assert [refused.code for refused in heard(alice, Refused)] == ["no-such-peer"]
    assert room.inside() == {"alice", "bob"}


@pytest.mark.parametrize("how", ["leaves", "is cut off"])
def test_client_that_stopped_waiting_cannot_be_admitted(how: str) -> None:
    room = OwnedRoom()
    alice = room.join("alice", owner=True)
    room.send(alice, KNOCK)
    bob = room.join("bob")
    if how == "leaves":
        room.send(bob, Leave())
    else:
        room.network.lose(bob)
    assert heard(alice, Knocks)[-1] == Knocks(())
    room.send(alice, Admit(peer(bob)))
    assert room.inside() == {"alice"}


def test_no_one_is_admitted_beyond_capacity() -> None:
    room = OwnedRoom(capacity=2)
    alice = room.join("alice", owner=True)
    room.send(alice, KNOCK)
    waiting = [room.join(name) for name in ("bob", "carol")]
    for client in waiting:
        room.send(alice, Admit(peer(client)))
    assert room.inside() == {"alice", "bob"}
    assert heard(alice, Refused)[-1].code == "room-full"
    assert heard(waiting[1], Joined) == []


def test_opening_the_room_admits_waiting_clients_in_order() -> None:
    room = OwnedRoom(capacity=3)
    alice = room.join("alice", owner=True)
    room.send(alice, KNOCK)
    for name in ("bob", "carol", "dave"):
        room.join(name)
    room.send(alice, Govern(Rules()))
    assert room.inside() == {"alice", "bob", "carol"}
    assert [knock.name for knock in heard(alice, Knocks)[-1].waiting] == ["dave"]


def test_waiting_room_is_bounded_and_takes_no_seats() -> None:
    room = OwnedRoom()
    alice = room.join("alice", owner=True)
    room.send(alice, KNOCK)
    crowd = [room.join(f"mallory{number}") for number in range(WAITING_MAX + 2)]
    assert [refused.code for client in crowd for refused in heard(client, Refused)] == ["too-many-knocks"] * 2
    assert len(heard(alice, Knocks)[-1].waiting) == WAITING_MAX
    room.network.lose(crowd[0])
    assert isinstance(last(room.join("bob")), Waiting)


def test_one_network_cannot_fill_the_waiting_room() -> None:
    room = OwnedRoom()
    alice = room.join("alice", owner=True)
    room.send(alice, KNOCK)
    crowd = [room.join(f"mallory{number}", network="c0000201") for number in range(WAITING_OF_NETWORK_MAX + 1)]
    assert [refused.code for client in crowd for refused in heard(client, Refused)] == ["too-many-knocks"]
    assert isinstance(last(room.join("bob", network="c6336401")), Waiting)
    room.network.lose(crowd[0])
    assert isinstance(last(room.join("carol", network="c0000201")), Waiting)


def test_removed_member_returns_only_when_a_host_admits_them() -> None:
    room = OwnedRoom()
    alice, eve = room.join("alice", owner=True), room.join("eve")
    [token] = [message.resume for message in heard(eve, Joined)]
    room.send(alice, RemoveMember(peer(eve)))
    assert heard(eve, Refused)[-1].code == "removed"
    again = room.network.open("eve")
    room.send(again, Resume(token, DisplayName("eve"), Count(0)))
    assert heard(again, Refused)[-1].code == "removed"
    again = room.network.open("eve")
    room.send(again, Hello(ROOM), Join(DisplayName("eve")))
    assert isinstance(last(again), Waiting)
    assert room.network.rooms[ROOM].vacated == [peer(eve)]  # her TURN credentials end


def test_removal_of_a_lost_member_is_announced_to_the_others() -> None:
    room = OwnedRoom()
    alice, bob, eve = room.join("alice", owner=True), room.join("bob"), room.join("eve")
    room.send(alice, Appoint(peer(bob), "co-host"))
    room.network.lose(eve)
    for now in (10, 20, SEAT_SECONDS):
        room.network.pass_time(now)
        for client in (alice, bob):
            room.network.send(client, '{"type": "pong"}')
    assert heard(bob, Roster)[-1].removed == ()
    room.send(bob, RemoveMember(peer(eve)))
    assert heard(bob, Refused)[-1].code == "no-such-peer"  # a co-host can't remove her: her role is no longer known
    room.send(alice, RemoveMember(peer(eve)))
    roster = heard(bob, Roster)[-1]
    assert (roster.removed, roster.rules.entry) == ((peer(eve),), "knock")
    room.send(alice, RemoveMember(peer(eve)))
    assert bob.messages() == []  # already announced: no second entry displaces others from the list


def test_ending_the_call_also_ends_waiting() -> None:
    room = OwnedRoom()
    alice = room.join("alice", owner=True)
    room.send(alice, KNOCK)
    bob = room.join("bob")
    room.send(alice, EndCall())
    assert heard(bob, Refused)[-1].code == "ended"
    assert ROOM not in room.network.rooms


class Model:
    """The model: who must be inside, by the rules of moderation alone."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entry = "open"
        self.inside = ["alice"]
        self.waiting: list[str] = []
        self.cohosts: set[str] = set()
        self.removed: set[str] = set()

    def come(self, name: str) -> None:
        self.removed.discard(name)  # each time they come they are another peer
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
        if other == "alice" or not self.may(name):
            return
        if other in self.inside and (name == "alice" or other not in self.cohosts):
            self.leave(other)
        elif other in self.inside or name != "alice" or other in self.removed:
            return
        self.removed.add(other)  # without a seat they may still be connected to the others
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
def test_no_one_is_inside_without_an_open_room_or_a_hosts_approval(steps: list[tuple[str, str, str]]) -> None:
    """Any messages in any order: only Alice is host, and co-hosts are those whom she appointed."""
    room, model = OwnedRoom(capacity=3), Model(capacity=3)
    people = {"alice": room.join("alice", owner=True)}
    keeper = room.network.open("keeper")
    room.send(keeper, Hello(ROOM))  # so that the room always exists
    for what, name, other in steps:
        if what == "come":
            if name not in (*model.inside, *model.waiting):
                people[name] = room.join(name, owner=name == "alice")
                model.come(name)
        elif name in model.inside:
            say(room, model, people, (what, name, other))
        assert room.inside() == set(model.inside)


def say(room: OwnedRoom, model: Model, people: dict[str, Client], step: tuple[str, str, str]) -> None:
    what, name, other = step
    if what == "leave":
        room.send(people[name], Leave())
        model.leave(name)
    elif what in ("knock", "open", "locked"):
        room.send(people[name], Govern(Rules(what)))  # type: ignore[arg-type]
        model.govern(name, what)
    elif other in people:
        room.send(people[name], order(what, peer(people[other])))
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


def test_roster_shows_every_role() -> None:
    room = OwnedRoom()
    alice, bob = room.join("alice", owner=True), room.join("bob")
    room.send(alice, Appoint(peer(bob), "co-host"))
    assert [member.role for member in heard(bob, Roster)[-1].members] == ["host", "co-host"]
    room.send(alice, Appoint(peer(bob), "member"))
    assert [member.role for member in heard(bob, Roster)[-1].members] == ["host", "member"]
