"""Which connection of the page a signal is from, and which of ours it is for (docs/peer-protocol.md, "Signals")."""

from eyeline.bridge.signal import About, PeerSignal
from eyeline.signalling.messages import Count, Payload


class PageLink:
    """The numbers of our connection and of the page's, of which each grows when that side makes a new connection."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._remote = 0
        self._bound = False
        self._sent = 0

    def is_stale(self, signal: PeerSignal) -> bool:
        """Whether a signal is from or for a connection that was replaced."""
        return (signal.to is not None and signal.to != self.number) or signal.link < self._remote

    def replaces(self, signal: PeerSignal, *, fresh: bool) -> bool:
        """Whether the page has made a new connection, so that we must, too; not if ours is `fresh`, and answered."""
        return self._bound and signal.link > self._remote and not (fresh and signal.to is not None)

    def bind(self, signal: PeerSignal) -> None:
        """Talk to the connection that the signal is from."""
        self._remote, self._bound = signal.link, True

    def sign(self, about: About) -> tuple[Count, Payload]:
        """A signal to the page, and its sequence number."""
        self._sent += 1
        return Count(self._sent), PeerSignal(self.number, self._remote or None, about).encode()
