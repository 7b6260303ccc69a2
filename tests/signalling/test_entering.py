"""Authorization on join: passes, decisions by the site's own code, and removed members."""

from typing import Any

from msgspec.structs import replace
from tests.support.network import Client, Closed, Network

from eyeline.signalling.codec import encode
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
)
from eyeline.signalling.passes import PassVerifier, Person
from eyeline.signalling.refusals import REFUSALS, Code
from eyeline.signalling.requests import Disconnect, End, EnterLobby, Remove, RequestSeat, SessionId
from eyeline.signalling.resume_token import TokenKey
from eyeline.signalling.session import Close, Ice, Post, RequestAuthorization, SendMessage, Session, SessionPolicy

TEA = RoomName("tea")
ALICE = SessionId("alice-session")
HELLO, JOIN = encode(Hello(TEA)), encode(Join(DisplayName("Alice")))
ASKED: dict[str, Any] = {"guests": "ask"}


def fresh(**policy: Any) -> Session:
    """A session whose socket was just opened."""
    return Session(ALICE, PeerId("alice-0001"), replace(SessionPolicy(TokenKey(bytes(32)), Ice()), **policy), 0)


def refusal(code: Code) -> Refused:
    """The refusal with the broker's message for this code."""
    return Refused(code, REFUSALS[code].message)


def entered(network: Network, name: str, hello: Hello) -> Client:
    """A client that sends this message and then asks to join."""
    client = network.open(name)
    network.send(client, encode(hello))
    network.send(client, encode(Join(DisplayName(name))))
    return client


def answer(client: Client) -> FromBroker:
    """The last message received."""
    return client.messages()[-1]


def test_join_waits_until_the_site_has_decided() -> None:
    session = fresh(**ASKED)
    assert session.receive(HELLO, 0) == [RequestAuthorization(TEA)]
    assert session.receive(JOIN, 0) == []
    assert session.receive(JOIN, 0) == [SendMessage(refusal("out-of-turn"))]

    alice = Person(DisplayName("Alice of the site"), "host")
    enter = RequestSeat(ALICE, PeerId("alice-0001"), DisplayName("Alice of the site"), alice)
    assert session.authorized(alice, 8) == [Post(TEA, EnterLobby(ALICE)), Post(TEA, enter)]


def test_denied_client_gets_a_refusal_and_the_socket_closes() -> None:
    session = fresh(**ASKED)
    session.receive(HELLO, 0)
    session.receive(JOIN, 0)
    assert session.authorized(None, 1) == [SendMessage(refusal("not-allowed")), Close(4005, "not-allowed")]


def test_person_whose_time_is_up_sees_the_room_and_is_then_refused() -> None:
    session = fresh(**ASKED)
    session.receive(HELLO, 0)
    session.receive(JOIN, 0)
    over = Person(ends=7)
    assert session.authorized(over, 8) == [
        Post(TEA, EnterLobby(ALICE)),
        SendMessage(refusal("time-up")),
        Post(TEA, Disconnect(ALICE)),
        Close(4009, "time-up"),
    ]


def test_decision_about_a_disconnected_client_has_no_effect() -> None:
    session = fresh(**ASKED)
    session.receive(HELLO, 0)
    assert session.socket_lost() == []
    assert session.authorized(Person(), 1) == []


def test_valid_pass_needs_no_decision_by_the_site() -> None:
    passes = PassVerifier({}, secret=bytes(32), audience="eyeline")
    session = fresh(**ASKED, passes=passes)
    shown = passes.mint(TEA, Person(), 0, 60)
    assert session.receive(encode(Hello(TEA, shown)), 0) == [Post(TEA, EnterLobby(ALICE))]


def test_name_from_a_pass_survives_a_restart() -> None:
    network = Network()
    shown = network.passes.mint(TEA, Person(DisplayName("Alice")), 0, 60)
    joined = answer(entered(network, "mallory", Hello(TEA, shown)))
    assert isinstance(joined, Joined)
    network.restart()
    again = network.open("mallory")
    network.send(again, encode(Resume(joined.resume, DisplayName("Mallory"), Count(0))))
    back = answer(again)
    assert isinstance(back, Joined)
    assert [member.name for member in back.roster.members] == ["Alice"]


def test_permissions_are_sent_to_everyone_and_survive_a_restart() -> None:
    network = Network()
    bob = entered(network, "bob", Hello(TEA))
    shown = network.passes.mint(TEA, Person(permissions=("chat",)), 0, 60)
    joined = answer(entered(network, "watcher", Hello(TEA, shown)))
    roster = answer(bob)
    assert isinstance(joined, Joined)
    assert isinstance(roster, Roster)
    assert [member.may for member in roster.members] == [PERMISSIONS, ("chat",)]
    network.restart()
    again = network.open("watcher")
    network.send(again, encode(Resume(joined.resume, DisplayName("watcher"), Count(0))))
    back = answer(again)
    assert isinstance(back, Joined)
    assert [member.may for member in back.roster.members] == [("chat",)]


def test_visitor_in_the_lobby_learns_their_permissions() -> None:
    network = Network()
    client = network.open("watcher")
    network.send(client, encode(Hello(TEA, network.passes.mint(TEA, Person(permissions=()), 0, 60))))
    assert answer(client) == Welcome(Roster(Count(0), (), complete=True), Count(4), (), ())


def test_visitor_in_the_lobby_learns_their_role() -> None:
    network = Network()
    client = network.open("carol")
    network.send(client, encode(Hello(TEA, network.passes.mint(TEA, Person(role="co-host"), 0, 60))))
    assert answer(client) == Welcome(Roster(Count(0), (), complete=True), Count(4), (), role="co-host")


def test_removed_user_is_kept_out_by_their_subject_until_the_call_ends() -> None:
    network = Network()
    entered(network, "bob", Hello(TEA))
    mallory = Hello(TEA, network.passes.mint(TEA, Person(sub="user-7"), 0, 60))
    assert isinstance(answer(entered(network, "mallory", mallory)), Joined)
    network.ask(TEA, Remove(PeerId("mallory-0001")))
    assert entered(network, "again", mallory).got[-1] == Closed(4006, "removed")

    network.ask(TEA, End())
    assert TEA not in network.rooms, "refused clients left the lobby"
