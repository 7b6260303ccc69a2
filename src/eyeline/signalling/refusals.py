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


class Row(NamedTuple):
    """What a code means."""

    closes: int | None
    """The WebSocket close code, or None where the socket stays open and nothing is lost."""
    message: str
    """The words for people."""


REFUSALS: Final[dict[Code, Row]] = {
    "malformed": Row(None, "The message is not JSON in UTF-8."),
    "unknown-type": Row(None, "The message has no type that this broker knows."),
    "invalid": Row(None, "A field of the message has the wrong type or breaks its limit."),
    "too-large": Row(1009, "A message may have 64 KiB at most."),
    "too-fast": Row(4008, "Too many messages in a short time."),
    "hello-late": Row(4001, "No hello, or resume, came within 5 seconds."),
    "out-of-turn": Row(None, "This message can't come now: hello or resume first and once, join once, then signals."),
    "room-full": Row(None, "Every seat in this room is taken."),
    "busy": Row(None, "The server has no room for another call now; try again in a minute."),
    "too-many-looks": Row(None, "Too many rooms were opened from your network; try again in a minute."),
    "pass-needed": Row(4005, "This room opens only to who comes by a link with a pass; ask for one."),
    "pass-invalid": Row(4005, "This pass can't be used here; ask for a new link."),
    "pass-expired": Row(4005, "This pass has ended; ask for a new link."),
    "not-allowed": Row(4005, "This site does not let you into this room."),
    "no-such-peer": Row(None, "Nobody in this room has that id."),
    "skipped": Row(None, "Signals are numbered without a gap, and one before this never came."),
    "seat-gone": Row(None, "This seat was given up or is not known here; join again."),
    "replaced": Row(4002, "This seat was opened from another window."),
    "removed": Row(4006, "You were removed from this call."),
    "ended": Row(4007, "This call was ended for all."),
    "time-up": Row(4009, "The time of this call is up."),
    "locked": Row(None, "The host has locked this room."),
    "denied": Row(None, "The host did not let you in."),
    "too-many-knocks": Row(None, "Many wait at the door of this room already; try again in a minute."),
    "not-owner": Row(None, "This is not the owner's key of this room."),
    "not-host": Row(None, "Only a host of this room can do that."),
    "silent": Row(4003, "Nothing was heard for 15 seconds."),
    "too-slow": Row(4004, "Messages for you were not read in time."),
}
assert set(REFUSALS) == set(get_args(Code))


class Refusal(RemoteError):
    """A `RemoteError` with a code of the signalling protocol."""

    def __init__(self, code: Code, message: str | None = None) -> None:
        super().__init__(code, message or REFUSALS[code].message)
        self.code: Code = code
