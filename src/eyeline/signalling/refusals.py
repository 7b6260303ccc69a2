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
    "no-such-peer",
    "seat-gone",
    "replaced",
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
    "no-such-peer": Row(None, "Nobody in this room has that id."),
    "seat-gone": Row(None, "This seat was given up or is not known here; join again."),
    "replaced": Row(4002, "This seat was opened from another window."),
    "silent": Row(4003, "Nothing was heard for 15 seconds."),
    "too-slow": Row(4004, "Messages for you were not read in time."),
}
assert set(REFUSALS) == set(get_args(Code))

HANDSHAKE: Final = {
    "wrong-subprotocol": (400, "Open the WebSocket with the subprotocol eyeline.v1."),
    "foreign-origin": (403, "Pages of this origin may not use this server; its operator can allow it."),
}
"""Why a socket is not opened at all: the HTTP status, and the words for people."""


class Refusal(RemoteError):
    """A `RemoteError` with a code of the signalling protocol."""

    def __init__(self, code: Code, message: str | None = None) -> None:
        super().__init__(code, message or REFUSALS[code].message)
        self.code: Code = code
