"""A broker and its clients in virtual time: the real state machines, without sockets, clocks or randomness."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from eyeline.signalling.codec import decode_from_broker, encode
from eyeline.signalling.messages import FromBroker, PeerId, RoomName, Welcome
from eyeline.signalling.passes import PassVerifier
from eyeline.signalling.requests import Notify, Request, SessionId
from eyeline.signalling.resume_token import TokenKey
from eyeline.signalling.room import BrokerRun, Room
from eyeline.signalling.session import (
    AskBridge,
    Close,
    GuestPolicy,
    Ice,
    Post,
    RequestAuthorization,
    SendMessage,
    Session,
    SessionEffect,
    SessionPolicy,
)
from eyeline.signalling.wall_clock import WallClock

__all__ = ["Client", "Closed", "Network", "Welcome"]


@dataclass(frozen=True)
class Closed:
    """A closed socket as the client sees it."""

    code: int
    reason: str


@dataclass
class Client:
    """One socket from the client's side."""

    name: str
    session: Session
    got: deque[str | Closed] = field(default_factory=deque)
    open: bool = True

    def messages(self) -> list[FromBroker]:
        """All messages since the last call, decoded."""
        came = [decode_from_broker(text) for text in self.got if isinstance(text, str)]
        self.got.clear()
        return came


class Network:
    """Sessions and rooms connected by function calls; `now` changes only in `pass_time`."""

    def __init__(self, capacity: int = 4) -> None:
        self.now = 0.0
        self.wall_clock = WallClock()
        self.guests: GuestPolicy = "admit"
        self.passes = PassVerifier({}, secret=bytes(32), audience="eyeline")
        self.capacity = capacity
        self.clients: list[Client] = []
        self.rooms: dict[RoomName, Room] = {}
        self._key = TokenKey(bytes(32))
        self._broker_run = BrokerRun("life-1", 0, self.wall_clock)
        self._opened: defaultdict[str, int] = defaultdict(int)

    def open(self, name: str, network: str = "") -> Client:
        """Open a socket.  The n-th socket of `alice` would get the peer id `alice-000n`."""
        self._opened[name] += 1
        peer = f"{name}-{self._opened[name]:04}"
        policy = SessionPolicy(
            self._key, Ice(), self.wall_clock, passes=self.passes, guests=self.guests, network=network
        )
        session = Session(SessionId(f"{peer}-session"), PeerId(peer), policy, self.now)
        client = Client(name, session)
        self.clients.append(client)
        return client

    def send(self, client: Client, text: str | bytes) -> None:
        """Deliver a frame from the client to the broker."""
        self._perform(client, client.session.receive(text, self.now))

    def lose(self, client: Client) -> None:
        """Close the socket, noticed by the broker."""
        client.open = False
        self._perform(client, client.session.socket_lost())

    def restart(self) -> None:
        """Kill and restart the broker: it forgets everyone but keeps its key."""
        for client in self.clients:
            client.open = False
        self.clients.clear()
        self.rooms.clear()
        number = int(self._broker_run.name.removeprefix("life-")) + 1
        self._broker_run = BrokerRun(f"life-{number}", self.now, self.wall_clock)

    def drain(self) -> None:
        """Drain: the broker closes every session."""
        for client in list(self.clients):
            self._perform(client, client.session.drain(1000))

    def pass_time(self, until: float) -> None:
        """Advance the time and run every timer that is due, in order."""
        while (due := self._next_wake()) is not None and due <= until:
            self.now = max(self.now, due)
            for client in list(self.clients):
                wake = client.session.next_wake()
                if wake is not None and wake <= self.now:
                    self._perform(client, client.session.wake(self.now))
            for name, room in list(self.rooms.items()):
                wake = room.next_wake()
                if wake is not None and wake <= self.now:
                    self._deliver(room.wake(self.now))
                    self._settle(name)
        self.now = until

    def _next_wake(self) -> float | None:
        wakes = [client.session.next_wake() for client in self.clients]
        wakes += [room.next_wake() for room in self.rooms.values()]
        return min((wake for wake in wakes if wake is not None), default=None)

    def _perform(self, client: Client, effects: list[SessionEffect]) -> None:
        for effect in effects:
            match effect:
                case SendMessage(message):
                    if client.open:
                        client.got.append(encode(message))
                case Post(room, request):
                    self.ask(room, request)
                case AskBridge():
                    self.ask_bridge(effect)
                case RequestAuthorization():
                    raise AssertionError("nobody here is asked")
                case Close(code, reason):
                    if client.open:
                        client.got.append(Closed(code, reason))
                    client.open = False

    def ask_bridge(self, asked: AskBridge) -> None:
        """A member wants something of phones."""

    def ask(self, name: RoomName, request: Request) -> None:
        """Send a request to the room, as a session or the API does."""
        room = self.rooms.get(name)
        if room is None:
            room = Room(name, capacity=self.capacity, broker_run=self._broker_run, now=self.now)
            self.rooms[name] = room
        tells = room.receive(request, self.now)
        self._settle(name)
        self._deliver(tells)

    def _settle(self, name: RoomName) -> None:
        if self.rooms[name].empty:
            del self.rooms[name]

    def _deliver(self, tells: list[Notify]) -> None:
        for tell in tells:
            for client in self.clients:
                if client.session.id == tell.session:
                    self._perform(client, client.session.on_news(tell.news, self.now))
