"""When a certificate is ordered: time is a number."""

import pytest

from eyeline.serve.process.acme.renewal import (
    AFTER_SUCCESS_S,
    ASK_AT_LEAST_S,
    ASK_AT_MOST_S,
    LONGEST_PAUSE_S,
    LONGEST_RATE_LIMIT_S,
    Renewal,
    Validity,
)

DAY = 86_400.0
START = 1_800_000_000.0
END = START + 90 * DAY


@pytest.fixture
def renewal() -> Renewal:
    """Of a certificate that is valid for 90 days; the authority has nothing to suggest on the first day."""
    made = Renewal()
    made.installed(Validity(START, END))
    made.suggested(None, 6 * 3600, START)
    return made


def first_order(renewal: Renewal) -> float:
    """The day on which it orders; it is asked every hour, and the authority suggests nothing more."""
    now = START
    while (due := renewal.due(now)) != "order":
        if due == "ask":
            renewal.suggested(None, DAY, now)
        now += 3600
    return (now - START) / DAY


def test_without_a_certificate_it_orders_at_once() -> None:
    assert Renewal().due(START) == "order"


def test_it_renews_at_two_thirds_of_the_lifetime(renewal: Renewal) -> None:
    assert first_order(renewal) == 60


def test_it_asks_the_authority_when_to_renew_and_follows_it(renewal: Renewal) -> None:
    assert renewal.due(START + 3600) is None
    assert renewal.due(START + DAY) == "ask"
    renewal.suggested(START + 10 * DAY, DAY, START + DAY)
    assert first_order(renewal) == 10


def test_suggestion_to_renew_after_the_end_is_not_followed(renewal: Renewal) -> None:
    renewal.suggested(END + DAY, DAY, START)
    assert first_order(renewal) == 81


@pytest.mark.parametrize(("wished", "given"), [(0, ASK_AT_MOST_S), (-5, ASK_AT_MOST_S), (1e9, ASK_AT_LEAST_S)])
def test_it_asks_at_most_hourly_and_at_least_daily(renewal: Renewal, wished: float, given: float) -> None:
    renewal.suggested(None, wished, START)
    assert renewal.due(START + given - 1) is None
    assert renewal.due(START + given) == "ask"


def test_pause_after_each_failure_is_twice_as_long_up_to_six_hours() -> None:
    renewal = Renewal()
    pauses = [renewal.failed(START, jitter=0) for _ in range(30)]
    assert pauses[:4] == [120, 240, 480, 960]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_nothing_is_due_during_the_pause() -> None:
    renewal = Renewal()
    pause = renewal.failed(START, jitter=1)
    assert pause == 108
    assert renewal.due(START + pause - 1) is None
    assert renewal.due(START + pause) == "order"


def test_clock_that_was_set_back_does_not_prolong_the_pause() -> None:
    renewal = Renewal()
    renewal.failed(START, jitter=0)
    assert renewal.due(START - 365 * DAY) == "order"


@pytest.mark.parametrize(("asked", "given"), [(1, 120), (5000, 5000), (1e12, LONGEST_RATE_LIMIT_S)])
def test_authority_may_ask_for_a_longer_pause(asked: float, given: float) -> None:
    assert Renewal().failed(START, jitter=0, retry_after_s=asked) == given


def test_hurry_ends_a_pause_of_our_own_but_none_that_the_authority_asked_for() -> None:
    ours, theirs = Renewal(), Renewal()
    ours.failed(START, jitter=0)
    theirs.failed(START, jitter=0, retry_after_s=3600)
    for each in (ours, theirs):
        each.hurry()
    assert (ours.due(START + 1), theirs.due(START + 1)) == ("order", None)


@pytest.fixture
def two_ways() -> Renewal:
    """Without a certificate; port 80 is ours, too."""
    return Renewal(("tls-alpn-01", "http-01"))


def test_other_type_of_challenge_is_tried_at_once_and_then_they_take_turns(two_ways: Renewal) -> None:
    tried, pauses = [], []
    for _ in range(5):
        tried.append(two_ways.types[0])
        pauses.append(two_ways.failed(START, jitter=0, challenge=tried[-1]))
    assert tried == ["tls-alpn-01", "http-01"] * 2 + ["tls-alpn-01"]
    assert pauses == [0, 120, 240, 480, 960]


def test_failure_that_no_other_challenge_mends_changes_nothing(two_ways: Renewal) -> None:
    assert two_ways.failed(START, jitter=0) == 120
    assert two_ways.types[0] == "tls-alpn-01"


def test_without_port_80_there_is_no_other_challenge() -> None:
    renewal = Renewal()
    assert renewal.failed(START, jitter=0, challenge="tls-alpn-01") == 120
    assert renewal.types == ("tls-alpn-01",)


def test_rate_limit_holds_for_the_other_challenge_too(two_ways: Renewal) -> None:
    assert two_ways.failed(START, jitter=0, retry_after_s=3600, challenge="tls-alpn-01") == 3600


def test_challenge_that_worked_is_the_first_of_the_next_order_and_the_other_is_tried_at_once(two_ways: Renewal) -> None:
    two_ways.failed(START, jitter=0, challenge="tls-alpn-01")
    two_ways.ordered(Validity(START, END), START)
    assert two_ways.types[0] == "http-01"
    assert two_ways.failed(START, jitter=0, challenge="http-01") == 0


def test_hurry_tries_both_challenges_again_without_a_pause(two_ways: Renewal) -> None:
    for challenge in two_ways.types:
        two_ways.failed(START, jitter=0, challenge=challenge)
    two_ways.hurry()
    assert two_ways.failed(START, jitter=0, challenge=two_ways.types[0]) == 0


def test_new_certificate_ends_the_failures(renewal: Renewal) -> None:
    renewal.failed(START, jitter=0)
    renewal.installed(Validity(START, END))
    assert renewal.failed(START, jitter=0) == 120


def test_certificate_that_has_ended_already_is_not_ordered_again_at_once() -> None:
    renewal = Renewal()
    renewal.ordered(Validity(START - 90 * DAY, START - DAY), START)
    assert renewal.due(START + AFTER_SUCCESS_S - 1) is None
    assert renewal.due(START + AFTER_SUCCESS_S) == "order"
