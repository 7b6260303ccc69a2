"""Timers for the state machines, under uvloop and asyncio."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from eyeline.serve.alarm import Alarm, AlarmClock


class Machine:
    """A machine that wants to be woken once, at `due`."""

    def __init__(self, due: float) -> None:
        self.due: float | None = due

    def next_wake(self) -> float | None:
        return self.due


LOOPS = pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop])
NewLoop = Callable[[], asyncio.AbstractEventLoop]


@LOOPS
def test_overdue_alarm_still_rings_when_looked_at_again(new_loop: NewLoop) -> None:
    async def play() -> None:
        now = asyncio.get_running_loop().time()
        machine, rung = Machine(now - 0.01), asyncio.Event()

        def ring(_now: float) -> None:
            machine.due = None
            rung.set()

        alarm = Alarm(AlarmClock(0.01), machine, ring)
        alarm.reschedule()
        alarm.reschedule()
        machine.due = now - 0.02
        alarm.reschedule()
        async with asyncio.timeout(10):
            await rung.wait()
        assert machine.due is None

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(play())


@LOOPS
def test_alarms_of_one_grain_ring_together_and_never_early(new_loop: NewLoop) -> None:
    async def play() -> None:
        clock, loop, rung = AlarmClock(0.1), asyncio.get_running_loop(), list[tuple[float, float, float]]()
        done = asyncio.Event()
        start = (loop.time() // 0.1 + 2) * 0.1  # the beginning of a grain
        for number in range(40):
            due = start + 0.1 * (number // 10) + 0.001 + 0.009 * (number % 10)
            machine = Machine(due)

            def ring(now: float, machine: Machine = machine, due: float = due) -> None:
                machine.due = None
                rung.append((due, now, loop.time()))
                if len(rung) == 40:
                    done.set()

            Alarm(clock, machine, ring).reschedule()
        async with asyncio.timeout(10):
            await done.wait()
        assert len({now for _, now, _ in rung}) <= 4
        assert all(due <= now for due, now, _ in rung)
        assert all(due - 0.002 <= rang_at for due, _, rang_at in rung)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(play())


@LOOPS
def test_alarm_that_fails_does_not_stop_the_others(new_loop: NewLoop) -> None:
    async def play() -> None:
        clock, loop, rung, failures = AlarmClock(10), asyncio.get_running_loop(), set[int](), list[object]()
        done = asyncio.Event()
        loop.set_exception_handler(lambda _loop, context: failures.append(context["exception"]))

        def ring(machine: Machine, number: int) -> None:
            machine.due = None
            rung.add(number)
            if len(rung) == 3:
                done.set()
            raise ValueError(number)

        for number in range(3):
            machine = Machine(-10)
            Alarm(clock, machine, lambda _now, machine=machine, number=number: ring(machine, number)).reschedule()  # type: ignore[misc]
        async with asyncio.timeout(10):
            await done.wait()
        assert [type(each) for each in failures] == [ValueError] * 3

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(play())


@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_alarm_that_another_of_its_group_stops_does_not_ring(how: str) -> None:
    async def play() -> None:
        clock, rung = AlarmClock(10), list[str]()
        alarms: dict[str, Alarm] = {}

        def ring(name: str, other: str) -> None:
            rung.append(name)
            getattr(alarms[other], how)()

        for name, other in (("a", "b"), ("b", "a")):
            machine = Machine(-10)
            alarms[name] = Alarm(clock, machine, lambda _now, name=name, other=other: ring(name, other))  # type: ignore[misc]
            alarms[name].reschedule()
        clock._ring(-1)
        assert len(rung) == 1
        for alarm in alarms.values():
            alarm.cancel()

    asyncio.run(play())
