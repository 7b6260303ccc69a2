"""The wall clock steps (NTP) or the monotonic clock stands still (suspend): Unix times are judged by the time now."""

import pytest
from tests.support.network import Client, Network

from eyeline.signalling.codec import encode
from eyeline.signalling.messages import (
    Count,
    DisplayName,
    FromBroker,
    Hello,
    Join,
    Joined,
    Refused,
    Resume,
    RoomName,
    Welcome,
)
from eyeline.signalling.passes import Person
from eyeline.signalling.room import CLOCK_CHECK_SECONDS

TEA = RoomName("tea")
HOURS = 3600
STEPS = (2 * HOURS, -2 * HOURS)


class SteppingNetwork(Network):
    """A broker whose wall clock differs from its monotonic clock."""

    def __init__(self) -> None:
        super().__init__()
        self.step(1_000_000)

    def step(self, seconds: float) -> None:
        self.wall_clock.unix_offset += seconds

    @property
    def unix_now(self) -> float:
        return self.wall_clock.unix(self.now)

    def join(self, name: str, person: Person, until: float) -> Client:
        """A client joins with a pass made now."""
        client = self.open(name)
        shown = self.passes.mint(TEA, person, self.unix_now, until)
        self.send(client, encode(Hello(TEA, shown)))
        self.send(client, encode(Join(DisplayName(name))))
        return client


def answers(client: Client) -> list[FromBroker]:
    return client.messages()


def seat(client: Client) -> Joined:
    [joined] = [message for message in client.messages() if isinstance(message, Joined)]
    return joined


@pytest.mark.parametrize("step", STEPS)
def test_pass_made_after_a_step_is_valid_at_once(step: float) -> None:
    network = SteppingNetwork()
    network.step(step)

    assert seat(network.join("alice", Person(), network.unix_now + 60)).you


def test_pass_made_before_a_step_forward_has_expired() -> None:
    network = SteppingNetwork()
    shown = network.passes.mint(TEA, Person(), network.unix_now, network.unix_now + 60)
    network.step(2 * HOURS)
    alice = network.open("alice")
    network.send(alice, encode(Hello(TEA, shown)))

    [refused] = [message for message in answers(alice) if isinstance(message, Refused)]
    assert refused.code == "pass-expired"


def test_pass_that_expires_in_the_lobby_by_a_step_no_longer_gives_a_seat() -> None:
    network = SteppingNetwork()
    alice = network.open("alice")
    network.send(alice, encode(Hello(TEA, network.passes.mint(TEA, Person(), network.unix_now, network.unix_now + 60))))
    [welcome] = answers(alice)
    assert isinstance(welcome, Welcome)
    network.step(2 * HOURS)
    network.send(alice, encode(Join(DisplayName("Alice"))))

    [refused] = [message for message in answers(alice) if isinstance(message, Refused)]
    assert refused.code == "pass-expired"


@pytest.mark.parametrize("step", STEPS)
def test_seat_can_be_resumed_after_a_step(step: float) -> None:
    network = SteppingNetwork()
    alice = network.join("alice", Person(), network.unix_now + 60)
    token = seat(alice).resume
    network.lose(alice)
    network.step(step)
    again = network.open("alice")
    network.send(again, encode(Resume(token, DisplayName("Alice"), Count(0))))

    assert seat(again).you == "alice-0001"


@pytest.mark.parametrize("step", STEPS)
def test_time_left_is_counted_by_the_wall_clock_of_that_moment(step: float) -> None:
    network = SteppingNetwork()
    network.step(step)
    alice = network.join("alice", Person(ends=network.unix_now + 600), network.unix_now + 60)

    assert seat(alice).ends_in_ms == 600_000


def test_call_ends_soon_after_the_wall_clock_steps_past_its_end() -> None:
    network = SteppingNetwork()
    alice = network.join("alice", Person(ends=network.unix_now + HOURS), network.unix_now + 60)
    timer = network.rooms[TEA].next_wake()  # set before the step
    network.step(2 * HOURS)
    assert timer is not None
    assert timer <= network.now + CLOCK_CHECK_SECONDS
    network.pass_time(timer)

    [refused] = [message for message in answers(alice) if isinstance(message, Refused)]
    assert refused.code == "time-up"


def test_call_goes_on_until_its_end_by_the_wall_clock_that_was_set_back() -> None:
    network = SteppingNetwork()
    alice = network.join("alice", Person(ends=network.unix_now + HOURS), network.unix_now + 60)
    network.step(-2 * HOURS)
    for _ in range(2 * HOURS // 5):
        network.pass_time(network.now + 5)
        network.send(alice, '{"type": "pong"}')

    assert alice.open


def test_call_ends_in_time_after_a_suspend() -> None:
    network = SteppingNetwork()
    alice = network.join("alice", Person(ends=network.unix_now + 600), network.unix_now + 60)
    network.step(595)  # the monotonic clock stood still
    network.pass_time(network.now + 4.9)
    assert alice.open

    network.pass_time(network.now + 5.2)
    assert not alice.open
