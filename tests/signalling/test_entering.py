"""Entering where the site has a say: passes, its own code, and who was removed."""

from typing import Any

from msgspec.structs import replace
from tests.support.network import Client, Closed, Network

from eyeline.signalling.messages import (
    PERMISSIONS,
    Count,
    DisplayName,
    FromBroker,
    Hello,
    Join,
    Joined,
    PeerId,
    Refused,
    Resume,
    RoomName,
    Roster,
    Welcome,
    encode,
)
from eyeline.signalling.passes import PassVerifier, Person
from eyeline.signalling.refusals import REFUSALS, Code
from eyeline.signalling.requests import End, Enter, Look, Remove, SessionId
from eyeline.signalling.resume_token import TokenKey
from eyeline.signalling.session import Ask, Close, Ice, Post, SendMessage, Session, SessionPolicy

TEA = RoomName("tea")
ALICE = SessionId("alice-session")
HELLO, JOIN = encode(Hello(TEA)), encode(Join(DisplayName("Alice")))
ASKED: dict[str, Any] = {"guests": "ask"}


def fresh(**policy: Any) -> Session:
    """A session whose socket has just been opened."""
    return Session(ALICE, PeerId("alice-0001"), replace(SessionPolicy(TokenKey(bytes(32)), Ice()), **policy), 0)


def refusal(code: Code) -> Refused:
    """As the broker words it."""
    return Refused(code, REFUSALS[code].message)


def entered(network: Network, name: str, hello: Hello) -> Client:
    """Somebody who asks for a seat."""
    client = network.open(name)
    network.say(client, encode(hello))
    network.say(client, encode(Join(DisplayName(name))))
    return client


def answer(client: Client) -> FromBroker:
    """The last message that came."""
    return client.messages()[-1]


def test_a_join_that_comes_while_the_site_thinks_waits_for_its_word() -> None:
    session = fresh(**ASKED)
    assert session.receive(HELLO, 0) == [Ask(TEA)]
    assert session.receive(JOIN, 0) == []
    assert session.receive(JOIN, 0) == [SendMessage(refusal("out-of-turn"))]

    alice = Person(DisplayName("Alice of the site"), "host")
    enter = Enter(ALICE, PeerId("alice-0001"), DisplayName("Alice of the site"), alice)
    assert session.answer(alice, 8) == [Post(TEA, Look(ALICE)), Post(TEA, enter)]


def test_who_may_not_enter_is_told_so_and_the_socket_closes() -> None:
    session = fresh(**ASKED)
    session.receive(HELLO, 0)
    session.receive(JOIN, 0)
    assert session.answer(None, 1) == [SendMessage(refusal("not-allowed")), Close(4005, "not-allowed")]


def test_what_the_site_says_of_who_has_gone_is_nothing() -> None:
    session = fresh(**ASKED)
    session.receive(HELLO, 0)
    assert session.lose() == []
    assert session.answer(Person(), 1) == []


def test_a_pass_is_not_asked_about() -> None:
    passes = PassVerifier({}, secret=bytes(32), audience="eyeline")
    session = fresh(**ASKED, passes=passes)
    shown = passes.mint(TEA, Person(), 0, 60)
    assert session.receive(encode(Hello(TEA, shown)), 0) == [Post(TEA, Look(ALICE))]


def test_a_named_seat_keeps_its_name_through_a_restart() -> None:
    network = Network()
    shown = network.passes.mint(TEA, Person(DisplayName("Alice")), 0, 60)
    joined = answer(entered(network, "mallory", Hello(TEA, shown)))
    assert isinstance(joined, Joined)
    network.restart()
    again = network.open("mallory")
    network.say(again, encode(Resume(joined.resume, DisplayName("Mallory"), Count(0))))
    back = answer(again)
    assert isinstance(back, Joined)
    assert [member.name for member in back.roster.members] == ["Alice"]


def test_what_somebody_may_send_is_told_to_all_and_lasts_through_a_restart() -> None:
    network = Network()
    bob = entered(network, "bob", Hello(TEA))
    shown = network.passes.mint(TEA, Person(may=("chat",)), 0, 60)
    joined = answer(entered(network, "watcher", Hello(TEA, shown)))
    roster = answer(bob)
    assert isinstance(joined, Joined)
    assert isinstance(roster, Roster)
    assert [member.may for member in roster.members] == [PERMISSIONS, ("chat",)]
    network.restart()
    again = network.open("watcher")
    network.say(again, encode(Resume(joined.resume, DisplayName("watcher"), Count(0))))
    back = answer(again)
    assert isinstance(back, Joined)
    assert [member.may for member in back.roster.members] == [("chat",)]


def test_who_looks_in_is_told_what_they_may_send_once_inside() -> None:
    network = Network()
    client = network.open("watcher")
    network.say(client, encode(Hello(TEA, network.passes.mint(TEA, Person(may=()), 0, 60))))
    assert answer(client) == Welcome(Roster(Count(0), (), complete=True), Count(4), (), ())


def test_who_was_removed_is_kept_out_by_what_they_are_for_the_site_while_the_call_lasts() -> None:
    network = Network()
    entered(network, "bob", Hello(TEA))
    mallory = Hello(TEA, network.passes.mint(TEA, Person(sub="user-7"), 0, 60))
    assert isinstance(answer(entered(network, "mallory", mallory)), Joined)
    network.ask(TEA, Remove(PeerId("mallory-0001")))
    assert entered(network, "again", mallory).got[-1] == Closed(4006, "removed")

    network.ask(TEA, End())
    assert TEA not in network.rooms, "whoever was turned away is not in the lobby any more"
