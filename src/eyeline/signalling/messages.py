"""Every message on the WebSocket: the protocol.

`ToBroker` is what a client may send, `FromBroker` what it may receive.  Each JSON text frame is one message,
told apart by `type`.  Names are camelCase on the wire, and unknown fields are ignored.  `tools/protocol.py` writes
`docs/protocol.md` and `web/sdk/src/signalling/protocol.ts` from these types.
"""

from typing import Annotated, Final, Literal, NewType, get_args

import msgspec
from msgspec import Meta, Struct

from eyeline.signalling.refusals import Code, Refusal

SUBPROTOCOL: Final = "eyeline.v1"
"""The WebSocket subprotocol; a client that does not offer it is turned away with HTTP status 400."""

MESSAGE_BYTES_MAX: Final = 64 * 1024
"""Bytes in one message, encoded as UTF-8."""

PAYLOAD_CHARACTERS_MAX: Final = 60 * 1024
"""Characters in what one member says to another."""

_END: Final = r"(?![\s\S])"  # the end of the text, in Python and JavaScript alike; `$` would let a newline through
_BAD: Final = (
    r"\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"  # control, unseen
)

RoomName = NewType("RoomName", Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}" + _END)])
"""1 to 64 of a-z, 0-9 and hyphen."""

DISPLAY_NAME: Final = rf"(?=.*\S)[^{_BAD}]{{1,64}}"
"""What a name may be: 1 to 64 characters, not all blank, no control characters, no overrides of text direction, nothing
without width that is not part of an emoji."""

_CARD: Final = "[A-Za-z0-9_-]{400}"

NameText = Annotated[str, Meta(pattern=f"^(?:{DISPLAY_NAME}|{_CARD})" + _END)]
DisplayName = NewType("DisplayName", NameText)
"""What a person is called: 1 to 64 characters, not all blank, no control characters, no overrides of text direction,
nothing without width that is not part of an emoji.  Or, where the link has a secret, a sealed card: 400 of A-Z, a-z,
0-9, hyphen and underscore, which only who has that secret can open."""

PeerId = NewType("PeerId", Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{8,32}" + _END)])
"""A member's public id, given by the broker."""

ResumeToken = NewType("ResumeToken", Annotated[str, Meta(max_length=2048)])
"""A secret: whoever shows it takes the seat."""

JoinPass = NewType("JoinPass", Annotated[str, Meta(max_length=2048)])
"""A site's signed word on who may enter a room, as a JSON Web Token; keep it secret."""

Payload = NewType("Payload", Annotated[str, Meta(max_length=PAYLOAD_CHARACTERS_MAX)])
"""What one member says to another, opaque to the broker: at most 60 Ki characters, and within the message's limit."""

Count = NewType("Count", Annotated[int, Meta(ge=0, le=2**53 - 1)])
"""A whole number from 0 that JavaScript holds exactly."""


OwnerKey = NewType("OwnerKey", Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{21}[AQgw]" + _END)])
"""A secret of 128 bits, base64url: whoever shows it is host of the room whose name is made from it."""

Entry = Literal["open", "knock", "locked"]
Role = Literal["host", "co-host", "member"]
Permission = Literal["microphone", "camera", "screen", "files", "chat"]

PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)
"""All that one member can send to the others.  To see and hear them, and to read, takes none of these."""


class _Message(Struct, frozen=True, rename="camel", tag_field="type"):
    pass


class Hello(_Message, frozen=True, tag="hello", omit_defaults=True):
    """Look into a room, from its lobby.

    Answered by `welcome`, and by `roster` whenever somebody comes or goes.  Or by `refused` with code `pass-needed`,
    `pass-invalid`, `pass-expired` or `not-allowed`, where the site decides who enters.
    """

    room: RoomName
    """The room to look into; it need not exist yet."""
    join_pass: JoinPass | None = msgspec.field(default=None, name="pass")
    """What opens this room; counts for `join` too."""
    owner: OwnerKey | None = None
    """Shows that the room is yours: you are a host then, whoever came first.  The key of another room is refused with
    code `not-owner`."""


class Join(_Message, frozen=True, tag="join"):
    """Take a seat in the room of `hello`; may follow it at once.

    Answered by `joined`, or by `refused` with code `room-full`, after which the lobby goes on.
    """

    name: DisplayName
    """What the others read, if the site has not said another name."""


class Resume(_Message, frozen=True, tag="resume"):
    """Come back to a seat, as the first message on a new socket.

    Answered by `joined` and the signals that were missed, or by `refused` with code `seat-gone` or `room-full`.  A
    socket that still holds the seat is told `refused` with code `replaced` and closed.
    """

    token: ResumeToken
    """The newest one from `joined`."""
    name: DisplayName
    """What the others read; may be another one than before."""
    heard: Count
    """The `n` of the last `signalled` that came; those after it are sent again."""


class Rules(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What the hosts of a room have decided."""

    entry: Entry = "open"
    """Who comes with `join`: gets a seat, waits for a host's yes, or is refused with code `locked`."""
    files: bool = True
    """Whether files may be offered; each member's own program sees to it."""
    history: bool = True
    """Whether who comes later is told what was written before; likewise."""
    screens: bool = True
    """Whether screens may be shared; likewise."""


OPEN: Final = Rules()
"""Everything is allowed."""


class Govern(_Message, frozen=True, tag="govern"):
    """A host sets the rules.  Everybody hears of them by `roster`; opening the room lets in who waits."""

    rules: Rules


class Admit(_Message, frozen=True, tag="admit"):
    """A host or co-host lets in somebody who waits."""

    knock: PeerId
    """As in `knocks`."""


class Deny(_Message, frozen=True, tag="deny"):
    """A host or co-host turns away somebody who waits: they are refused with code `denied`."""

    knock: PeerId
    """As in `knocks`."""


class RemoveMember(_Message, frozen=True, tag="remove"):
    """A host takes a member out, or a co-host somebody who is neither.

    They are refused with code `removed`; from then on newcomers have to knock, so that they come back only with a yes.
    """

    peer: PeerId
    """Whom."""


class Appoint(_Message, frozen=True, tag="appoint"):
    """A host makes a member co-host, or takes it back."""

    peer: PeerId
    """Whom."""
    role: Literal["co-host", "member"]


class AskMute(_Message, frozen=True, tag="ask-mute"):
    """A host or co-host asks a member to mute: `asked-to-mute`."""

    peer: PeerId
    """Whom."""


class EndCall(_Message, frozen=True, tag="end"):
    """A host ends the call for all: everybody is refused with code `ended`."""


HostOrder = Govern | Admit | Deny | RemoveMember | Appoint | AskMute | EndCall


class Signal(_Message, frozen=True, tag="signal"):
    """Say something to one other member.

    Answered only when it can't be done: `refused` with code `no-such-peer`.
    """

    to: PeerId
    """A member of the same room."""
    n: Count
    """1, 2, 3 ... on this seat, on from `heard` of the newest `joined`.  One that came before is dropped, so that a
    client may send again after `resume`; one that leaves a gap is refused with code `skipped`."""
    data: Payload
    """Anything; the broker does not look at it."""


class Leave(_Message, frozen=True, tag="leave"):
    """Give up the seat now.  The broker closes the socket."""


class Ping(_Message, frozen=True, tag="ping"):
    """Are you there?  Either side may ask; the other answers with `pong`."""


class Pong(_Message, frozen=True, tag="pong"):
    """I am."""


class Member(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A participant with a seat in the room."""

    id: PeerId
    """Given by the broker with the seat."""
    name: DisplayName
    """Display name."""
    order: Count
    """Grows with the time of arrival, distinct in the room.  Of two members the later one is the polite peer."""
    role: Role = "member"
    """`host` has the room's owner key, or a pass that says so."""
    may: tuple[Permission, ...] = PERMISSIONS
    """What they may send, as the site decides; left out if that is everything.  Each client enforces it: it drops what
    the others may not send."""


class IceServer(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A STUN or TURN server, as `RTCPeerConnection` takes it in `iceServers`."""

    urls: tuple[str, ...]
    """`stun:`, `turn:` or `turns:` URLs."""
    username: str | None = None
    """For TURN."""
    credential: str | None = None
    """For TURN."""


class Roster(_Message, frozen=True, tag="roster", omit_defaults=True):
    """Everybody with a seat, whole, whenever it changes."""

    version: Count
    """Grows with each change, over restarts too; an older one than the newest seen is stale."""
    members: tuple[Member, ...]
    """In order of arrival."""
    complete: bool
    """False while a broker that was restarted waits for members to come back.  Somebody missing may only be out of the
    broker's reach, and not only then: a connection to them is kept for as long as it stands."""
    rules: Rules = OPEN
    """Left out where all is allowed."""
    removed: tuple[PeerId, ...] = ()
    """Who was sent out of the call lately, by a host, by the site or by the time of their pass: hang up on them."""


class Knock(Struct, frozen=True, rename="camel"):
    """Somebody who waits to be admitted."""

    id: PeerId
    """Identifies the knock, for `admit` and `deny`."""
    name: DisplayName
    """Display name."""


class Waiting(_Message, frozen=True, tag="waiting"):
    """An answer to `join`: a host is asked.  Then comes `joined`, or `refused` with code `denied`."""


class Knocks(_Message, frozen=True, tag="knocks"):
    """To hosts and co-hosts: everybody who waits, whole, whenever it changes."""

    waiting: tuple[Knock, ...]
    """First come, first."""


class AskedToMute(_Message, frozen=True, tag="asked-to-mute"):
    """A host asks you to mute.  It is for you to decide."""

    sender: PeerId = msgspec.field(name="from")


class NewToken(_Message, frozen=True, tag="new-token"):
    """Your role, or the rules, have changed: a resume token in place of the one you have."""

    resume: ResumeToken


class Welcome(_Message, frozen=True, tag="welcome", omit_defaults=True):
    """The answer to `hello`: what one can know before joining."""

    roster: Roster
    capacity: Count
    """How many seats the room has.  Members who come back after a restart get theirs on top of it."""
    ice_servers: tuple[IceServer, ...]
    """So that the browser can gather its candidates in the lobby."""
    may: tuple[Permission, ...] = PERMISSIONS
    """What you may send once you are inside; left out where that is everything."""


class Joined(_Message, frozen=True, tag="joined", omit_defaults=True):
    """The answer to `join` and `resume`: all that a member needs, in one message."""

    you: PeerId
    roster: Roster
    ice_servers: tuple[IceServer, ...]
    resume: ResumeToken
    """Shows that this seat is yours, for a day; keep it secret."""
    seat_seconds: Count
    """How long the seat outlives its socket."""
    heard: Count
    """The `n` of your last `signal` that came; send those after it again, or count on from here."""
    gap: bool
    """True if signals between members may have been lost: negotiate afresh where a connection is not up."""
    ends_in_ms: Count | None = None
    """When the site has said that the call ends: after this time you are refused with code `time-up`."""


class IceServers(_Message, frozen=True, tag="ice-servers"):
    """New credentials, in time before the ones that you have end.  For connections that are there, too."""

    ice_servers: tuple[IceServer, ...]


class Signalled(_Message, frozen=True, tag="signalled"):
    """Another member said something to you."""

    sender: PeerId = msgspec.field(name="from")
    """Written by the broker."""
    n: Count
    """1, 2, 3 ... on your seat."""
    data: Payload


class Refused(_Message, frozen=True, tag="refused", omit_defaults=True):
    """Something you sent was not taken; the table of codes says whether the socket stays open."""

    code: Code
    message: str
    """For people; may change its words."""
    to: PeerId | None = None
    """With code `no-such-peer`: who."""


class Goodbye(_Message, frozen=True, tag="goodbye"):
    """The broker is going away and closes the socket; calls go on."""

    back_in_ms: Count
    """Come back after this time, give or take a random half of it."""


ToBroker = Hello | Join | Resume | Signal | HostOrder | Leave | Ping | Pong
FromBroker = (
    Welcome
    | Joined
    | Roster
    | Waiting
    | Knocks
    | AskedToMute
    | NewToken
    | IceServers
    | Signalled
    | Refused
    | Goodbye
    | Ping
    | Pong
)

_to_broker: msgspec.json.Decoder[ToBroker] = msgspec.json.Decoder(ToBroker)
_from_broker: msgspec.json.Decoder[FromBroker] = msgspec.json.Decoder(FromBroker)
_encoder = msgspec.json.Encoder()


def decode(text: str | bytes) -> ToBroker:
    """The message in one frame.

    Raises `Refusal` and nothing else, whatever the bytes: `too-large`, `malformed` (no JSON), `unknown-type`, or
    `invalid` (a field has the wrong type or breaks a limit; the words name it).
    """
    size = len(text) if isinstance(text, bytes) or text.isascii() else len(text.encode(errors="replace"))
    if size > MESSAGE_BYTES_MAX:
        raise Refusal("too-large")
    try:
        return _to_broker.decode(text)
    except msgspec.ValidationError as error:
        if str(error).endswith("at `$.type`") or "`type`" in str(error):
            raise Refusal("unknown-type") from None
        raise Refusal("invalid", _in_words(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refusal("malformed") from None


def _in_words(error: msgspec.ValidationError) -> str:
    expected, _, path = str(error).rpartition(" - at ")
    if not expected:
        return f"{path}."
    field = path.strip("`").removeprefix("$.")
    if "regex" in expected:
        return f"The field {field} has a length or a character that is not allowed."
    return f"The field {field} is wrong: {expected[0].lower()}{expected[1:]}."


def encode(message: FromBroker | ToBroker) -> str:
    """One text frame."""
    return encode_utf8(message).decode()


def encode_utf8(message: FromBroker | ToBroker) -> bytes:
    """The bytes of one text frame."""
    return _encoder.encode(message)


def decode_from_broker(text: str | bytes) -> FromBroker:
    """The client's side of `encode`.  Raises `msgspec.DecodeError` if a broker said what it may not."""
    return _from_broker.decode(text)
