"""The queue of timers."""

from functools import partial
from random import Random

from eyeline.sip.timers import Timers


def test_timers_fire_in_order_of_time_and_then_of_start() -> None:
    timers, fired = Timers(), list[str]()
    for at, name in ((3.0, "c"), (1.0, "a"), (3.0, "d"), (2.0, "b")):
        timers.start(at, partial(lambda each, _now: fired.append(each), name))
    assert timers.next_wake() == 1.0
    timers.wake(2.5)
    assert (fired, timers.next_wake(), len(timers)) == (["a", "b"], 3.0, 2)
    timers.wake(3.0)
    assert (fired, timers.next_wake(), len(timers)) == (["a", "b", "c", "d"], None, 0)


def test_cancelled_timer_never_fires_and_may_be_cancelled_twice() -> None:
    timers, fired = Timers(), list[float]()
    timer = timers.start(1.0, fired.append)
    timers.start(2.0, fired.append)
    timers.cancel(timer)
    timers.cancel(timer)
    timers.cancel(None)
    assert (timers.next_wake(), len(timers)) == (2.0, 1)
    timers.wake(9.0)
    assert fired == [9.0]


def test_timer_started_while_others_fire_fires_too_if_it_is_due() -> None:
    timers, fired = Timers(), list[float]()

    def again(now: float) -> None:
        timers.start(now + 1, fired.append)

    timers.start(1.0, again)
    timers.wake(1.5)
    assert (fired, timers.next_wake()) == ([], 2.5)
    timers.wake(2.5)
    assert fired == [2.5]


def test_cancelled_timers_do_not_pile_up() -> None:
    timers, random = Timers(), Random(1)
    kept = timers.start(1e9, lambda _now: None)
    for _ in range(20_000):
        timers.cancel(timers.start(random.random(), lambda _now: None))
    assert len(timers) == 1
    assert timers.queued() < 3000
    timers.cancel(kept)
    assert (len(timers), timers.next_wake()) == (0, None)
