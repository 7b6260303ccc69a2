"""Chooses between the packet pumps: the one in C where it was built, which needs Linux and a compiler, else Python's.

The limits that a pump applies to each packet are of its kind too.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple, Protocol

from eyeline.rate_limit import RateLimit, SourceLimit
from eyeline.serve.relay.bandwidth import BandwidthLimit, BandwidthLimits
from eyeline.serve.relay.forwarding import Forwarder
from eyeline.serve.relay.packet_pump import PacketPump, PythonPump
from eyeline.serve.relay.socket_readers import SocketReaders

PumpKind = Literal["native", "python"]
"""Whether packets are moved by C or by Python."""

BEST: PumpKind
try:
    from eyeline._native import packets
    from eyeline.serve.relay.native_pump import NativeBandwidthLimit, NativePump
except ImportError:
    BEST = "python"
else:
    BEST = "native"


class PumpOptions(NamedTuple):
    """Which pump a relay has."""

    kind: PumpKind = BEST
    coalesce_us: int = 0
    """For how many microseconds the one in C gathers packets after the first one, at most."""


class BindingResponder(Protocol):
    """Reads a listening socket, and answers bare Binding requests: see `_native/packets.pyi`."""

    def run(self, now: float) -> list[tuple[bytes, bytes, int, int, bytes]]:
        """Returns the other datagrams."""

    def answered(self) -> int:
        """How many requests were answered."""


def open_pump(options: PumpOptions, forwarder: Forwarder, readers: SocketReaders) -> PacketPump:
    """The pump of a relay."""
    return PythonPump(forwarder, readers) if options.kind == "python" else NativePump(forwarder, options.coalesce_us)


def bandwidth_limits(options: PumpOptions, bytes_per_second: float) -> BandwidthLimits:
    """Limits that this pump can apply."""
    return BandwidthLimits(bytes_per_second, BandwidthLimit if options.kind == "python" else NativeBandwidthLimit)


def source_limit(kind: PumpKind) -> Callable[..., SourceLimit]:
    """The rate limit per source address that a `BindingResponder` of this kind shares with the machine."""
    return RateLimit if kind == "python" else packets.SourceLimit


def binding_responder(limit: SourceLimit) -> Callable[[int], BindingResponder] | None:
    """Answers bare Binding requests in C, if the limit is of that kind."""
    if BEST == "native" and isinstance(limit, packets.SourceLimit):
        return partial(packets.BindingResponder, limit=limit)
    return None
