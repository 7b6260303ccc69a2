"""Error codes of the signalling protocol, with the WebSocket close code and message of each."""

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
    """One error code: the close code and the message that go with it."""

    closes: int | None
    """The WebSocket close code, or None if the socket stays open and no state is lost."""
    message: str
    """Text to show to people."""


REFUSALS: Final[dict[Code, RefusalRow]] = {
    "malformed": RefusalRow(None, "The message isn't valid UTF-8 JSON."),
    "unknown-type": RefusalRow(None, "The message has an unknown type."),
    "invalid": RefusalRow(None, "A field of the message has the wrong type or exceeds its limit."),
    "too-large": RefusalRow(1009, "A message can't be larger than 64 KiB."),
    "too-fast": RefusalRow(4008, "Too many messages in a short time."),
    "hello-late": RefusalRow(4001, "No hello or resume was received within 5 seconds."),
    "out-of-turn": RefusalRow(
        None, "This message isn't allowed now: send hello or resume first and only once, then join once, then signals."
    ),
    "room-full": RefusalRow(None, "Every seat in this room is taken."),
    "busy": RefusalRow(None, "The server is full; try again in a minute."),
    "too-many-looks": RefusalRow(None, "Too many rooms were opened from your network; try again in a minute."),
    "pass-needed": RefusalRow(4005, "You need an invitation link for this room; ask for one."),
    "pass-invalid": RefusalRow(4005, "This pass can't be used here; ask for a new link."),
    "pass-expired": RefusalRow(4005, "This pass has expired; ask for a new link."),
    "not-allowed": RefusalRow(4005, "This site doesn't let you into this room."),
    "no-such-peer": RefusalRow(None, "There is nobody with that id in this room."),
    "skipped": RefusalRow(None, "Signals must be numbered without a gap; an earlier one is missing."),
    "seat-gone": RefusalRow(None, "This seat has been released or is unknown here; join again."),
    "replaced": RefusalRow(4002, "This seat was opened from another window."),
    "removed": RefusalRow(4006, "You were removed from this call."),
    "ended": RefusalRow(4007, "This call was ended for everyone."),
    "time-up": RefusalRow(4009, "The time of this call is up."),
    "locked": RefusalRow(None, "The host has locked this room."),
    "denied": RefusalRow(None, "The host didn't let you in."),
    "too-many-knocks": RefusalRow(None, "The waiting room is full; try again in a minute."),
    "not-owner": RefusalRow(None, "This isn't the owner's key for this room."),
    "not-host": RefusalRow(None, "Only a host of this room can do that."),
    "silent": RefusalRow(4003, "Nothing was received for 15 seconds."),
    "too-slow": RefusalRow(4004, "Messages for you weren't read in time."),
}
assert set(REFUSALS) == set(get_args(Code))


class Refusal(RemoteError):
    """A `RemoteError` with a code of the signalling protocol."""

    def __init__(self, code: Code, message: str | None = None) -> None:
        super().__init__(code, message or REFUSALS[code].message)
        self.code: Code = code
