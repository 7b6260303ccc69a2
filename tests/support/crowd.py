"""Load clients: many members of one broker over real WebSockets, which record what they sent and received."""

import asyncio
import contextlib
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from eyeline.signalling.session import SILENCE_MAX

SUBPROTOCOL: Final = Subprotocol("eyeline.v1")
SEATS: Final = 4
"""Members of each room in `settled`."""
BACK_WITHIN_S: Final = 60.0


async def come_and_go(url: str, room: str) -> None:
    """Join a room and leave it."""
    address = f"{url}/ws".replace("http", "ws")
    async with connect(address, subprotocols=[SUBPROTOCOL], compression=None) as socket:
        await socket.send(json.dumps({"type": "hello", "room": room}))
        await socket.send('{"type":"join","name":"Alice"}')
        while '"joined"' not in str(await socket.recv()):
            pass
        await socket.send('{"type":"leave"}')
        await socket.wait_closed()


class Member:
    """One client of the protocol, which resumes its seat whenever its socket closes."""

    def __init__(self, url: str, room: str, number: int) -> None:
        self._url, self._room, self._name = f"{url}/ws".replace("http", "ws"), room, f"Number {number}"
        self._chance = random.Random(number)
        self._token: str | None = None
        self._socket: ClientConnection | None = None
        self._heard, self._n = 0, 0
        self._outbox: list[dict[str, Any]] = []
        self.seats: list[str] = []
        """The id of each `joined`; always the same if the broker is correct."""
        self.gaps = 0
        self.roster: dict[str, Any] = {}
        self.said: defaultdict[str, list[str]] = defaultdict(list)
        self.got: defaultdict[str, list[str]] = defaultdict(list)
        self.refusals: list[str] = []

    @property
    def id(self) -> str:
        return self.seats[0]

    async def run(self) -> None:
        """Connect and reconnect until cancelled."""
        while True:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError, EOFError):
                async with connect(self._url, subprotocols=[SUBPROTOCOL], compression=None, close_timeout=1) as socket:
                    await self._enter(socket)
                    while True:
                        async with asyncio.timeout(SILENCE_MAX):
                            await self._receive(socket, json.loads(await socket.recv()))
            self._socket = None
            await asyncio.sleep(0.1 + self._chance.random() / 2)

    async def send(self, to: str, data: str) -> None:
        """Send a signal now, or once the socket is back."""
        self.said[to].append(data)
        self._n += 1
        signal = {"type": "signal", "to": to, "n": self._n, "data": data}
        self._outbox.append(signal)
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps(signal))

    async def _enter(self, socket: ClientConnection) -> None:
        if self._token is None:
            await socket.send(json.dumps({"type": "hello", "room": self._room}))
            await socket.send(json.dumps({"type": "join", "name": self._name}))
        else:
            claim = {"type": "resume", "token": self._token, "name": self._name, "heard": self._heard}
            await socket.send(json.dumps(claim))

    async def _receive(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        match message["type"]:
            case "joined":
                self.seats.append(message["you"])
                self._token, self.roster = message["resume"], message["roster"]
                self.gaps += message["gap"]
                self._outbox = [] if message["gap"] else [each for each in self._outbox if each["n"] > message["heard"]]
                self._n = message["heard"] + len(self._outbox)
                sent = 0
                while sent < len(self._outbox):  # it may grow during the loop
                    await socket.send(json.dumps(self._outbox[sent]))
                    sent += 1
                self._socket = socket
            case "roster":
                self.roster = message
            case "signalled" if message["n"] > self._heard:
                self._heard = message["n"]
                self.got[message["from"]].append(message["data"])
            case "ping":
                await socket.send('{"type":"pong"}')
            case "refused":
                self.refusals.append(message["code"])
            case _:
                pass


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds; TimeoutError after a minute."""
    async with asyncio.timeout(BACK_WITHIN_S):
        while not holds():  # noqa: ASYNC110 - depends on many clients
            await asyncio.sleep(0.05)


def settled(members: Sequence[Member]) -> bool:
    """Whether every roster holds exactly the members of the room: the first four are in one, the next in another."""
    for start in range(0, len(members), SEATS):
        room = members[start : start + SEATS]
        ids = {each.seats[0] for each in room if each.seats}
        if len(ids) < SEATS or not all({seat["id"] for seat in each.roster["members"]} == ids for each in room):
            return False
    return True
