"""Timers for the state machines, under uvloop and asyncio."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from eyeline.serve.alarm import Alarm


class Machine:
    """A machine that wants to be woken once, at `due`."""

    def __init__(self, due: float) -> None:
        self.due: float | None = due

    def next_wake(self) -> float | None:
        return self.due


@pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_overdue_alarm_still_rings_when_looked_at_again(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def play() -> None:
        now = asyncio.get_running_loop().time()
        machine, rung = Machine(now - 0.01), asyncio.Event()

        def ring(_now: float) -> None:
            machine.due = None
            rung.set()

        alarm = Alarm(machine, ring)
        alarm.reschedule()
        alarm.reschedule()
        machine.due = now - 0.02
        alarm.reschedule()
        async with asyncio.timeout(10):
            await rung.wait()
        assert machine.due is None

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(play())
