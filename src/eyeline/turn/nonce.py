"""Stateless STUN nonces (RFC 8489, 9.2): a time and a client's address, authenticated by an HMAC.

So the server needs no memory to check that a nonce is its own, for this client, and fresh.  The first 13 characters
announce that password algorithms are supported and user hashes are not, since user names here are random and expire
(RFC 8489, 9.2 and 18.1).  The HMAC covers them too, so they can't be changed.
"""

import base64
import hmac
from typing import Final

from eyeline.turn.attribute_formats import Address

FRESH_S: Final = 600
"""Lifetime of a nonce; after it the client gets a new one in a 438."""

_COOKIE_AND_FEATURES: Final = "obMatJos2" + base64.b64encode(bytes((0b1000_0000, 0, 0))).decode()
_TIME_BYTES: Final = 5
_TAG_BYTES: Final = 13


def make(key: bytes, client: Address, now: float) -> str:
    """A nonce of 37 characters for this client, valid for `FRESH_S`.  `now` is from any monotonic clock."""
    time = int(now).to_bytes(_TIME_BYTES)
    return _COOKIE_AND_FEATURES + base64.urlsafe_b64encode(time + _tag(key, client, time)).decode()


def is_good(key: bytes, nonce: str, client: Address, now: float) -> bool:
    """Whether the nonce was made here, for this client, and is fresh."""
    try:
        body = base64.urlsafe_b64decode(nonce.removeprefix(_COOKIE_AND_FEATURES).encode("ascii"))
    except ValueError:
        return False
    time = body[:_TIME_BYTES]
    ours = hmac.compare_digest(
        (_COOKIE_AND_FEATURES.encode() + time + _tag(key, client, time)), nonce[:13].encode() + body
    )
    return ours and 0 <= now - int.from_bytes(time) < FRESH_S + 1


def _tag(key: bytes, client: Address, time: bytes) -> bytes:
    covered = b"eyeline nonce\0" + _COOKIE_AND_FEATURES.encode() + time + client.port.to_bytes(2) + client.ip
    return hmac.digest(key, covered, "sha256")[:_TAG_BYTES]
