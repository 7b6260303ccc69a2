"""STUN message integrity and fingerprint: signs and verifies messages (RFC 8489, 14.5 to 14.7).

These attributes cover bytes, not values, so they are added to and checked on encoded messages.  Add them in this order:
`sign`, `sign_sha256`, `add_fingerprint`; each returns the message with its attribute appended.
"""

import hmac
from typing import Final
from zlib import crc32

from eyeline.turn import framing

_FINGERPRINT_XOR: Final = 0x5354554E


def sign(datagram: bytes, key: bytes) -> bytes:
    """Append MESSAGE-INTEGRITY: HMAC-SHA1 with `key`."""
    covered = _lengthened(datagram, 24)
    return covered + framing.write_frame(framing.MESSAGE_INTEGRITY, hmac.digest(key, covered, "sha1"))


def sign_sha256(datagram: bytes, key: bytes) -> bytes:
    """Append MESSAGE-INTEGRITY-SHA256, never truncated: HMAC-SHA256 with `key`."""
    covered = _lengthened(datagram, 36)
    return covered + framing.write_frame(framing.MESSAGE_INTEGRITY_SHA256, hmac.digest(key, covered, "sha256"))


def add_fingerprint(datagram: bytes) -> bytes:
    """Append FINGERPRINT, which must be the last attribute."""
    covered = _lengthened(datagram, 8)
    return covered + framing.write_frame(framing.FINGERPRINT, fingerprint(covered))


def fingerprint(covered: bytes) -> bytes:
    """The value of FINGERPRINT for the bytes before it; the length in the header must already include it."""
    return (crc32(covered) ^ _FINGERPRINT_XOR).to_bytes(4)


def is_signed(datagram: bytes, key: bytes) -> bool:
    """Whether the message has a MESSAGE-INTEGRITY made with `key`.  Raises `MalformedError`."""
    return _matches(datagram, key, framing.MESSAGE_INTEGRITY, "sha1", range(20, 21))


def is_signed_sha256(datagram: bytes, key: bytes) -> bool:
    """Whether the message has a MESSAGE-INTEGRITY-SHA256 made with `key`.  Raises `MalformedError`.

    Accepts digests truncated to 16, 20, 24 or 28 bytes (RFC 8489, 14.6); callers that don't must check the length.
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
    """With the attribute to be appended counted in the header (RFC 8489, 14.5)."""
    return _with_length(datagram, len(datagram) - framing.HEADER_BYTES + more_bytes)


def _with_length(datagram: bytes, body_bytes: int) -> bytes:
    return datagram[:2] + body_bytes.to_bytes(2) + datagram[4:]
