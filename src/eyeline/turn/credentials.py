"""Credentials that end by themselves: the REST convention that coturn knows too (draft-uberti-behave-turn-rest-00).

The user name is `expiry:member`, the password an HMAC-SHA1 of it in base64, so whoever knows the secret can check them
and nobody has to remember them.  The expiry is a Unix time in seconds.
"""

import base64
import hashlib
import hmac
import re
from typing import Final, NamedTuple

LIFETIME_S: Final = 600
"""How long minted credentials may be used to ask for allocations."""

FARTHEST_S: Final = 3600
"""Credentials that claim to live longer from now were made by somebody else's rules: refused."""

_USERNAME: Final = re.compile(r"(\d{1,11}):(\S{1,200})", re.ASCII)


class Credentials(NamedTuple):
    """What an `RTCIceServer` wants."""

    username: str
    password: str


def member(secret: bytes, room: str, peer: str) -> str:
    """The one in `room` as TURN knows them.  The room's name can't be read out of it, nor tried without the secret."""
    tag = hmac.digest(secret, b"eyeline room\0" + room.encode(), "sha256")[:9]
    return f"{base64.urlsafe_b64encode(tag).decode()}.{peer}"


def mint(secret: bytes, member: str, unix_now: float) -> Credentials:
    """Credentials for `LIFETIME_S` from now.  `member` has no spaces and at most 200 characters."""
    username = f"{int(unix_now) + LIFETIME_S}:{member}"
    return Credentials(username, password(secret, username))


def member_of(username: str) -> str:
    """Who signs, whenever their credentials end; the whole of a user name that has no expiry."""
    return username.partition(":")[2] or username


def is_current(username: str, unix_now: float) -> bool:
    """Whether the time of a user name is right: not over, and not too far off."""
    found = _USERNAME.fullmatch(username)
    return found is not None and unix_now < int(found[1]) <= unix_now + FARTHEST_S


def password(secret: bytes, username: str) -> str:
    """The password that belongs to a user name, whatever its time."""
    return base64.b64encode(hmac.digest(secret, username.encode(), "sha1")).decode()


def key_md5(username: str, realm: str, password: str) -> bytes:
    """The long-term key as of old: 16 bytes (RFC 8489, 18.5.1.1)."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).digest()


def key_sha256(username: str, realm: str, password: str) -> bytes:
    """The long-term key by SHA-256: 32 bytes (RFC 8489, 18.5.1.2)."""
    return hashlib.sha256(f"{username}:{realm}:{password}".encode()).digest()
