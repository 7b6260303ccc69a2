"""Calls with an end time: every seat ends with the call, and none can be resumed."""

from tests.support.network import Client, Closed, Network

from eyeline.signalling.codec import encode
from eyeline.signalling.messages import (
    Admit,
    Count,
    DisplayName,
    FromBroker,
    Govern,
    Hello,
    Join,
    Joined,
    Knocks,
    Leave,
    PeerId,
    Refused,
    Resume,
    RoomName,
    Roster,
    Rules,
    ToBroker,
)
from eyeline.signalling.passes import Person

TEA = RoomName("tea")
OVER = Closed(4009, "time-up")
HOST = Person(role="host", ends=600)


def send(network: Network, client: Client, *messages: ToBroker) -> None:
    for message in messages:
        network.send(client, encode(message))


def join(network: Network, name: str, person: Person | None = None) -> Client:
    """A client joins with a pass that is valid for a day."""
    shown = None if person is None else network.passes.mint(TEA, person, network.now, network.now + 86_400)
    client = network.open(name)
    send(network, client, Hello(TEA, shown), Join(DisplayName(name)))
    return client


def resume(network: Network, name: str, joined: Joined) -> Client:
    """A client resumes its seat on a new socket."""
    client = network.open(name)
    send(network, client, Resume(joined.resume, DisplayName(name), Count(0)))
    return client


def answer(client: Client) -> FromBroker:
    return client.messages()[-1]


def joined(client: Client) -> Joined:
    """The client's `joined` message."""
    [seat] = [message for message in client.messages() if isinstance(message, Joined)]
    return seat


def wait(network: Network, until: float, *clients: Client) -> None:
    """Let time pass while these clients stay connected."""
    for now in range(int(network.now), int(until), 5):
        network.pass_time(now)
        for client in clients:
            network.send(client, '{"type": "pong"}')
    network.pass_time(until)


def test_room_ends_at_its_end_time_for_everyone() -> None:
    network = Network()
    people = [join(network, "alice", HOST), join(network, "bob", Person(ends=600))]
    wait(network, 599.9, *people)
    assert [client.open for client in people] == [True, True]
    network.pass_time(600)
    assert [client.got[-1] for client in people] == [OVER, OVER]
    assert network.rooms == {}


def test_remaining_time_is_sent_on_join_and_on_resume() -> None:
    network = Network()
    alice = join(network, "alice", HOST)
    seat = joined(alice)
    assert seat.ends_in_ms == 600_000
    network.lose(alice)
    network.pass_time(20)
    assert joined(resume(network, "alice", seat)).ends_in_ms == 580_000
    network.restart()
    network.pass_time(30)
    assert joined(resume(network, "alice", seat)).ends_in_ms == 570_000


def test_expired_seat_cannot_be_resumed_even_after_a_restart() -> None:
    network = Network()
    alice, bob = join(network, "alice", HOST), join(network, "bob", Person(ends=600))
    seat, other = joined(alice), joined(bob)
    wait(network, 590, alice, bob)
    network.lose(bob)
    network.pass_time(601)
    assert resume(network, "bob", other).got[-1] == OVER
    network.restart()
    assert resume(network, "alice", seat).got[-1] == OVER


def test_member_whose_time_is_up_is_listed_as_removed() -> None:
    network = Network()
    alice, bob = join(network, "alice", HOST), join(network, "bob", Person(ends=10))
    gone = joined(bob).you
    wait(network, 9, alice, bob)
    network.pass_time(10)
    rosters = [message for message in alice.messages() if isinstance(message, Roster)]
    assert [(len(roster.members), roster.removed) for roster in rosters[-1:]] == [(1, (gone,))]


def test_link_is_refused_after_the_end_time() -> None:
    network = Network()
    network.pass_time(600)
    assert join(network, "alice", HOST).got[-1] == OVER


def test_join_is_refused_when_the_time_ran_out_in_the_lobby() -> None:
    network = Network()
    alice = network.open("alice")
    send(network, alice, Hello(TEA, network.passes.mint(TEA, HOST, 0, 86_400)))
    wait(network, 601, alice)
    send(network, alice, Join(DisplayName("Alice")))
    assert alice.got[-1] == OVER


def test_member_without_an_end_time_stays_when_the_others_time_out() -> None:
    network = Network()
    alice, admitted = join(network, "alice"), join(network, "guest", Person(ends=60))
    wait(network, 60, alice, admitted)
    assert admitted.got[-1] == OVER
    roster = [message for message in alice.messages() if isinstance(message, Roster)][-1]
    assert [member.name for member in roster.members] == ["alice"]
    send(network, alice, Leave())
    assert network.rooms == {}


def test_time_limit_also_ends_waiting_in_the_waiting_room() -> None:
    network = Network()
    alice = join(network, "alice", Person(role="host"))
    send(network, alice, Govern(Rules("knock")))
    bob = join(network, "bob", Person(ends=60))
    wait(network, 60, alice, bob)
    assert bob.got[-1] == OVER
    knocks = [message for message in alice.messages() if isinstance(message, Knocks)]
    assert [len(each.waiting) for each in knocks] == [1, 0]
    send(network, alice, Admit(PeerId("bob-0001")))
    assert isinstance(answer(alice), Refused)
