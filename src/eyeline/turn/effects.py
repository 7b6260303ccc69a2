"""Effects of the TURN machines, for the I/O layer to perform, and the 5-tuple that identifies an allocation (RFC 8656,
3.2)."""

from typing import Literal, NamedTuple

from eyeline.turn.attribute_formats import Address


class Flow(NamedTuple):
    """The 5-tuple between a client and the server.  A NamedTuple for speed: each incoming datagram creates one."""

    transport: Literal["udp", "stream"]
    """`stream` is TCP, with or without TLS, which is the same to TURN."""
    client: Address
    server: Address


class Send(NamedTuple):
    """Send a message to the client.  A NamedTuple for speed: each answer creates one."""

    data: bytes
    flow: Flow


class Open(NamedTuple):
    """Open a relayed address for each family, and report it at once by calling `opened`."""

    flow: Flow
    member: str
    """The member whose bandwidth it uses; all allocations of a member share one limit."""
    families: tuple[int, ...]
    even: bool
    """The port must be even."""
    reserve: bytes | None
    """Also reserve the next port, under this token."""
    reserved: bytes | None
    """Use the port reserved under this token."""


class Free(NamedTuple):
    """Close the sockets of an allocation."""

    flow: Flow


class Unreserve(NamedTuple):
    """Close a reserved port that nobody has claimed."""

    token: bytes


class Permit(NamedTuple):
    """Let data from and to this IP address pass, whatever the port; if it is `ours`, only to ports that `resolve`
    allows."""

    flow: Flow
    ip: bytes
    ours: bool


class Forbid(NamedTuple):
    """Remove the permission of this IP address."""

    flow: Flow
    ip: bytes


class Bind(NamedTuple):
    """Relay this peer's data as ChannelData with this number, in both directions."""

    flow: Flow
    channel: int
    peer: Address
    target: Address
    """Where to send: behind a 1:1 NAT, our own relayed addresses are local to us but advertised differently."""


class Unbind(NamedTuple):
    """Remove a channel binding."""

    flow: Flow
    channel: int


class CloseConnection(NamedTuple):
    """Close the client's connection."""

    flow: Flow


Effect = Send | Open | Free | Unreserve | Permit | Forbid | Bind | Unbind | CloseConnection


class Relayed(NamedTuple):
    """A relayed address: the local one of its socket, and the advertised one that peers send to."""

    local: Address
    advertised: Address
