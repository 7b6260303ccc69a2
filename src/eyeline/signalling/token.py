"""Resume tokens: a member's claim to a seat, signed, so that a broker that never saw the member can give it back."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from eyeline.signalling.messages import Count, PeerId, ResumeToken, RoomName
from eyeline.signalling.refusals import Refusal

_MAC_BYTES: Final = 32


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """What a resume token says."""

    room: RoomName
    peer: PeerId
    order: Count
    life: str
    """The life of the broker (one run of the process) that gave the seat."""


_decoder = msgspec.msgpack.Decoder(Claim)


class TokenKey:
    """Mints and checks resume tokens with one secret of 32 bytes (HMAC-SHA-256)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mint(self, claim: Claim) -> ResumeToken:
        """A token of about 120 characters, safe in URLs and storage."""
        body = msgspec.msgpack.encode(claim)
        return ResumeToken(urlsafe_b64encode(self._mac(body) + body).decode())

    def check(self, token: ResumeToken) -> Claim:
        """The claim in a token that this key minted.  Raises `Refusal` with code `seat-gone` for all others."""
        try:
            raw = urlsafe_b64decode(token.encode())
            mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
            as_minted = urlsafe_b64encode(raw) == token.encode()  # the decoder skips what is no base64
            if as_minted and hmac.compare_digest(mac, self._mac(body)):
                return _decoder.decode(body)
        except (ValueError, msgspec.DecodeError):
            pass
        raise Refusal("seat-gone")

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, b"eyeline seat 1\0" + body, hashlib.sha256)
