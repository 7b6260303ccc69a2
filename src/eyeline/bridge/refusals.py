"""Why the bridge refuses a call, and what SIP status that is."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from eyeline.signalling.messages import Member
from eyeline.signalling.passes import NAME_CHARACTERS_MAX
from eyeline.signalling.refusals import Code


class Rejection(NamedTuple):
    """A final response that isn't a 2xx."""

    status: int
    why: str = ""
    """What the `Warning` says; "" for none."""


REJECTIONS: Final[Mapping[Code, Rejection]] = {
    "room-full": Rejection(486, "every seat in this room is taken"),
    "locked": Rejection(603, "the host has locked this room"),
    "denied": Rejection(603, "the host didn't let you in"),
    "removed": Rejection(603, "you were removed from this call"),
    "ended": Rejection(480, "this call was ended"),
}
"""The answer for each code of the room; 480 for others."""


def warning(why: str) -> tuple[tuple[str, str], ...]:
    """The `Warning` header (RFC 3261, 20.43) that says why."""
    return (("Warning", f'399 eyeline "{why}"'),)


def problem_of(others: Sequence[Member]) -> Rejection | None:
    """Why a phone can't join these people."""
    if not others:
        return Rejection(480, "nobody is in this room")
    if len(others) > 1:
        return Rejection(486, "a phone can join a call of two")
    if len(others[0].name) > NAME_CHARACTERS_MAX:
        return Rejection(488, "the link of this call has a secret: phones can join only by links without one")
    return None
