"""Why the bridge refuses a call, and what SIP status that is; what the status of a phone means to the page."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from eyeline.signalling.messages import Member, PhoneCallEnd, PhoneObstacle
from eyeline.signalling.passes import NAME_CHARACTERS_MAX
from eyeline.signalling.refusals import Code


class Rejection(NamedTuple):
    """A final response that isn't a 2xx."""

    status: int
    why: str = ""
    """What the `Warning` says; "" for none."""
    obstacle: PhoneObstacle | None = None
    """Why a phone can't join these people, for them to know."""


REJECTIONS: Final[Mapping[Code, Rejection]] = {
    "room-full": Rejection(486, "every seat in this room is taken", "crowded"),
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
    if any(len(member.name) > NAME_CHARACTERS_MAX for member in others):
        why = "the link of this call has a secret: phones can join only by links without one"
        return Rejection(488, why, "sealed")
    if len(others) > 1:
        return Rejection(486, "a phone can join a call of two", "crowded")
    return None


_ENDS: Final[Mapping[int, PhoneCallEnd]] = {
    404: "unavailable",
    408: "no-answer",
    410: "unavailable",
    415: "incompatible",
    480: "unavailable",
    486: "busy",
    488: "incompatible",
    600: "busy",
    603: "declined",
    604: "unavailable",
    606: "incompatible",
}


def end_of(status: int, *, rang: bool) -> PhoneCallEnd:
    """Why a phone didn't take the call, by its final response; 480 of a phone that `rang` is nobody's answer."""
    return "no-answer" if rang and status == 480 else _ENDS.get(status, "failed")
