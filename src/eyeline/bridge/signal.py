"""Signals between two members of a room, as values: descriptions and candidates (docs/peer-protocol.md, "Signals")."""

from typing import Final

import msgspec
from msgspec import Struct

from eyeline.signalling.messages import Payload
from eyeline.signalling.negotiation import Description


class TrickledCandidate(Struct, frozen=True):
    """An ICE candidate; `ufrag` is that of the description that it belongs to."""

    ufrag: str
    candidate: str
    mid: str | None = None


class About(Struct, frozen=True, omit_defaults=True):
    """What a signal is about; one of these."""

    description: Description | None = None
    candidate: TrickledCandidate | None = None
    text: str | None = None
    """What somebody has written: only to and from phones."""


class PeerSignal(Struct, frozen=True):
    """One signal."""

    link: int
    """The number of the sender's connection."""
    to: int | None
    """The number of the receiver's connection; None if the sender knows none."""
    about: About

    def encode(self) -> Payload:
        """As the payload of `signal`."""
        return Payload(_encoder.encode(self).decode())


def parse_signal(data: str) -> PeerSignal | None:
    """A signal; None if it isn't one, because it's sealed or invalid."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return None


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(PeerSignal)
