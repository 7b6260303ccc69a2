"""What the machine asks of the edge, and the 5-tuple by which both know an allocation (RFC 8656, 3.2)."""

from typing import Literal, NamedTuple

from eyeline.turn.attribute_formats import Address


class Flow(NamedTuple):
    """The 5-tuple between a client and the server.  A tuple, since one is made for every datagram that comes in."""

    transport: Literal["udp", "stream"]
    """`stream` is TCP, with or without TLS: to TURN they are the same."""
    client: Address
    server: Address


class Send(NamedTuple):
    """Send a message to the client.  A tuple, since one is made for every answer."""

    data: bytes
    flow: Flow


class Open(NamedTuple):
    """Open a relayed address for each family, and tell the machine by `opened`, at once."""

    flow: Flow
    member: str
    """Who pays: bandwidth is counted for all allocations of a member together."""
    families: tuple[int, ...]
    even: bool
    """The port has to be even."""
    reserve: bytes | None
    """Keep the next port, too, under this token."""
    reserved: bytes | None
    """Take the port that is kept under this token."""


class Free(NamedTuple):
    """Close all that belongs to an allocation."""

    flow: Flow


class Unreserve(NamedTuple):
    """Close a port that was kept and not asked for."""

    token: bytes


class Permit(NamedTuple):
    """Let data from and to this address pass, whatever the port; ours only as `resolve` says."""

    flow: Flow
    ip: bytes
    ours: bool


class Forbid(NamedTuple):
    """Let nothing pass any more."""

    flow: Flow
    ip: bytes


class Bind(NamedTuple):
    """Carry what this peer says in ChannelData of this number, and the other way."""

    flow: Flow
    channel: int
    peer: Address
    target: Address
    """Where the peer really is: behind a 1:1 NAT our own relayed addresses aren't where others see them."""


class Unbind(NamedTuple):
    """Carry it no more."""

    flow: Flow
    channel: int


class HangUp(NamedTuple):
    """Close the client's connection."""

    flow: Flow


Effect = Send | Open | Free | Unreserve | Permit | Forbid | Bind | Unbind | HangUp


class Relayed(NamedTuple):
    """A relayed address: where the socket is, and where peers see it."""

    local: Address
    advertised: Address
