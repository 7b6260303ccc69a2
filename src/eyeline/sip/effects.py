"""What the SIP server asks the I/O layer to do, and the values that they exchange."""

from typing import Final, Literal, NamedTuple

from msgspec import Struct

SipTransport = Literal["ws", "wss", "tcp", "tls", "udp"]

RELIABLE: Final = frozenset({"ws", "wss", "tcp", "tls"})
"""Transports on which nothing is retransmitted (RFC 3261, 17)."""


class SipFlow(Struct, frozen=True):
    """A way to one client that works in both directions (RFC 5626): a WebSocket, a TCP or TLS connection, or over UDP
    everything between one source address and our socket."""

    id: int
    """Never used again after the flow has ended."""
    transport: SipTransport
    address: bytes
    """The client's IP address, packed; none if a proxy hides it.  For limits and `Via`; never logged."""
    port: int
    """The client's port."""
    host: str
    """The server's own host, with the port if it isn't the usual one, as this client reaches it."""


class SipAccount(Struct, frozen=True):
    """A person who may register and call.  The password isn't stored, only what digest needs (RFC 7616, 3.4.2)."""

    user: str
    """The user of the address: `alice` in `sip:alice@example.com`."""
    ha1_md5: str
    """MD5 of `username:realm:password`, in lower-case hexadecimal."""
    ha1_sha256: str
    ends: float | None = None
    """Unix time after which these credentials are no longer valid; None if they stay valid."""


class SendSip(NamedTuple):
    """Send one message.  On a WebSocket it's one text frame.  A NamedTuple for speed: each message creates one."""

    flow_id: int
    data: bytes


class CloseFlow(NamedTuple):
    """Close the connection.  Over UDP: forget the source address."""

    flow_id: int


class LookUp(NamedTuple):
    """Find the account of this digest username, and call `SipServer.found` with it exactly once, within 10 s."""

    query: int
    username: str
    flow_id: int


class Describe(NamedTuple):
    """A client asked by OPTIONS for what a page needs: call `SipServer.described` with a JSON document exactly once."""

    query: int
    user: str
    flow_id: int


SipEffect = SendSip | CloseFlow | LookUp | Describe
