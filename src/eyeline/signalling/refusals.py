"""Why the broker says no: one row a code."""

from typing import Final, Literal, NamedTuple, get_args

from eyeline.errors import RemoteError

Code = Literal[
    "malformed",
    "unknown-type",
    "invalid",
    "too-large",
    "too-fast",
    "hello-late",
    "out-of-turn",
    "room-full",
    "busy",
    "too-many-looks",
    "pass-needed",
    "pass-invalid",
    "pass-expired",
    "not-allowed",
    "no-such-peer",
    "skipped",
    "seat-gone",
    "replaced",
    "removed",
    "ended",
    "time-up",
    "locked",
    "denied",
    "too-many-knocks",
    "not-owner",
    "not-host",
    "silent",
    "too-slow",
]


class RefusalRow(NamedTuple):
    """What a code means."""

    closes: int | None
    """The WebSocket close code, or None where the socket stays open and nothing is lost."""
    message: str
    """The words for people."""


REFUSALS: Final[dict[Code, RefusalRow]] = {
    "malformed": RefusalRow(None, "The message is not JSON in UTF-8."),
    "unknown-type": RefusalRow(None, "The message has no type that this broker knows."),
    "invalid": RefusalRow(None, "A field of the message has the wrong type or breaks its limit."),
    "too-large": RefusalRow(1009, "A message may have 64 KiB at most."),
    "too-fast": RefusalRow(4008, "Too many messages in a short time."),
    "hello-late": RefusalRow(4001, "No hello, or resume, came within 5 seconds."),
    "out-of-turn": RefusalRow(
        None, "This message can't come now: hello or resume first and once, join once, then signals."
    ),
    "room-full": RefusalRow(None, "Every seat in this room is taken."),
    "busy": RefusalRow(None, "The server has no room for another call now; try again in a minute."),
    "too-many-looks": RefusalRow(None, "Too many rooms were opened from your network; try again in a minute."),
    "pass-needed": RefusalRow(4005, "This room opens only to who comes by a link with a pass; ask for one."),
    "pass-invalid": RefusalRow(4005, "This pass can't be used here; ask for a new link."),
    "pass-expired": RefusalRow(4005, "This pass has ended; ask for a new link."),
    "not-allowed": RefusalRow(4005, "This site does not let you into this room."),
    "no-such-peer": RefusalRow(None, "Nobody in this room has that id."),
    "skipped": RefusalRow(None, "Signals are numbered without a gap, and one before this never came."),
    "seat-gone": RefusalRow(None, "This seat was given up or is not known here; join again."),
    "replaced": RefusalRow(4002, "This seat was opened from another window."),
    "removed": RefusalRow(4006, "You were removed from this call."),
    "ended": RefusalRow(4007, "This call was ended for all."),
    "time-up": RefusalRow(4009, "The time of this call is up."),
    "locked": RefusalRow(None, "The host has locked this room."),
    "denied": RefusalRow(None, "The host did not let you in."),
    "too-many-knocks": RefusalRow(None, "Many wait at the door of this room already; try again in a minute."),
    "not-owner": RefusalRow(None, "This is not the owner's key of this room."),
    "not-host": RefusalRow(None, "Only a host of this room can do that."),
    "silent": RefusalRow(4003, "Nothing was heard for 15 seconds."),
    "too-slow": RefusalRow(4004, "Messages for you were not read in time."),
}
assert set(REFUSALS) == set(get_args(Code))


class Refusal(RemoteError):
    """A `RemoteError` with a code of the signalling protocol."""

    def __init__(self, code: Code, message: str | None = None) -> None:
        super().__init__(code, message or REFUSALS[code].message)
        self.code: Code = code
