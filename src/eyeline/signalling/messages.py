"""The signalling protocol: every WebSocket message, with its schema; `codec.py` encodes and decodes them.

A client sends `ToBroker` and receives `FromBroker`.  Each JSON text frame is one message, and `type` names its kind.
Field names are camelCase on the wire, and unknown fields are ignored.  `tools/protocol.py` writes `docs/protocol.md`
and `web/sdk/src/signalling/protocol.ts` from these types.
"""

from typing import Annotated, Final, Literal, NewType, get_args

import msgspec
from msgspec import Meta, Struct

from eyeline.signalling.refusals import Code

SUBPROTOCOL: Final = "eyeline.v1"
"""The WebSocket subprotocol; a client that doesn't offer it is rejected with HTTP status 400."""

MESSAGE_BYTES_MAX: Final = 64 * 1024
"""Maximum size of a message in bytes, encoded as UTF-8."""

PAYLOAD_CHARACTERS_MAX: Final = 60 * 1024
"""Maximum length of the `data` of a signal, in characters."""

_END: Final = r"(?![\s\S])"  # the end of the text in both Python and JavaScript; `$` would let a newline through
_BAD: Final = (
    r"\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"  # control, invisible
)

RoomName = NewType("RoomName", Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}" + _END)])
"""1 to 64 of a-z, 0-9 and hyphen."""

_BLANK: Final = (  # nothing is shown for them
    r"\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0000-\U000e0fff"  # themselves, since Python and JavaScript escape them differently
)

DISPLAY_NAME: Final = rf"(?=.*[^{_BLANK}])[^{_BAD}]{{1,64}}"
"""Pattern of a display name: 1 to 64 characters, not all blank or invisible, no control characters, no overrides of
text direction, no zero-width characters outside emoji."""

_CARD: Final = "[A-Za-z0-9_-]{400}"

NameText = Annotated[str, Meta(pattern=f"^(?:{DISPLAY_NAME}|{_CARD})" + _END)]
DisplayName = NewType("DisplayName", NameText)
"""A participant's name: 1 to 64 characters, not all blank or invisible, no control characters, no overrides of text
direction, no zero-width characters outside emoji.  If the link has a secret, an encrypted card instead: 400 of A-Z,
a-z, 0-9, hyphen and underscore, which only people with that secret can decrypt."""

PeerId = NewType("PeerId", Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{8,32}" + _END)])
"""A member's public id, assigned by the broker: 8 to 32 of A-Z, a-z, 0-9, hyphen and underscore.  Any other text is
refused with code `invalid`, not `no-such-peer`."""

ResumeToken = NewType("ResumeToken", Annotated[str, Meta(max_length=2048)])
"""A secret that lets its holder take over the seat."""

JoinPass = NewType("JoinPass", Annotated[str, Meta(max_length=2048)])
"""A JSON Web Token, signed by the site, that lets its holder enter a room; keep it secret."""

Payload = NewType("Payload", Annotated[str, Meta(max_length=PAYLOAD_CHARACTERS_MAX)])
"""Data from one member to another, opaque to the broker: at most 60 Ki characters, and within the message's limit."""

Count = NewType("Count", Annotated[int, Meta(ge=0, le=2**53 - 1)])
"""A non-negative integer that JavaScript can represent exactly."""


OwnerKey = NewType("OwnerKey", Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{21}[AQgw]" + _END)])
"""A secret of 128 bits, base64url.  The room's name is derived from it (docs/peer-protocol.md, "Owner keys"), and its
holder is host of that room."""

SipUser = NewType("SipUser", Annotated[str, Meta(pattern=r"^[a-z0-9+][a-z0-9._+-]{0,63}" + _END)])
"""The user in a SIP address of this server: 1 to 64 of a-z, 0-9, dot, underscore, plus and hyphen."""

Entry = Literal["open", "knock", "locked"]
Role = Literal["host", "co-host", "member"]
Permission = Literal["microphone", "camera", "screen", "files", "chat"]

PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)
"""Everything a member can be allowed to send.  Receiving needs no permission."""


class _Message(Struct, frozen=True, rename="camel", tag_field="type"):
    pass


class Hello(_Message, frozen=True, tag="hello", omit_defaults=True):
    """Enter the lobby of a room.

    The broker answers with `welcome`, then sends `roster` whenever somebody joins or leaves.  If the site decides who
    may enter, the answer can be `refused` with code `pass-needed`, `pass-invalid`, `pass-expired` or `not-allowed`.
    """

    room: RoomName
    """The room to enter; it need not exist yet."""
    join_pass: JoinPass | None = msgspec.field(default=None, name="pass")
    """The pass for this room; also used for `join`."""
    owner: OwnerKey | None = None
    """Proves that you own the room: you become a host, even if others came first.  The key of another room is refused
    with code `not-owner`."""


class Join(_Message, frozen=True, tag="join"):
    """Take a seat in the room of `hello`; may be sent right after it.

    Answered by `joined`, or by `refused` with code `room-full`, which leaves you in the lobby.
    """

    name: DisplayName
    """The name shown to the others, unless the site has set one."""


class Resume(_Message, frozen=True, tag="resume"):
    """Reconnect to a seat, as the first message on a new socket.

    Answered by `joined` and the signals that were missed, or by `refused` with code `seat-gone` or `room-full`.  A
    socket that still holds the seat gets `refused` with code `replaced` and is closed.
    """

    token: ResumeToken
    """The newest one received, in `joined` or `new-token`."""
    name: DisplayName
    """The name shown to the others; may differ from before."""
    heard: Count
    """The `n` of the last `signalled` received; later ones are sent again."""


class Rules(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The rules of a room, set by its hosts."""

    entry: Entry = "open"
    """What happens on `join`: `open` gives a seat, `knock` puts the person in the waiting room until a host admits
    them, `locked` refuses with code `locked`."""
    files: bool = True
    """Whether files may be offered; enforced by each member's client."""
    history: bool = True
    """Whether latecomers receive earlier chat messages; enforced by each member's client."""
    screens: bool = True
    """Whether screens may be shared; enforced by each member's client."""


OPEN: Final = Rules()
"""Everything is allowed."""


class Govern(_Message, frozen=True, tag="govern"):
    """A host sets the rules.  Everybody receives them in `roster`; opening the room admits everyone who waits."""

    rules: Rules


class Admit(_Message, frozen=True, tag="admit"):
    """A host or co-host admits somebody from the waiting room."""

    knock: PeerId
    """The id in `knocks`."""


class Deny(_Message, frozen=True, tag="deny"):
    """A host or co-host rejects somebody in the waiting room, who is refused with code `denied`."""

    knock: PeerId
    """The id in `knocks`."""


class RemoveMember(_Message, frozen=True, tag="remove"):
    """A host removes any member but a host; a co-host removes an ordinary member.

    They are refused with code `removed`.  An open room then changes to `knock`, so that they can come back only if a
    host admits them.
    """

    peer: PeerId
    """The member to remove."""


class Appoint(_Message, frozen=True, tag="appoint"):
    """A host makes a member co-host, or revokes it."""

    peer: PeerId
    """The member whose role changes."""
    role: Literal["co-host", "member"]


class AskMute(_Message, frozen=True, tag="ask-mute"):
    """A host or co-host asks a member to mute; they receive `asked-to-mute`."""

    peer: PeerId
    """The member to ask."""


class EndCall(_Message, frozen=True, tag="end"):
    """A host ends the call for everyone: all are refused with code `ended`."""


HostCommand = Govern | Admit | Deny | RemoveMember | Appoint | AskMute | EndCall


class CallPhone(_Message, frozen=True, tag="call-phone"):
    """Call somebody's phones, so that they join you in this room.  Answered by `phone-call`, several times.

    You must be alone in the room, without a secret in its link.  Hosts and co-hosts may call; others may if the room is
    open, so that anybody could let that person in.
    """

    user: SipUser
    """Whom to call."""


class HangUpPhone(_Message, frozen=True, tag="hang-up-phone"):
    """End the call that you began with `call-phone`: it stops ringing."""

    user: SipUser


class Signal(_Message, frozen=True, tag="signal"):
    """Send data to one other member, such as an offer, an answer or a candidate.

    Answered only on failure: `refused` with code `no-such-peer` or `skipped`.
    """

    to: PeerId
    """A member of the same room."""
    n: Count
    """Sequence number 1, 2, 3 ... on this seat, continuing from `heard` of the newest `joined`.  A duplicate is
    dropped, so that a client may resend after `resume`; one that leaves a gap is refused with code `skipped`.  One that
    is refused with `no-such-peer` has used up its number."""
    data: Payload
    """Any text; the broker doesn't read it."""


class Leave(_Message, frozen=True, tag="leave"):
    """Release the seat now.  The broker closes the socket."""


class Ping(_Message, frozen=True, tag="ping"):
    """Keepalive.  Either side may send it; the other answers with `pong`."""


class Pong(_Message, frozen=True, tag="pong"):
    """Answer to `ping`."""


class Member(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A participant: somebody with a seat in the room."""

    id: PeerId
    """Given by the broker with the seat."""
    name: DisplayName
    """Display name."""
    order: Count
    """Increases with the time of arrival, unique in the room.  Of two members the later one is the polite peer."""
    role: Role = "member"
    """A `host` holds the room's owner key, or a pass with that role."""
    may: tuple[Permission, ...] = PERMISSIONS
    """What the site allows them to send; omitted if that is everything.  Enforced by each member's client, which
    ignores media and data sent without permission."""
    sip: bool = False
    """Whether this is a phone, in a SIP call: it has camera and microphone, and no data channels."""
    called: bool = False
    """Whether the room has called that phone, and it may still ring: make the first offer at once, even if you were
    here before it, and show it once you are connected."""


class IceServer(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An `RTCIceServer`: an entry of `iceServers` in the configuration of `RTCPeerConnection`."""

    urls: tuple[str, ...]
    """`stun:`, `turn:` or `turns:` URLs."""
    username: str | None = None
    """For TURN."""
    credential: str | None = None
    """For TURN."""


class Roster(_Message, frozen=True, tag="roster", omit_defaults=True):
    """The complete list of members, sent whenever it changes."""

    version: Count
    """Increases with each change, across restarts too; ignore a roster older than the newest you have."""
    members: tuple[Member, ...]
    """In order of arrival."""
    complete: bool
    """False while a restarted broker waits for members to reconnect.  A missing member may merely have lost the broker,
    even when this is true: keep a peer connection to them for as long as it works."""
    rules: Rules = OPEN
    """Omitted if everything is allowed."""
    removed: tuple[PeerId, ...] = ()
    """Members recently removed by a host, by the site or because their time was up: close the connections to them."""


class Knock(Struct, frozen=True, rename="camel"):
    """Somebody in the waiting room."""

    id: PeerId
    """Identifies the knock, for `admit` and `deny`."""
    name: DisplayName
    """Display name."""


class Waiting(_Message, frozen=True, tag="waiting"):
    """An answer to `join`: you are in the waiting room.  Followed by `joined`, or by `refused` with code `denied`."""


class Knocks(_Message, frozen=True, tag="knocks"):
    """For hosts and co-hosts: the complete waiting room, sent whenever it changes."""

    waiting: tuple[Knock, ...]
    """In order of arrival."""


class AskedToMute(_Message, frozen=True, tag="asked-to-mute"):
    """A host asks you to mute.  Whether you do is up to you."""

    sender: PeerId = msgspec.field(name="from")


class NewToken(_Message, frozen=True, tag="new-token"):
    """Your role or the rules have changed: a resume token that replaces the one you have."""

    resume: ResumeToken


class Welcome(_Message, frozen=True, tag="welcome", omit_defaults=True):
    """The answer to `hello`: the state of the room before you join."""

    roster: Roster
    capacity: Count
    """How many seats the room has.  Members who reconnect after a restart get theirs in addition."""
    ice_servers: tuple[IceServer, ...]
    """STUN servers, with which the browser gathers candidates in the lobby.  TURN servers and their credentials follow
    with `joined`."""
    may: tuple[Permission, ...] = PERMISSIONS
    """What you may send after you join; omitted if that is everything."""
    role: Role = "member"
    """The role you will have.  Hosts and co-hosts join without knocking, a locked room too, and may take one seat more
    than the capacity."""


class Phones(Struct, frozen=True, rename="camel"):
    """What this server can do with phones, by SIP."""

    host: str
    """The host in SIP addresses: `sip:alice@host`."""
    call_in: bool
    """Whether a phone joins this room by calling `sip:room@host`, if its link has no secret."""
    call_out: bool
    """Whether `call-phone` is allowed here."""


PhoneCallState = Literal["calling", "ringing", "answered", "ended"]
PhoneCallEnd = Literal[
    "busy",
    "declined",
    "no-answer",
    "unavailable",
    "incompatible",
    "cancelled",
    "crowded",
    "sealed",
    "not-allowed",
    "too-many",
    "failed",
]
PhoneObstacle = Literal["crowded", "sealed"]


class PhoneCall(_Message, frozen=True, tag="phone-call", omit_defaults=True):
    """How a call that you began with `call-phone` goes on."""

    user: SipUser
    """Whom you call."""
    state: PhoneCallState
    """`calling` until a phone rings; `answered` when somebody has picked up: the phone joins the room now."""
    why: PhoneCallEnd | None = None
    """Why it has `ended`: `unavailable` if there is no such user or none of their phones is online, `incompatible` if
    the phone can't do what browsers need, `crowded` unless exactly one person is in the room, `too-many` if phones were
    called too often, `not-allowed` if only hosts may call here."""


class PhoneRefused(_Message, frozen=True, tag="phone-refused"):
    """A phone called the room and could not join."""

    name: DisplayName
    """The caller's name."""
    why: PhoneObstacle
    """`sealed`: the room's link has a secret.  `crowded`: a phone can only join a room with one person in it."""


class Joined(_Message, frozen=True, tag="joined", omit_defaults=True):
    """The answer to `join` and `resume`: everything a member needs, in one message."""

    you: PeerId
    roster: Roster
    ice_servers: tuple[IceServer, ...]
    resume: ResumeToken
    """Proves for a day that this seat is yours; keep it secret."""
    seat_seconds: Count
    """How long the seat is kept after its socket is lost."""
    heard: Count
    """The `n` of your last `signal` that was received; resend later ones, or continue numbering from here."""
    gap: bool
    """True if signals between members may have been lost: renegotiate every connection that isn't up."""
    ends_in_ms: Count | None = None
    """If the site has set an end to the call: after this time you are refused with code `time-up`."""
    phones: Phones | None = None
    """Omitted if the server has no SIP."""


class IceServers(_Message, frozen=True, tag="ice-servers"):
    """New credentials, sent before the current ones expire.  Use them for existing connections too."""

    ice_servers: tuple[IceServer, ...]


class Signalled(_Message, frozen=True, tag="signalled"):
    """Another member sent you a `signal`."""

    sender: PeerId = msgspec.field(name="from")
    """Set by the broker."""
    n: Count
    """Sequence number 1, 2, 3 ... on your seat."""
    data: Payload


class Refused(_Message, frozen=True, tag="refused", omit_defaults=True):
    """A request was rejected; the table of codes says whether the socket stays open."""

    code: Code
    message: str
    """Text for people; its wording may change."""
    to: PeerId | None = None
    """With code `no-such-peer`: the id that wasn't found."""


class Goodbye(_Message, frozen=True, tag="goodbye"):
    """The broker is shutting down and closes the socket; calls continue."""

    back_in_ms: Count
    """Reconnect after this time, plus or minus a random half of it."""


ToBroker = Hello | Join | Resume | Signal | HostCommand | CallPhone | HangUpPhone | Leave | Ping | Pong
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
    | PhoneCall
    | PhoneRefused
    | Refused
    | Goodbye
    | Ping
    | Pong
)
