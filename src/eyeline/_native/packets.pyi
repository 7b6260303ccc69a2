"""Moves the packets of the relay, and answers STUN Binding requests, with many packets per system call (Linux).

Times are seconds of a monotonic clock.  Sockets are file descriptors, which stay open as long as they are used here.
"""

class TokenBucket:
    """See `rate_limit.TokenBucket`."""

    def __init__(self, *, per_second: float, burst: float) -> None:
        """Raises `ValueError` if one isn't positive."""

    def available(self, now: float) -> float: ...
    def spend(self, tokens: float) -> None: ...
    def is_full(self, now: float) -> bool: ...

class SourceLimit:
    """See `rate_limit.RateLimit`; for 65,536 sources, in 1 MB."""

    def __init__(self, *, per_second: float, burst: float) -> None:
        """Raises `ValueError` if one isn't positive."""

    def try_spend(self, ip: bytes, now: float) -> bool: ...

class Pump:
    """Moves ChannelData between clients and the peers of their channels.

    All methods that add raise `OSError`: EBADF for a socket that isn't open or after `close`, EEXIST for one that it
    already has, ENOENT for an unknown client, ENOSPC for more than 64 channels of one.
    """

    def __init__(self, *, coalesce_us: int) -> None:
        """Gathers packets for at most `coalesce_us` microseconds, up to 10,000, after the first one."""

    def fileno(self) -> int:
        """Readable whenever `run` should be called."""

    def add_client(self, fd: int, bandwidth: TokenBucket) -> None:
        """Read a client's socket."""

    def add_channel(self, client_fd: int, number: int, fd: int) -> None:
        """Relay a channel.  If `fd` is -1, what the client sends is handed over, from its header to its data's end."""

    def remove_channel(self, client_fd: int, number: int) -> None:
        """Forget a channel, if there is one."""

    def remove_client(self, client_fd: int) -> None:
        """Forget a client and its channels, if there is one."""

    def run(self, now: float) -> list[tuple[int, bytes]]:
        """Move what waits, at most about a millisecond's worth.

        Returns the datagrams of clients that it doesn't relay, which may be STUN, each with the client's socket.
        """

    def totals(self) -> tuple[int, int, int, int, int]:
        """See `forwarding.Totals`."""

    def close(self) -> None:
        """Forget all sockets.  Idempotent."""

class BindingResponder:
    """Answers STUN Binding requests without attributes at a listening socket."""

    def __init__(self, fd: int, limit: SourceLimit) -> None: ...
    def run(self, now: float) -> list[tuple[bytes, bytes, int, int, bytes]]:
        """Read what waits, at most 64 datagrams, and answer those requests within the limit.

        Returns the others that may be STUN, each with the client's IP address, port and IPv6 scope, and the address of
        ours that it was sent to, if known.
        """

    def answered(self) -> int:
        """How many requests were answered."""
