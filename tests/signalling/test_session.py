"""One session, beyond what transcripts cover: order of effects, timers, late news, a crowded lobby."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.network import Client, Network

from eyeline.signalling.codec import encode
from eyeline.signalling.messages import (
    Count,
    DisplayName,
    FromBroker,
    Hello,
    IceServer,
    IceServers,
    Join,
    Joined,
    Leave,
    Member,
    Payload,
    PeerId,
    Ping,
    Pong,
    Refused,
    Resume,
    ResumeToken,
    RoomName,
    Roster,
    Signal,
    Signalled,
    Welcome,
)
from eyeline.signalling.refusals import REFUSALS, Code
from eyeline.signalling.requests import (
    Admitted,
    Disconnect,
    EnterLobby,
    LeaveRoom,
    LobbyState,
    News,
    RelaySignal,
    RequestSeat,
    ResumeSeat,
    SessionId,
)
from eyeline.signalling.resume_token import Claim, TokenKey
from eyeline.signalling.room import LOBBY_SESSIONS, RETURN_SECONDS, BrokerRun, Room
from eyeline.signalling.seat import KEPT_SIGNALS
from eyeline.signalling.session import (
    HELLO_WITHIN,
    PING_AFTER,
    SILENCE_MAX,
    Close,
    Ice,
    Post,
    SendMessage,
    Session,
    SessionPolicy,
)
from eyeline.signalling.wall_clock import WallClock

TEA = RoomName("tea")
ALICE = SessionId("alice-session")
ROSTER = Roster(Count(1), (Member(PeerId("alice-0001"), DisplayName("Alice"), Count(1)),), True)
CLAIM = Claim(TEA, PeerId("alice-0001"), Count(1), "life-1")
HELLO, JOIN, LEAVE, PING = encode(Hello(TEA)), encode(Join(DisplayName("Alice"))), encode(Leave()), encode(Ping())


def fresh(now: float = 0, **policy: Any) -> Session:
    """A session whose socket was just opened."""
    return Session(ALICE, PeerId("alice-0001"), replace(SessionPolicy(TokenKey(bytes(32)), Ice()), **policy), now)


def seated(now: float = 0) -> Session:
    """A session that has a seat."""
    session = fresh(now)
    session.receive(HELLO, now)
    session.receive(JOIN, now)
    session.on_news(Admitted(CLAIM, ROSTER, Count(0), False), now)
    return session


def refusal(code: Code) -> Refused:
    """The refusal with the broker's message for this code."""
    return Refused(code, REFUSALS[code].message)


def newest(client: Client) -> FromBroker:
    """The last message received."""
    return client.messages()[-1]


def joined(network: Network, name: str) -> tuple[Client, ResumeToken]:
    """A client in the room, and its resume token."""
    client = network.open(name)
    network.send(client, HELLO)
    network.send(client, encode(Join(DisplayName(name))))
    answer = newest(client)
    assert isinstance(answer, Joined)
    return client, answer.resume


def resumed(network: Network, name: str, token: ResumeToken) -> list[FromBroker]:
    """The messages that a resuming client gets."""
    client = network.open(name)
    network.send(client, encode(Resume(token, DisplayName(name), Count(0))))
    return client.messages()


def test_leaving_gives_up_the_seat_and_then_closes() -> None:
    assert seated().receive(LEAVE, 1) == [Post(TEA, LeaveRoom(ALICE)), Close(1000, "left")]


def test_leaving_before_hello_only_closes() -> None:
    assert fresh().receive(LEAVE, 1) == [Close(1000, "left")]


def test_leaving_while_a_join_is_pending_gives_up_the_seat() -> None:
    session = fresh()
    session.receive(HELLO, 0)
    session.receive(JOIN, 0)

    assert session.receive(LEAVE, 0) == [Post(TEA, LeaveRoom(ALICE)), Close(1000, "left")]
    assert session.on_news(Admitted(CLAIM, ROSTER, Count(0), False), 0) == []


def test_fatal_refusal_is_sent_before_the_socket_closes_and_keeps_the_seat() -> None:
    assert seated().receive("x" * 70_000, 1) == [
        SendMessage(refusal("too-large")),
        Post(TEA, Disconnect(ALICE)),
        Close(1009, "too-large"),
    ]


def test_slow_client_is_disconnected_and_keeps_its_seat() -> None:
    session = seated()

    assert session.drop("too-slow") == [
        SendMessage(refusal("too-slow")),
        Post(TEA, Disconnect(ALICE)),
        Close(4004, "too-slow"),
    ]
    assert session.drop("too-slow") == []


def test_losing_a_socket_twice_has_one_effect() -> None:
    session = seated()

    assert session.socket_lost() == [Post(TEA, Disconnect(ALICE))]
    assert session.socket_lost() == []


def test_replaced_session_does_not_lose_the_seat_of_its_successor() -> None:
    session = seated()

    assert session.on_news(refusal("replaced"), 1) == [SendMessage(refusal("replaced")), Close(4002, "replaced")]
    assert session.socket_lost() == []


@pytest.mark.parametrize(
    "news", [ROSTER, LobbyState(ROSTER, 4), Signalled(PeerId("bob-00001"), Count(1), Payload("x"))]
)
def test_late_news_is_dropped(news: Roster | LobbyState | Signalled) -> None:
    session = seated()
    session.socket_lost()

    assert session.on_news(news, 1) == []


def test_messages_after_the_end_are_ignored() -> None:
    session = seated()
    session.receive(LEAVE, 1)

    assert session.receive(PING, 2) == session.wake(100) == session.drain(1) == session.socket_lost() == []
    assert session.next_wake() is None


def test_hello_timeout_runs_whatever_else_is_sent() -> None:
    session = fresh(now=10)
    session.receive(PING, 10 + HELLO_WITHIN - 1)

    assert session.next_wake() == 10 + HELLO_WITHIN
    assert session.wake(10 + HELLO_WITHIN) == [SendMessage(refusal("hello-late")), Close(4001, "hello-late")]


def test_silent_client_gets_one_ping_and_is_then_disconnected() -> None:
    session = seated(now=10)

    assert session.next_wake() == 10 + PING_AFTER
    assert session.wake(10 + PING_AFTER) == [SendMessage(Ping())]
    assert session.wake(10 + PING_AFTER) == []
    assert session.next_wake() == 10 + SILENCE_MAX
    assert session.wake(10 + SILENCE_MAX)[0] == SendMessage(refusal("silent"))


@pytest.mark.parametrize("sign_of_life", [encode(Pong()), PING, "not JSON"])
def test_any_frame_counts_as_keepalive(sign_of_life: str) -> None:
    session = seated()
    session.wake(PING_AFTER)
    session.receive(sign_of_life, 12)

    assert session.next_wake() == 12 + PING_AFTER
    assert session.wake(SILENCE_MAX) == []


@given(
    st.sampled_from([fresh, seated]),
    st.lists(st.tuples(st.floats(0, 20), st.sampled_from([HELLO, JOIN, PING, encode(Pong()), LEAVE, "not JSON"]))),
)
def test_message_never_brings_the_deadline_closer(begin: Any, said: list[tuple[float, str]]) -> None:
    """The edge relies on it: it doesn't look at its timer for each message."""
    session, now = begin(), 0.0
    for pause, message in said:
        now += pause
        before = session.next_wake()
        session.receive(message, now)
        after = session.next_wake()
        assert after is None or (before is not None and after >= before)
        if after is not None and after <= now:
            session.wake(now)


def test_waking_too_early_does_nothing() -> None:
    assert seated().wake(PING_AFTER - 0.001) == []


def test_full_lobby_restarts_the_hello_timeout() -> None:
    session = fresh()
    session.receive(HELLO, 3)

    assert session.on_news(refusal("room-full"), 3) == [SendMessage(refusal("room-full"))]
    assert session.next_wake() == 3 + HELLO_WITHIN
    assert session.receive(HELLO, 4) == [Post(TEA, EnterLobby(ALICE))]


def test_room_full_leaves_a_visitor_in_the_lobby() -> None:
    session = fresh()
    session.receive(HELLO, 0)
    session.receive(JOIN, 0)
    session.on_news(refusal("room-full"), 0)

    assert session.on_news(ROSTER, 0) == [SendMessage(ROSTER)]
    assert session.receive(JOIN, 0) == [Post(TEA, RequestSeat(ALICE, PeerId("alice-0001"), DisplayName("Alice")))]


def test_message_rate_is_limited_and_the_burst_refills() -> None:
    session = fresh(messages_per_second=2, burst=3)

    assert [session.receive(PING, now) for now in (0, 0, 0, 0.5, 1, 3)] == [[SendMessage(Pong())]] * 6
    assert session.receive(PING, 3) == [SendMessage(Pong())]
    assert session.receive(PING, 3) == [SendMessage(Pong())]
    assert session.receive(PING, 3)[0] == SendMessage(refusal("too-fast"))


def test_refused_messages_count_against_the_rate_limit() -> None:
    session = fresh(messages_per_second=0.001, burst=2)

    assert session.receive("x", 0) == session.receive("x", 0) == [SendMessage(refusal("malformed"))]
    assert session.receive("x", 0)[-1] == Close(4008, "too-fast")


@given(st.lists(st.sampled_from([HELLO, JOIN, LEAVE, PING, "x"]) | st.binary(max_size=30), max_size=20))
@settings(deadline=None)
def test_every_frame_has_an_effect_until_the_session_is_over(frames: list[str | bytes]) -> None:
    session = fresh()
    for frame in frames:
        over = session.next_wake() is None
        assert (session.receive(frame, 0) == []) is over


def test_full_lobby_does_not_prevent_entering_it_or_joining() -> None:
    network = Network()
    guests = [network.open("mallory") for _ in range(LOBBY_SESSIONS)]
    alice = network.open("alice")
    for looker in [*guests, alice]:
        network.send(looker, HELLO)

    assert isinstance(newest(alice), Welcome)
    joined(network, "bob")
    assert isinstance(newest(alice), Roster)
    network.send(alice, JOIN)
    assert isinstance(newest(alice), Joined)


def test_roster_updates_in_the_lobby_are_bounded() -> None:
    network = Network()
    lookers = [network.open("carol") for _ in range(LOBBY_SESSIONS)]
    for looker in lookers:
        network.send(looker, HELLO)
        looker.got.clear()
    joined(network, "bob")  # through the lobby

    assert [len(looker.got) for looker in lookers] == [0] + [1] * (LOBBY_SESSIONS - 1)
    network.send(lookers[0], JOIN)
    assert isinstance(newest(lookers[0]), Joined)


def test_full_lobby_does_not_prevent_resuming() -> None:
    network = Network()
    alice, token = joined(network, "alice")
    network.lose(alice)
    for _ in range(LOBBY_SESSIONS):
        network.send(network.open("carol"), HELLO)

    [answer] = resumed(network, "alice", token)
    assert isinstance(answer, Joined)


def test_joins_in_the_same_millisecond_are_ordered() -> None:
    room = Room(TEA, capacity=2, broker_run=BrokerRun("life-1", 0, WallClock(1_000_000)), now=0)
    first = room.receive(RequestSeat(ALICE, PeerId("alice-0001"), DisplayName("Alice")), 1)
    second = room.receive(RequestSeat(SessionId("bob"), PeerId("bob-0001"), DisplayName("Bob")), 1)

    orders = [tell.news.claim.order for tell in first + second if isinstance(tell.news, Admitted)]
    assert orders == [1_000_001_000, 1_000_001_001]


def test_newcomer_is_ordered_after_earlier_members_even_if_the_clock_went_back() -> None:
    room = Room(TEA, capacity=2, broker_run=BrokerRun("life-2", 0, WallClock()), now=0)
    claim = Claim(TEA, PeerId("bob-0001"), Count(9_000_000), "life-1")
    room.receive(ResumeSeat(SessionId("bob"), claim, DisplayName("Bob"), Count(0)), 1)

    [tell, *_] = room.receive(RequestSeat(ALICE, PeerId("alice-0001"), DisplayName("Alice")), 1)
    assert isinstance(tell.news, Admitted)
    assert tell.news.claim.order > claim.order


@pytest.mark.parametrize(
    "late",
    [LeaveRoom(ALICE), Disconnect(ALICE), RelaySignal(ALICE, PeerId("bob-0001"), Count(1), Payload("x"))],
    ids=lambda late: type(late).__name__,
)
def test_late_frames_of_a_replaced_socket_are_ignored(late: LeaveRoom | Disconnect | RelaySignal) -> None:
    room = Room(TEA, capacity=2, broker_run=BrokerRun("life-1", 0, WallClock()), now=0)
    room.receive(RequestSeat(ALICE, CLAIM.peer, DisplayName("Alice")), 0)
    room.receive(RequestSeat(SessionId("bob"), PeerId("bob-0001"), DisplayName("Bob")), 0)
    room.receive(ResumeSeat(SessionId("again"), CLAIM, DisplayName("Alice"), Count(0)), 1)

    assert room.receive(late, 1) == []
    assert room.next_wake() is None


@pytest.mark.parametrize(("said", "gap"), [(0, False), (KEPT_SIGNALS, False), (KEPT_SIGNALS + 1, True)])
def test_gap_is_reported_as_soon_as_one_signal_is_lost(said: int, gap: bool) -> None:
    network = Network()
    alice, _ = joined(network, "alice")
    bob, token = joined(network, "bob")
    network.lose(bob)
    for n in range(1, said + 1):
        network.send(alice, encode(Signal(PeerId("bob-0001"), Count(n), Payload("x"))))

    answer, *signals = resumed(network, "bob", token)
    assert isinstance(answer, Joined)
    assert (answer.gap, len(signals)) == (gap, min(said, KEPT_SIGNALS))


@pytest.mark.parametrize(("payload", "kept"), [("x" * 60_000, 4), ("x" * 29_999 + "💜", 1)])
def test_queued_signals_are_limited_to_256_kib(payload: str, kept: int) -> None:
    network = Network()
    alice, _ = joined(network, "alice")
    bob, token = joined(network, "bob")
    network.lose(bob)
    for n in range(1, 7):
        network.send(alice, encode(Signal(PeerId("bob-0001"), Count(n), Payload(payload))))

    answer, *signals = resumed(network, "bob", token)
    assert isinstance(answer, Joined)
    assert answer.gap
    assert [signal.n for signal in signals if isinstance(signal, Signalled)] == [3, 4, 5, 6][-kept:]


def returned(room: Room, claim: Claim, now: float) -> News:
    """The room's first response to a client that resumes with this claim."""
    return room.receive(ResumeSeat(SessionId("again"), claim, DisplayName("Alice"), Count(0)), now)[0].news


def test_seats_of_the_previous_run_can_be_resumed_for_two_minutes() -> None:
    late = Room(TEA, capacity=2, broker_run=BrokerRun("life-2", began=100, wall_clock=WallClock()), now=100)

    assert returned(late, CLAIM, 100 + RETURN_SECONDS) == refusal("seat-gone")
    assert isinstance(returned(late, CLAIM, 100 + RETURN_SECONDS - 0.1), Admitted)


@pytest.mark.parametrize("how", ["left", "ran out"])
def test_seat_of_the_previous_run_cannot_be_resumed_once_given_up(how: str) -> None:
    room = Room(TEA, capacity=2, broker_run=BrokerRun("life-2", began=0, wall_clock=WallClock()), now=0)
    room.receive(RequestSeat(SessionId("bob"), PeerId("bob-0001"), DisplayName("Bob")), 0)
    assert isinstance(returned(room, CLAIM, 1), Admitted)
    if how == "left":
        room.receive(LeaveRoom(SessionId("again")), 2)
    else:
        room.receive(Disconnect(SessionId("again")), 2)
        room.wake(32)

    assert returned(room, CLAIM, 33) == refusal("seat-gone")


def test_signals_must_be_numbered_without_a_gap() -> None:
    network = Network()
    alice, _ = joined(network, "alice")
    bob, _ = joined(network, "bob")
    network.send(alice, encode(Signal(PeerId("bob-0001"), Count(2), Payload("second"))))
    assert newest(alice) == refusal("skipped")
    bob.got.clear()
    for n, word in [(1, "first"), (2, "second")]:
        network.send(alice, encode(Signal(PeerId("bob-0001"), Count(n), Payload(word))))

    assert [signal.data for signal in bob.messages() if isinstance(signal, Signalled)] == ["first", "second"]


def test_roster_versions_increase_even_across_restarts() -> None:
    network = Network()
    versions = []
    for _ in range(3):
        alice = network.open("alice")
        network.send(alice, HELLO)
        network.send(alice, JOIN)
        answer = newest(alice)
        assert isinstance(answer, Joined)
        versions.append(answer.roster.version)
        network.send(alice, LEAVE)
        assert not network.rooms
        network.pass_time(network.now + 0.01)
    network.restart()
    network.pass_time(network.now + 0.01)
    alice = network.open("alice")
    network.send(alice, HELLO)
    welcome = newest(alice)
    assert isinstance(welcome, Welcome)

    assert versions == sorted(set(versions))
    assert welcome.roster.version > versions[-1]


def test_member_gets_renewed_turn_credentials_and_visitor_gets_none() -> None:
    asked: list[tuple[str, str]] = []

    def mint(room: str, peer: str) -> tuple[IceServer, ...]:
        asked.append((room, peer))
        return (IceServer(urls=("turn:example.org",), username=f"number {len(asked)}", credential="x"),)

    session = Session(
        ALICE, PeerId("alice-0001"), SessionPolicy(TokenKey(bytes(32)), Ice((), mint, renew_after=300)), 0
    )
    session.receive(HELLO, 0)
    assert asked == []
    session.receive(JOIN, 0)
    [send] = session.on_news(Admitted(CLAIM, ROSTER, Count(0), False), 0)
    assert isinstance(send, SendMessage)
    assert isinstance(send.message, Joined)
    assert [server.username for server in send.message.ice_servers] == ["number 1"]
    for at in range(5, 300, 5):
        session.receive(PING, at)
    assert session.next_wake() == 300
    [renewed] = session.wake(300)
    assert isinstance(renewed, SendMessage)
    assert isinstance(renewed.message, IceServers)
    assert [server.username for server in renewed.message.ice_servers] == ["number 2"]
    assert asked == [("tea", "alice-0001")] * 2
    session.socket_lost()
    assert session.next_wake() is None


@pytest.mark.parametrize("sent", [PING, encode(Pong())])
@pytest.mark.parametrize("step", [3600, -3600])
def test_member_gets_new_turn_credentials_at_the_first_keepalive_after_the_clock_was_set(
    sent: str, step: float
) -> None:
    clock = WallClock(1_000_000)
    servers = (IceServer(urls=("turn:example.org",), username="alice", credential="x"),)
    ice = Ice((), lambda _room, _peer: servers, renew_after=300)
    session = Session(ALICE, PeerId("alice-0001"), SessionPolicy(TokenKey(bytes(32)), ice, clock), 0)
    for text in (HELLO, JOIN):
        session.receive(text, 0)
    session.on_news(Admitted(CLAIM, ROSTER, Count(0), False), 0)
    clock.unix_offset += 1  # a clock that is only adjusted
    assert SendMessage(IceServers(servers)) not in session.receive(sent, 10)
    clock.unix_offset += step
    assert SendMessage(IceServers(servers)) in session.receive(sent, 20)
    assert SendMessage(IceServers(servers)) not in session.receive(sent, 30)


def test_control_frames_count_against_the_rate_limit_like_messages() -> None:
    session = Session(ALICE, PeerId("alice-0001"), SessionPolicy(TokenKey(bytes(32)), Ice(), burst=10), 0)
    assert [session.receive_control(0) for _ in range(10)] == [[]] * 10
    [sent, closed] = session.receive_control(0)
    assert sent == SendMessage(refusal("too-fast"))
    assert isinstance(closed, Close)
    assert session.receive_control(0) == []
