"""Unix time for the state machines, whose `now` is monotonic."""


class WallClock:
    """Converts between monotonic and Unix time, as both clocks were at the current input.

    The caller sets `unix_offset` before each input.  It can't be kept from the start: NTP may step the wall clock, and
    the monotonic clock stands still while the machine is suspended.
    """

    __slots__ = ("unix_offset",)

    def __init__(self, unix_offset: float = 0) -> None:
        self.unix_offset = unix_offset
        """Seconds since 1970 minus the monotonic `now`."""

    def unix(self, now: float) -> float:
        """Seconds since 1970 at `now`."""
        return now + self.unix_offset

    def monotonic(self, unix: float) -> float:
        """The monotonic time of that Unix time, unless the wall clock is changed before."""
        return unix - self.unix_offset
