"""Resume tokens: a member's signed claim to a seat, with which even a restarted broker can restore it."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from eyeline.signalling.messages import Count, PeerId, ResumeToken, RoomName
from eyeline.signalling.moderation import Moderation
from eyeline.signalling.passes import NOBODY_KNOWN, Person
from eyeline.signalling.refusals import Refusal

TOKEN_SECONDS: Final = 24 * 60 * 60
"""Lifetime of a resume token; it stays valid across restarts of the broker."""

_MAC_BYTES: Final = 32


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """The content of a resume token."""

    room: RoomName
    peer: PeerId
    order: Count
    broker_run: str
    """The run of the broker process that gave the seat."""
    person: Person = NOBODY_KNOWN
    """The holder of the seat as the site identified them, with their role."""
    moderation: Moderation = Moderation()
    """The hosts' decisions at the time of signing."""


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    claim: Claim
    until: Count


_decoder = msgspec.msgpack.Decoder(_Signed)


class TokenKey:
    """Mints and verifies resume tokens with one secret of 32 bytes (HMAC-SHA-256)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mint(self, claim: Claim, unix_now: float) -> ResumeToken:
        """A token of about 150 characters, at most 2048, safe in URLs and storage."""
        body = msgspec.msgpack.encode(_Signed(claim, Count(round(unix_now) + TOKEN_SECONDS)))
        return ResumeToken(urlsafe_b64encode(self._mac(body) + body).decode())

    def check(self, token: ResumeToken, unix_now: float) -> Claim:
        """The claim in a token that this key minted and that hasn't expired.

        Raises `Refusal` with code `seat-gone` for any other token.
        """
        try:
            raw = urlsafe_b64decode(token.encode())
            mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
            as_minted = urlsafe_b64encode(raw) == token.encode()  # the decoder skips invalid characters
            if as_minted and hmac.compare_digest(mac, self._mac(body)):
                signed = _decoder.decode(body)
                if unix_now < signed.until:
                    return signed.claim
        except (ValueError, msgspec.DecodeError):
            pass
        raise Refusal("seat-gone")

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, b"eyeline seat 2\0" + body, hashlib.sha256)
