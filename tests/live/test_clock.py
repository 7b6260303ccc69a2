"""The server process under libfaketime: its wall clock is set while it runs, or the machine is suspended.

Only `CLOCK_REALTIME` is changed: the monotonic clock isn't set by NTP either, and doesn't count a suspend.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from tests.serve.test_api import SHOP, ask, enter, make
from tests.support.server import LiveServer
from tests.support.socket import Socket
from tests.support.tools import need_library

from eyeline.doctor.turn_socket import connected, parse
from eyeline.signalling.room import CLOCK_CHECK_SECONDS
from eyeline.turn.client import Answered, ErrorResponse
from eyeline.turn.credentials import LIFETIME_S, Credentials
from eyeline.turn.relay_attributes import IPV4

HOUR: Final = 3600
SLACK_S: Final = 60


class SteppingServer(LiveServer):
    """A server whose wall clock is `ahead` of the real one; `step` changes that while it runs."""

    def __init__(self, folder: Path, ahead: float) -> None:
        self._clock = folder / "clock"
        keys = folder / "keys.toml"
        keys.write_text(f'[shop]\nsha256 = "{sha256(SHOP.encode()).hexdigest()}"\n')
        self.step(ahead)
        faked = {
            "LD_PRELOAD": need_library("faketime/libfaketimeMT.so.1", "faketime"),
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        super().__init__("--api-keys", str(keys), "--relay-allow", "127.0.0.0/8", env=faked)

    def step(self, ahead: float) -> None:
        """Set the wall clock to `ahead` seconds after the real time."""
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(f"{ahead:+.0f}")
        fresh.replace(self._clock)
        self.ahead = ahead

    def suspend(self, seconds: float) -> None:
        """Stop the process, and continue it when its wall clock is that much later."""
        os.kill(self.pid, signal.SIGSTOP)
        self.step(self.ahead + seconds)
        os.kill(self.pid, signal.SIGCONT)

    def unix(self) -> float:
        """The server's Unix time."""
        return time.time() + self.ahead


@pytest.fixture(params=[2 * HOUR, -2 * HOUR], ids=["ahead", "behind"])
def wrong(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SteppingServer]:
    """A server that was started 2 h off."""
    with SteppingServer(tmp_path, request.param) as running:
        yield running


@pytest.fixture
def right(tmp_path: Path) -> Iterator[SteppingServer]:
    """A server that was started with the right time."""
    with SteppingServer(tmp_path, 0) as running:
        yield running


def turn_login(ice_servers: list[dict[str, Any]]) -> Credentials:
    [turn] = [each for each in ice_servers if each.get("username")]
    return Credentials(turn["username"], turn["credential"])


def allocate(server: LiveServer, login: Credentials) -> int:
    """Ask for a relayed address over UDP; returns the error code, or 0."""

    async def answer() -> Answered | ErrorResponse:
        where = parse(f"turn:127.0.0.1:{server.stun_port}")
        assert where is not None
        async with connected(where, login, None) as socket:
            return await socket.ask(socket.client.allocate(IPV4, asyncio.get_running_loop().time()))

    answered = asyncio.run(answer())
    return answered.code if isinstance(answered, ErrorResponse) else 0


def hello(made: dict[str, Any]) -> dict[str, Any]:
    """The first message of somebody who opens the room's link."""
    return {"type": "hello", "room": made["room"], "pass": made["links"]["member"]["url"].partition("#pass=")[2]}


def everything_is_right(server: SteppingServer, link: dict[str, Any], seat: dict[str, Any]) -> None:
    """What carries a Unix time, one by one: an old seat, a new pass, its end, and TURN credentials."""
    with Socket(server.url) as alice:
        alice.send({"type": "resume", "token": seat["resume"], "name": "Alice", "heard": 0})
        assert alice.receive("joined")["you"] == seat["you"]
    with ask(server.url) as shop, Socket(server.url) as bob:
        joined = enter(bob, make(shop, seconds=300, ends_in=600))
        assert 600_000 - SLACK_S * 1000 < joined["endsInMs"] <= 600_000
        login = turn_login(joined["iceServers"])
        assert abs(int(login.username.partition(":")[0]) - server.unix() - LIFETIME_S) < SLACK_S
        assert allocate(server, login) == 0
    with Socket(server.url) as carol:
        carol.send(hello(link))
        assert carol.receive("welcome")


def test_server_started_two_hours_off_is_right_as_soon_as_the_clock_is_set(wrong: SteppingServer) -> None:
    with ask(wrong.url) as shop, Socket(wrong.url) as alice:
        seat = enter(alice, make(shop))
    wrong.step(0)
    with ask(wrong.url) as shop:
        link = make(shop, seconds=300)
    everything_is_right(wrong, link, seat)


def test_server_is_right_as_soon_as_its_machine_wakes_after_an_hour(right: SteppingServer) -> None:
    with ask(right.url) as shop:
        link, short = make(shop, seconds=2 * HOUR), make(shop, seconds=HOUR // 2)
        with Socket(right.url) as alice, Socket(right.url) as bob:
            seat = enter(alice, make(shop))
            enter(bob, make(shop, ends_in=HOUR // 2))
            right.suspend(HOUR)
            assert bob.receive("refused", 2 * CLOCK_CHECK_SECONDS)["code"] == "time-up"
            old = turn_login(seat["iceServers"])
            assert allocate(right, old) == 401
            alice.send({"type": "ping"})
            assert allocate(right, turn_login(alice.receive("ice-servers")["iceServers"])) == 0
    everything_is_right(right, link, seat)
    with Socket(right.url) as mallory:
        mallory.send(hello(short))
        assert mallory.receive("refused")["code"] == "pass-expired"
