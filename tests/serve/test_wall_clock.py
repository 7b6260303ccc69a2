"""A running server whose wall clock is set: passes, end times and TURN credentials are right at once."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.serve.test_api import ask, enter, eyeline_in, make
from tests.support.socket import Socket, serving

from eyeline.turn.credentials import LIFETIME_S

STEPS = pytest.mark.parametrize("seconds", [7200, -7200])
SLACK_S = 60


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the wall clock, but not the monotonic one."""
    real = time.time

    def step(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return step


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with serving(eyeline_in(tmp_path)) as running, Socket(running):  # the broker has started
        yield running


@STEPS
def test_link_made_after_the_clock_was_set_opens_its_room(
    url: str, step: Callable[[float], None], seconds: float
) -> None:
    step(seconds)
    with ask(url) as shop, Socket(url) as alice:
        assert enter(alice, make(shop, seconds=300))["you"]


@STEPS
def test_time_left_in_a_call_follows_the_clock(url: str, step: Callable[[float], None], seconds: float) -> None:
    step(seconds)
    with ask(url) as shop, Socket(url) as alice:
        left = enter(alice, make(shop, ends_in=600))["endsInMs"]
    assert 600_000 - SLACK_S * 1000 < left <= 600_000


def test_link_that_has_expired_by_the_clock_is_refused(url: str, step: Callable[[float], None]) -> None:
    with ask(url) as shop, Socket(url) as alice:
        link = make(shop, seconds=300)
        step(7200)
        alice.send(
            {"type": "hello", "room": link["room"], "pass": link["links"]["member"]["url"].partition("#pass=")[2]}
        )
        assert alice.receive("refused")["code"] == "pass-expired"


@STEPS
def test_seat_from_before_the_clock_was_set_is_resumed(url: str, step: Callable[[float], None], seconds: float) -> None:
    with ask(url) as shop:
        made = make(shop)
    with Socket(url) as alice:
        first = enter(alice, made)
    step(seconds)
    with Socket(url) as alice:
        alice.send({"type": "resume", "token": first["resume"], "name": "Alice", "heard": 0})
        assert alice.receive("joined")["you"] == first["you"]


@STEPS
def test_turn_credentials_expire_by_the_clock(url: str, step: Callable[[float], None], seconds: float) -> None:
    step(seconds)
    with ask(url) as shop, Socket(url) as alice:
        [_, turn] = enter(alice, make(shop))["iceServers"]
    assert abs(int(turn["username"].partition(":")[0]) - time.time() - LIFETIME_S) < SLACK_S
