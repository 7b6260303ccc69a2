"""Moderation: hosts, the waiting room and removal, under takeovers, races and floods."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.network import Client, Network

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
from eyeline.signalling.moderation import WAITING_MAX, WAITING_OF_NETWORK_MAX, room_of
from eyeline.signalling.requests import Remove
from eyeline.signalling.room import SEAT_SECONDS

KEY: Final = OwnerKey("AAECAwQFBgcICQoLDA0ODw")
ROOM: Final = room_of(KEY)
KNOCK: Final = Govern(Rules("knock"))


class ConnectionLimits:
    """A room with an owner, and the clients that join it."""

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


def test_room_name_is_derived_from_the_owner_key() -> None:
    assert ROOM == "z6v3-y74d-nwz5-n6aj"
    assert room_of(OwnerKey("AAECAwQFBgcICQoLDA0ODg")) != ROOM


def test_first_to_join_gets_no_host_rights() -> None:
    limits = ConnectionLimits()
    eve = limits.comes("eve")
    limits.comes("alice", owner=True)
    for order in (KNOCK, EndCall(), RemoveMember(PeerId("alice-0001")), Appoint(PeerId("eve-0001"), "co-host")):
        eve.messages()
        limits.says(eve, order)
        assert [refused.code for refused in heard(eve, Refused)] == ["not-host"]
    assert limits.inside() == {"eve", "alice"}


def test_everyone_with_the_owner_key_is_a_host() -> None:
    limits = ConnectionLimits()
    first, second = limits.comes("alice", owner=True), limits.comes("bob", owner=True)
    [joined] = heard(second, Joined)
    assert [member.role for member in joined.roster.members] == ["host", "host"]
    limits.says(first, RemoveMember(peer(second)))
    assert [refused.code for refused in heard(first, Refused)] == ["not-host"]  # a host can't be removed


def test_host_can_join_a_full_and_a_locked_room() -> None:
    limits = ConnectionLimits(capacity=2)
    alice, _ = limits.comes("alice", owner=True), limits.comes("bob")
    limits.says(alice, Govern(Rules("locked")))
    assert isinstance(last(limits.comes("carol")), Refused)
    limits.comes("dave", owner=True)
    assert limits.inside() == {"alice", "bob", "dave"}
    assert last(limits.comes("erin", owner=True)) == Refused("room-full", "Every seat in this room is taken.")


def test_host_role_and_rules_survive_a_restart() -> None:
    limits = ConnectionLimits()
    alice = limits.comes("alice", owner=True)
    limits.says(alice, Govern(Rules("locked", history=False, screens=False)))
    [token] = [message.resume for message in heard(alice, NewToken)]
    limits.network.restart()
    again = limits.network.open("alice")
    limits.says(again, Resume(token, DisplayName("alice"), Count(0)))
    [joined] = heard(again, Joined)
    assert joined.roster.rules == Rules("locked", history=False, screens=False)
    assert joined.roster.members[0].role == "host"


def test_newest_rules_win_in_whatever_order_members_resume() -> None:
    limits = ConnectionLimits()
    alice, bob = limits.comes("alice", owner=True), limits.comes("bob")
    [old] = [message.resume for message in heard(bob, Joined)]
    limits.network.now = 1
    limits.network.lose(bob)  # misses the change
    limits.says(alice, KNOCK)
    [new] = [message.resume for message in heard(alice, NewToken)]
    limits.network.restart()
    for name, token in (("bob", old), ("alice", new)):
        client = limits.network.open(name)
        limits.says(client, Resume(token, DisplayName(name), Count(0)))
    assert heard(client, Joined)[0].roster.rules == Rules("knock")
    assert isinstance(last(limits.comes("carol")), Waiting)


def test_waiting_clients_are_admitted_when_a_resume_shows_the_room_is_open() -> None:
    limits = ConnectionLimits()
    alice, bob = limits.comes("alice", owner=True), limits.comes("bob")
    limits.says(alice, KNOCK)
    old = token_of(bob)
    limits.network.lose(bob)  # misses what follows
    limits.says(alice, Govern(Rules("open")))
    new = token_of(alice)
    limits.network.restart()
    limits.says(limits.network.open("bob"), Resume(old, DisplayName("bob"), Count(0)))
    carol = limits.comes("carol")
    assert isinstance(last(carol), Waiting)
    limits.says(limits.network.open("alice"), Resume(new, DisplayName("alice"), Count(0)))
    assert limits.inside() == {"alice", "bob", "carol"}


def token_of(client: Client) -> ResumeToken:
    """The client's newest resume token."""
    return [message.resume for message in client.messages() if isinstance(message, Joined | NewToken)][-1]


def test_demoted_co_host_is_not_restored_by_an_old_token() -> None:
    limits = ConnectionLimits()
    alice, eve = limits.comes("alice", owner=True), limits.comes("eve")
    limits.says(alice, Appoint(peer(eve), "co-host"))
    kept = token_of(eve)
    limits.says(alice, Appoint(peer(eve), "member"))
    new = token_of(alice)
    limits.network.restart()
    back = {}
    for name, token in (("eve", kept), ("alice", new)):  # until Alice is back, no one can know of the change
        back[name] = limits.network.open(name)
        limits.says(back[name], Resume(token, DisplayName(name), Count(0)))
    assert heard(back["eve"], Roster)[-1].members[1].role == "member"
    limits.says(back["eve"], RemoveMember(peer(alice)))
    assert [refused.code for refused in heard(back["eve"], Refused)] == ["not-host"]


def test_co_host_role_survives_a_restart() -> None:
    limits = ConnectionLimits()
    alice, bob = limits.comes("alice", owner=True), limits.comes("bob")
    limits.says(alice, Appoint(peer(bob), "co-host"))
    new = token_of(bob)
    limits.network.restart()
    back = limits.network.open("bob")
    limits.says(back, Resume(new, DisplayName("bob"), Count(0)))
    assert heard(back, Joined)[0].roster.members[0].role == "co-host"


def test_removed_member_is_not_restored_by_an_old_token() -> None:
    limits = ConnectionLimits()
    bob, eve = limits.comes("bob"), limits.comes("eve")
    kept = token_of(eve)
    limits.network.ask(ROOM, Remove(peer(eve)))
    new = token_of(bob)
    limits.network.restart()
    for name, token in (("bob", new), ("eve", kept)):
        back = limits.network.open(name)
        limits.says(back, Resume(token, DisplayName(name), Count(0)))
    assert [refused.code for refused in heard(back, Refused)] == ["removed"]
    assert limits.inside() == {"bob"}
    assert isinstance(last(limits.comes("carol")), Joined)  # without a host no one could admit newcomers


def test_waiting_client_is_admitted_only_once() -> None:
    limits = ConnectionLimits()
    alice = limits.comes("alice", owner=True)
    limits.says(alice, KNOCK)
    bob = limits.comes("bob")
    limits.says(alice, Admit(peer(bob)))
    assert len(heard(bob, Joined)) == 1
    for late in (Admit(peer(bob)), Deny(peer(bob))):
        alice.messages()
        limits.says(alice, late)
        assert [refused.code for refused in heard(alice, Refused)] == ["no-such-peer"]
    assert limits.inside() == {"alice", "bob"}


@pytest.mark.parametrize("how", ["leaves", "is cut off"])
def test_client_that_stopped_waiting_cannot_be_admitted(how: str) -> None:
    limits = ConnectionLimits()
    alice = limits.comes("alice", owner=True)
    limits.says(alice, KNOCK)
    bob = limits.comes("bob")
    if how == "leaves":
        limits.says(bob, Leave())
    else:
        limits.network.lose(bob)
    assert heard(alice, Knocks)[-1] == Knocks(())
    limits.says(alice, Admit(peer(bob)))
    assert limits.inside() == {"alice"}


def test_no_one_is_admitted_beyond_capacity() -> None:
    limits = ConnectionLimits(capacity=2)
    alice = limits.comes("alice", owner=True)
    limits.says(alice, KNOCK)
    waiting = [limits.comes(name) for name in ("bob", "carol")]
    for client in waiting:
        limits.says(alice, Admit(peer(client)))
    assert limits.inside() == {"alice", "bob"}
    assert heard(alice, Refused)[-1].code == "room-full"
    assert heard(waiting[1], Joined) == []


def test_opening_the_room_admits_waiting_clients_in_order() -> None:
    limits = ConnectionLimits(capacity=3)
    alice = limits.comes("alice", owner=True)
    limits.says(alice, KNOCK)
    for name in ("bob", "carol", "dave"):
        limits.comes(name)
    limits.says(alice, Govern(Rules()))
    assert limits.inside() == {"alice", "bob", "carol"}
    assert [knock.name for knock in heard(alice, Knocks)[-1].waiting] == ["dave"]


def test_waiting_room_is_bounded_and_takes_no_seats() -> None:
    limits = ConnectionLimits()
    alice = limits.comes("alice", owner=True)
    limits.says(alice, KNOCK)
    crowd = [limits.comes(f"mallory{number}") for number in range(WAITING_MAX + 2)]
    assert [refused.code for client in crowd for refused in heard(client, Refused)] == ["too-many-knocks"] * 2
    assert len(heard(alice, Knocks)[-1].waiting) == WAITING_MAX
    limits.network.lose(crowd[0])
    assert isinstance(last(limits.comes("bob")), Waiting)


def test_one_network_cannot_fill_the_waiting_room() -> None:
    limits = ConnectionLimits()
    alice = limits.comes("alice", owner=True)
    limits.says(alice, KNOCK)
    crowd = [limits.comes(f"mallory{number}", network="c0000201") for number in range(WAITING_OF_NETWORK_MAX + 1)]
    assert [refused.code for client in crowd for refused in heard(client, Refused)] == ["too-many-knocks"]
    assert isinstance(last(limits.comes("bob", network="c6336401")), Waiting)
    limits.network.lose(crowd[0])
    assert isinstance(last(limits.comes("carol", network="c0000201")), Waiting)


def test_removed_member_returns_only_when_a_host_admits_them() -> None:
    limits = ConnectionLimits()
    alice, eve = limits.comes("alice", owner=True), limits.comes("eve")
    [token] = [message.resume for message in heard(eve, Joined)]
    limits.says(alice, RemoveMember(peer(eve)))
    assert heard(eve, Refused)[-1].code == "removed"
    again = limits.network.open("eve")
    limits.says(again, Resume(token, DisplayName("eve"), Count(0)))
    assert heard(again, Refused)[-1].code == "removed"
    again = limits.network.open("eve")
    limits.says(again, Hello(ROOM), Join(DisplayName("eve")))
    assert isinstance(last(again), Waiting)
    assert limits.network.rooms[ROOM].vacated == [peer(eve)]  # her TURN credentials end


def test_removal_of_a_lost_member_is_announced_to_the_others() -> None:
    limits = ConnectionLimits()
    alice, bob, eve = limits.comes("alice", owner=True), limits.comes("bob"), limits.comes("eve")
    limits.says(alice, Appoint(peer(bob), "co-host"))
    limits.network.lose(eve)
    for now in (10, 20, SEAT_SECONDS):
        limits.network.pass_time(now)
        for client in (alice, bob):
            limits.network.say(client, '{"type": "pong"}')
    assert heard(bob, Roster)[-1].removed == ()
    limits.says(bob, RemoveMember(peer(eve)))
    assert heard(bob, Refused)[-1].code == "no-such-peer"  # a co-host can't remove her: her role is no longer known
    limits.says(alice, RemoveMember(peer(eve)))
    roster = heard(bob, Roster)[-1]
    assert (roster.removed, roster.rules.entry) == ((peer(eve),), "knock")
    limits.says(alice, RemoveMember(peer(eve)))
    assert bob.messages() == []  # already announced: no second entry displaces others from the list


def test_ending_the_call_also_ends_waiting() -> None:
    limits = ConnectionLimits()
    alice = limits.comes("alice", owner=True)
    limits.says(alice, KNOCK)
    bob = limits.comes("bob")
    limits.says(alice, EndCall())
    assert heard(bob, Refused)[-1].code == "ended"
    assert ROOM not in limits.network.rooms


class Model:
    """The model: who must be inside, by the rules of moderation alone."""

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
def test_no_one_is_inside_without_an_open_room_or_a_hosts_approval(steps: list[tuple[str, str, str]]) -> None:
    """Any messages in any order: only Alice is host, and co-hosts are those whom she appointed."""
    limits, model = ConnectionLimits(capacity=3), Model(capacity=3)
    people = {"alice": limits.comes("alice", owner=True)}
    keeper = limits.network.open("keeper")
    limits.says(keeper, Hello(ROOM))  # so that the room always exists
    for what, name, other in steps:
        if what == "come":
            if name not in (*model.inside, *model.waiting):
                people[name] = limits.comes(name, owner=name == "alice")
                model.come(name)
        elif name in model.inside:
            say(limits, model, people, (what, name, other))
        assert limits.inside() == set(model.inside)


def say(limits: ConnectionLimits, model: Model, people: dict[str, Client], step: tuple[str, str, str]) -> None:
    what, name, other = step
    if what == "leave":
        limits.says(people[name], Leave())
        model.leave(name)
    elif what in ("knock", "open", "locked"):
        limits.says(people[name], Govern(Rules(what)))  # type: ignore[arg-type]
        model.govern(name, what)
    elif other in people:
        limits.says(people[name], order(what, peer(people[other])))
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
    limits = ConnectionLimits()
    alice, bob = limits.comes("alice", owner=True), limits.comes("bob")
    limits.says(alice, Appoint(peer(bob), "co-host"))
    assert [member.role for member in heard(bob, Roster)[-1].members] == ["host", "co-host"]
    limits.says(alice, Appoint(peer(bob), "member"))
    assert [member.role for member in heard(bob, Roster)[-1].members] == ["host", "member"]
