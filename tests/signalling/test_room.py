"""A stateful test of the room against a model: any actions of its members in any order."""

from collections import deque
from dataclasses import dataclass, field
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.network import Client, Closed, Network

from eyeline.signalling.codec import decode_from_broker, encode
from eyeline.signalling.messages import (
    AskedToMute,
    Count,
    DisplayName,
    FromBroker,
    Goodbye,
    Hello,
    IceServers,
    Join,
    Joined,
    Knocks,
    Leave,
    NewToken,
    Payload,
    PeerId,
    PhoneCall,
    PhoneRefused,
    Ping,
    Pong,
    Refused,
    Resume,
    ResumeToken,
    RoomName,
    Roster,
    Signal,
    Signalled,
    ToBroker,
    Waiting,
    Welcome,
)
from eyeline.signalling.refusals import REFUSALS, Code
from eyeline.signalling.requests import End, Remove
from eyeline.signalling.room import RETURN_SECONDS, SEAT_SECONDS
from eyeline.signalling.seat import KEPT_SIGNALS
from eyeline.signalling.session import SILENCE_MAX, InLobby

CAPACITY = 3
PEOPLE = ("alice", "bob", "carol", "dave")
ONE_STEP = 9.0  # shorter than the silence after which the broker pings


@dataclass
class Seat:
    """The model's state of a seat."""

    peer: PeerId
    order: Count
    broker_run: int
    token: ResumeToken
    said: int = 0  # the n of the newest signal from this seat
    heard: int = 0  # and to it
    owed: deque[str] = field(default_factory=deque)  # sent to it and not yet received
    gap: bool = False
    removed: frozenset[PeerId] = frozenset()  # peers that its token lists as removed
    gone_at: float | None = None  # when the seat expires; None while it has a socket


@dataclass
class Person:
    """The model's state of a person."""

    name: str
    client: Client | None = None
    seat: Seat | None = None
    in_lobby: bool = False
    said_at: float = 0.0
    roster: Roster | None = None
    refused: Code | None = None

    @property
    def seated(self) -> bool:
        """Whether the person is in the room with a socket."""
        return self.client is not None and self.seat is not None


class Rooms(RuleBasedStateMachine):
    """People join, send, are disconnected, resume and leave; the broker is killed now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network(CAPACITY)
        self.people = {name: Person(name) for name in PEOPLE}
        self.seats: list[Seat] = []  # known to this run of the broker
        self.broker_run = 1
        self.began = 0.0
        self.incomplete_until: float | None = None
        self.removed: frozenset[PeerId] = frozenset()  # removed peers that the room knows of
        self.words = map(str, count(1))

    # Actions of people.

    @precondition(lambda self: self.some(client=False, seat=False))
    @rule(data=st.data())
    def enter_lobby(self, data: st.DataObject) -> None:
        person = self.draw(data, client=False, seat=False)
        self.open(person)
        self.send(person, Hello(RoomName("tea")))
        assert person.roster is not None
        person.in_lobby = True

    @precondition(lambda self: self.some(client=False, seat=False))
    @rule(data=st.data())
    def join_directly(self, data: st.DataObject) -> None:
        self.enter_lobby(data)
        self.join(data)

    @precondition(lambda self: self.some(client=True, seat=False))
    @rule(data=st.data())
    def join(self, data: st.DataObject) -> None:
        person = self.draw(data, client=True, seat=False)
        full = len(self.inside()) >= CAPACITY
        self.send(person, Join(DisplayName(person.name)))
        assert person.refused == ("room-full" if full else None)
        assert (person.seat is None) is full
        person.in_lobby = full

    @precondition(lambda self: len(self.some(client=True, seat=True)) > 1)
    @rule(data=st.data())
    def send_signal(self, data: st.DataObject) -> None:
        self.signal(*data.draw(st.permutations(self.some(client=True, seat=True)))[:2])

    @precondition(lambda self: self.some(client=True, seat=True) and self.some(client=False, seat=True))
    @rule(data=st.data(), times=st.sampled_from([1, KEPT_SIGNALS, KEPT_SIGNALS + 1]))
    def send_signal_to_absent(self, data: st.DataObject, times: int) -> None:
        person = self.draw(data, client=True, seat=True)
        absent = self.draw(data, client=False, seat=True)
        if times > 1:
            self.pass_time(4.0)  # for the rate limit
        for _ in range(times):
            self.signal(person, absent)

    @precondition(lambda self: self.some(client=True, seat=True))
    @rule(data=st.data(), to=st.sampled_from(PEOPLE))
    def resend(self, data: st.DataObject, to: str) -> None:
        person, other = self.draw(data, client=True, seat=True), self.people[to]
        if person.seat is not None and other.seat is not None:
            self.send(person, Signal(other.seat.peer, Count(person.seat.said), Payload("again")))
            assert person.refused is None

    @precondition(lambda self: self.some(client=True))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.lose_socket(self.draw(data, client=True))

    @precondition(lambda self: self.some(client=True))
    @rule(data=st.data())
    def vanish(self, data: st.DataObject) -> None:
        person = self.draw(data, client=True)
        if person.client is not None:
            person.client.open = False
        self.cut_off(person, gone_at=person.said_at + SILENCE_MAX + SEAT_SECONDS)

    @precondition(lambda self: self.some(client=False, seat=True))
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        person = self.draw(data, client=False, seat=True)
        seat = person.seat
        assert seat is not None
        expected = self.answer_to(seat)
        if seat.broker_run != self.broker_run and expected is None:
            self.rebuild(seat)
        self.open(person)
        self.send(person, Resume(seat.token, DisplayName(person.name), Count(seat.heard)))
        assert person.refused == expected
        if expected is not None:
            person.seat = None
            self.lose_socket(person)

    @precondition(lambda self: self.some(client=True))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        person = self.draw(data, client=True)
        if person.seat is not None:
            self.seats.remove(person.seat)
        self.send(person, Leave())
        assert person.client is not None
        assert not person.client.open
        self.people[person.name] = Person(person.name)

    @precondition(lambda self: self.some(client=False, seat=True))
    @rule(data=st.data())
    def forget_the_seat(self, data: st.DataObject) -> None:
        person = self.draw(data, client=False, seat=True)
        self.people[person.name] = Person(person.name)

    @precondition(lambda self: self.inside())
    @rule(data=st.data())
    def be_removed(self, data: st.DataObject) -> None:
        seat = data.draw(st.sampled_from(self.inside()))
        self.removed |= {seat.peer}
        self.network.ask(RoomName("tea"), Remove(seat.peer))
        self.lose_seats([seat], "removed")

    # Events for everyone.

    @precondition(lambda self: self.inside())
    @rule()
    def end(self) -> None:
        self.network.ask(RoomName("tea"), End())
        self.lose_seats(self.inside(), "ended")
        self.network.pass_time(self.network.now + 0.001)  # nobody joins the next room of that name in this millisecond

    @rule(seconds=st.sampled_from([0.5, 4.0, ONE_STEP, 14.9, 15.1, 30.0, 50.0]))
    def pass_time(self, seconds: float) -> None:
        until = self.network.now + seconds
        while self.network.now < until:
            for person in self.people.values():
                if person.client is not None:
                    self.send(person, Ping())
            self.network.pass_time(min(until, self.network.now + ONE_STEP))
            self.read()
        if self.incomplete_until is not None and self.incomplete_until <= until:
            self.incomplete_until = None

    @precondition(lambda self: len(self.inside()) > 1)
    @rule()
    def restart(self) -> None:
        self.network.restart()
        self.broker_run += 1
        self.began = self.network.now
        self.seats.clear()
        self.removed = frozenset()
        self.incomplete_until = None
        for person in self.people.values():
            self.cut_off(person, gone_at=self.network.now)
        self.network.pass_time(self.network.now + 1)

    # Invariants.

    @invariant()
    def everyone_has_the_same_newest_roster(self) -> None:
        rosters = [person.roster for person in self.people.values() if person.seated or person.in_lobby]
        members = {seat.peer: seat.order for seat in self.inside()}
        for roster in rosters:
            assert roster is not None
            assert roster == rosters[0]
            assert {member.id: member.order for member in roster.members} == members
            assert roster.complete is (self.incomplete_until is None)

    @invariant()
    def members_are_in_order_of_arrival_and_within_the_capacity(self) -> None:
        for person in self.people.values():
            if person.roster is not None:
                orders = [member.order for member in person.roster.members]
                assert orders == sorted(set(orders))
                assert len(orders) <= 2 * CAPACITY  # seats of an earlier run may exceed it

    @invariant()
    def no_signal_is_queued_for_connected_members(self) -> None:
        for person in self.people.values():
            if person.seated and person.seat is not None:
                assert not person.seat.owed

    @invariant()
    def no_room_remains_when_everyone_left(self) -> None:
        assert bool(self.network.rooms) is self.must_exist()

    def teardown(self) -> None:
        for person in self.people.values():
            self.lose_socket(person)
        self.network.pass_time(self.network.now + SILENCE_MAX + SEAT_SECONDS)
        assert not self.network.rooms

    # Upkeep of the model.

    def lose_seats(self, seats: list[Seat], why: Code) -> None:
        """The seats end: connected members are told why, and the others will find their seat gone."""
        self.seats = [seat for seat in self.seats if seat not in seats]
        for name, person in list(self.people.items()):
            if person.seated and person.seat in seats:
                assert person.client is not None
                told = list(person.client.got)
                assert told[-1] == Closed(REFUSALS[why].closes or 0, why)
                assert why in str(told[-2])
                self.people[name] = Person(name)
        self.read()

    def some(self, client: bool, seat: bool | None = None) -> list[Person]:
        """People with a socket, with or without a seat."""
        people = [person for person in self.people.values() if (person.client is not None) is client]
        return [person for person in people if seat is None or (person.seat is not None) is seat]

    def draw(self, data: st.DataObject, client: bool, seat: bool | None = None) -> Person:
        """Draw one of the people."""
        return data.draw(st.sampled_from(self.some(client, seat)))

    def lose_socket(self, person: Person) -> None:
        """The socket closes, and the broker notices."""
        if person.client is not None:
            self.network.lose(person.client)
            self.cut_off(person, gone_at=self.network.now + SEAT_SECONDS)
            self.forget_the_room()

    def forget_the_room(self) -> None:
        """Forget the room if it is empty; the next one is complete from its start."""
        if not self.must_exist():
            self.incomplete_until = None
            self.removed = frozenset()

    def inside(self) -> list[Seat]:
        """The occupied seats."""
        return [seat for seat in self.seats if seat.gone_at is None or self.network.now < seat.gone_at]

    def must_exist(self) -> bool:
        """Whether a room must exist.  A vanished socket in the lobby counts until its silence times out."""
        return bool(self.inside()) or any(isinstance(c.session.state, InLobby) for c in self.network.clients)

    def answer_to(self, seat: Seat) -> Code | None:
        """The broker's expected response to a client that resumes."""
        if seat in self.inside():
            return None
        if seat.peer in self.removed:
            return "removed"
        if seat.broker_run == self.broker_run or self.network.now >= self.began + RETURN_SECONDS:
            return "seat-gone"
        return "room-full" if len(self.inside()) >= 2 * CAPACITY else None

    def rebuild(self, seat: Seat) -> None:
        """Restore a seat of an earlier run, and drop the peers that its token lists as removed."""
        self.removed |= seat.removed
        self.seats = [other for other in self.seats if other.peer not in self.removed]
        seat.said = 0
        seat.owed.clear()
        seat.gone_at = None
        self.seats.append(seat)
        if self.incomplete_until is None:
            self.incomplete_until = self.network.now + SEAT_SECONDS

    def open(self, person: Person) -> None:
        """Open a new socket."""
        person.client = self.network.open(person.name)
        person.roster = None

    def cut_off(self, person: Person, gone_at: float) -> None:
        """The person has no socket any longer."""
        if person.client is not None and person.seat is not None:
            person.seat.gone_at = gone_at
        person.client, person.roster, person.in_lobby = None, None, False

    def send(self, person: Person, message: ToBroker) -> None:
        """Send from the person to the broker; then everyone reads."""
        assert person.client is not None
        person.refused, person.said_at = None, self.network.now
        self.network.send(person.client, encode(message))
        self.read()

    def signal(self, person: Person, to: Person) -> None:
        """Send one signal with the next number."""
        assert person.seat is not None
        assert to.seat is not None
        there, word = to.seat in self.inside(), next(self.words)
        if there:
            to.seat.owed.append(word)
        person.seat.said += 1
        self.send(person, Signal(to.seat.peer, Count(person.seat.said), Payload(word)))
        assert person.refused == (None if there else "no-such-peer")

    def read(self) -> None:
        """Everyone receives their pending messages."""
        for person in list(self.people.values()):
            while person.client is not None and person.client.got:
                got = person.client.got.popleft()
                if isinstance(got, Closed):
                    self.expect_close(person, got)
                else:
                    self.receive(person, decode_from_broker(got))
        self.forget_the_room()

    def expect_close(self, person: Person, closed: Closed) -> None:
        """The socket is closed: the person left, or someone resumed whose token lists them as removed."""
        if person.seat is not None and person.seat.peer in self.removed:
            assert closed.reason == "removed"
            self.people[person.name] = Person(person.name)
        else:
            assert closed.reason == "left"

    def receive(self, person: Person, message: FromBroker) -> None:
        """Receive one message from the broker."""
        match message:
            case Welcome(roster):
                person.roster = roster
            case Roster(version):
                assert person.roster is None or version > person.roster.version
                person.roster = message
            case Joined():
                self.receive_joined(person, message)
            case Signalled():
                self.receive_signal(person, message)
            case Refused(code):
                person.refused = code
            case NewToken(token):
                assert person.seat is not None
                person.seat.token, person.seat.removed = token, self.removed
            case PhoneCall() | PhoneRefused():
                raise AssertionError("nobody uses phones")
            case Pong() | Ping() | Goodbye() | IceServers() | Waiting() | Knocks() | AskedToMute():
                assert isinstance(message, Pong)  # no one is silent, and the broker isn't stopped

    def receive_joined(self, person: Person, joined: Joined) -> None:
        """Ids and positions are stable; a gap is reported only where something was lost."""
        [member] = [member for member in joined.roster.members if member.id == joined.you]
        person.roster = joined.roster
        if person.seat is None:
            person.seat = Seat(member.id, member.order, self.broker_run, joined.resume)
            self.seats.append(person.seat)
        seat, new_life = person.seat, person.seat.broker_run != self.broker_run
        assert (seat.peer, seat.order, seat.said) == (member.id, member.order, joined.heard)
        assert joined.gap is (new_life or len(seat.owed) > KEPT_SIGNALS)
        seat.token, seat.removed = joined.resume, self.removed
        seat.broker_run, seat.gap, seat.gone_at = self.broker_run, joined.gap, None

    def receive_signal(self, person: Person, signal: Signalled) -> None:
        """Signals arrive once, in order and without loss unless a gap was reported."""
        seat = person.seat
        assert seat is not None
        while seat.gap and seat.owed[0] != signal.data:
            seat.owed.popleft()
            seat.heard += 1
        seat.gap = False
        assert seat.owed.popleft() == signal.data
        assert signal.n == seat.heard + 1
        seat.heard = signal.n


Rooms.TestCase.settings = settings(deadline=None, max_examples=150, stateful_step_count=50)
TestRooms = Rooms.TestCase
