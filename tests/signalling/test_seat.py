"""A seat's replay buffer: what members get when they come back, and whether they are told that something is missing."""

from eyeline.signalling.messages import Count, DisplayName, Member, Payload, PeerId, Signalled
from eyeline.signalling.passes import NOBODY_KNOWN
from eyeline.signalling.requests import SessionId
from eyeline.signalling.seat import KEPT_BYTES, KEPT_SIGNALS, Present, Seat

BOB = PeerId("bob")


def seat(*texts: str) -> Seat:
    """Alice's seat, to which Bob has sent these."""
    made = Seat(Member(PeerId("alice"), DisplayName("Alice"), Count(1)), Present(SessionId("s")), 0, 0, NOBODY_KNOWN)
    for text in texts:
        made.keep(BOB, Payload(text))
    return made


def signals(*texts: str, first: int = 1) -> list[Signalled]:
    return [Signalled(BOB, Count(number), Payload(text)) for number, text in enumerate(texts, first)]


def test_member_that_has_heard_everything_misses_nothing() -> None:
    assert seat().missed(0) == (False, [])
    assert seat("one", "two").missed(2) == (False, [])


def test_member_that_has_heard_nothing_gets_everything_in_order() -> None:
    assert seat("one", "two").missed(0) == (False, signals("one", "two"))


def test_what_was_heard_is_not_sent_again() -> None:
    assert seat("one", "two", "three").missed(1) == (False, signals("two", "three", first=2))


def test_when_the_buffer_is_full_the_oldest_signal_is_lost_and_reported_as_a_gap() -> None:
    texts = [str(number) for number in range(KEPT_SIGNALS)]
    assert seat(*texts).missed(0) == (False, signals(*texts))
    assert seat(*texts, "one more").missed(0) == (True, signals(*texts[1:], "one more", first=2))
    assert seat(*texts, "one more").missed(1) == (False, signals(*texts[1:], "one more", first=2))


def test_signal_larger_than_the_buffer_is_a_gap_unless_it_was_heard() -> None:
    large = "\N{VIDEO CAMERA}" * (KEPT_BYTES // 4)
    assert seat(large).missed(0) == (True, [])
    assert seat(large).missed(1) == (False, [])
    assert seat("one", large).missed(0) == (True, [])
    assert seat(large, "two").missed(1) == (False, signals("two", first=2))


def test_signals_are_kept_up_to_their_size_in_memory() -> None:
    quarter = "x" * (KEPT_BYTES // 4)
    gap, kept = seat(*[quarter] * 4).missed(0)
    assert (gap, len(kept)) == (True, 3)  # each one takes a few bytes more than its text


def test_buffer_may_be_exactly_full() -> None:
    def text(size: int) -> str:
        return "x" * (size - Payload("").__sizeof__())

    assert seat(text(KEPT_BYTES // 2), text(KEPT_BYTES // 2)).missed(0)[0] is False
    assert seat(text(KEPT_BYTES // 2), text(KEPT_BYTES // 2 + 1)).missed(0)[0] is True


def test_signals_that_were_heard_make_room_in_the_buffer() -> None:
    third = "x" * (KEPT_BYTES // 3 - 200)
    alice = seat(third, third, third)
    assert alice.missed(3) == (False, [])
    for _ in range(3):
        alice.keep(BOB, Payload(third))
    assert alice.missed(3) == (False, signals(third, third, third, first=4))
