"""Resume tokens: a member's claim to a seat, signed, so that a broker that never saw the member can give it back."""

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
"""How long a resume token opens its seat, or what is left of it after a restart of the broker."""

_MAC_BYTES: Final = 32


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """What a resume token says."""

    room: RoomName
    peer: PeerId
    order: Count
    broker_run: str
    """The life of the broker (one run of the process) that gave the seat."""
    person: Person = NOBODY_KNOWN
    """What the site said of who got it, and their role."""
    moderation: Moderation = Moderation()
    """What the hosts had decided when it was signed."""


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    claim: Claim
    until: Count


_decoder = msgspec.msgpack.Decoder(_Signed)


class TokenKey:
    """Mints and checks resume tokens with one secret of 32 bytes (HMAC-SHA-256)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mint(self, claim: Claim, unix_now: float) -> ResumeToken:
        """A token of about 150 characters, at most 2048, safe in URLs and storage."""
        body = msgspec.msgpack.encode(_Signed(claim, Count(round(unix_now) + TOKEN_SECONDS)))
        return ResumeToken(urlsafe_b64encode(self._mac(body) + body).decode())

    def check(self, token: ResumeToken, unix_now: float) -> Claim:
        """The claim in a token that this key minted and that has not run out.

        Raises `Refusal` with code `seat-gone` for all others.
        """
        try:
            raw = urlsafe_b64decode(token.encode())
            mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
            as_minted = urlsafe_b64encode(raw) == token.encode()  # the decoder skips what is no base64
            if as_minted and hmac.compare_digest(mac, self._mac(body)):
                signed = _decoder.decode(body)
                if unix_now < signed.until:
                    return signed.claim
        except (ValueError, msgspec.DecodeError):
            pass
        raise Refusal("seat-gone")

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, b"eyeline seat 2\0" + body, hashlib.sha256)
