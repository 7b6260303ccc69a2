"""What closes a STUN message and proves it: the two message integrities and the fingerprint (RFC 8489, 14.5 to 14.7).

They cover bytes, not values, so they are put on and looked at where the bytes are.  The order is fixed: `sign`,
`sign_sha256`, `add_fingerprint`; each takes the message so far and gives it back longer.
"""

import hmac
from typing import Final
from zlib import crc32

from eyeline.turn import framing

_FINGERPRINT_XOR: Final = 0x5354554E


def sign(datagram: bytes, key: bytes) -> bytes:
    """With MESSAGE-INTEGRITY: HMAC-SHA1 by `key`."""
    covered = _lengthened(datagram, 24)
    return covered + framing.write_frame(framing.MESSAGE_INTEGRITY, hmac.digest(key, covered, "sha1"))


def sign_sha256(datagram: bytes, key: bytes) -> bytes:
    """With MESSAGE-INTEGRITY-SHA256, never cut short: HMAC-SHA256 by `key`."""
    covered = _lengthened(datagram, 36)
    return covered + framing.write_frame(framing.MESSAGE_INTEGRITY_SHA256, hmac.digest(key, covered, "sha256"))


def add_fingerprint(datagram: bytes) -> bytes:
    """With FINGERPRINT; nothing can be added after it."""
    covered = _lengthened(datagram, 8)
    return covered + framing.write_frame(framing.FINGERPRINT, fingerprint(covered))


def fingerprint(covered: bytes) -> bytes:
    """The value of FINGERPRINT for all that stands before it; the header's length must already count it."""
    return (crc32(covered) ^ _FINGERPRINT_XOR).to_bytes(4)


def is_signed(datagram: bytes, key: bytes) -> bool:
    """Whether the message has MESSAGE-INTEGRITY and `key` made it.  Raises `MalformedError`."""
    return _matches(datagram, key, framing.MESSAGE_INTEGRITY, "sha1", range(20, 21))


def is_signed_sha256(datagram: bytes, key: bytes) -> bool:
    """Whether the message has MESSAGE-INTEGRITY-SHA256 and `key` made it.  Raises `MalformedError`.

    A digest cut to 16, 20, 24 or 28 bytes is as good: whoever minds compares the length (RFC 8489, 14.6).
    """
    return _matches(datagram, key, framing.MESSAGE_INTEGRITY_SHA256, "sha256", range(16, 33, 4))


def _matches(datagram: bytes, key: bytes, number: int, digest: str, lengths: range) -> bool:
    framing.read_header(datagram)
    found = next((frame for frame in framing.frames(datagram) if frame.number == number), None)
    if found is None:
        return False
    value = datagram[found.value]
    if len(value) not in lengths:
        return False
    covered = _with_length(datagram[: found.begin], found.value.stop - framing.HEADER_BYTES)
    return hmac.compare_digest(hmac.digest(key, covered, digest)[: len(value)], value)


def _lengthened(datagram: bytes, more_bytes: int) -> bytes:
    """The header counts the attribute that is being made (RFC 8489, 14.5)."""
    return _with_length(datagram, len(datagram) - framing.HEADER_BYTES + more_bytes)


def _with_length(datagram: bytes, body_bytes: int) -> bytes:
    return datagram[:2] + body_bytes.to_bytes(2) + datagram[4:]
