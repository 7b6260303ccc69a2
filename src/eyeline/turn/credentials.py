"""Ephemeral TURN credentials, by the REST convention that coturn supports too (draft-uberti-behave-turn-rest-00).

The user name is `expiry:member`, where expiry is a Unix time in seconds; the password is an HMAC-SHA1 of it in base64.
So any server with the secret can verify credentials without storing them.
"""

import base64
import hashlib
import hmac
import re
from typing import Final, NamedTuple

LIFETIME_S: Final = 600
"""How long minted credentials can be used for new allocations."""

MAX_REMAINING_S: Final = 3600
"""Credentials that expire later than this weren't minted here and are refused."""

_USERNAME: Final = re.compile(r"(\d{1,11}):(\S{1,200})", re.ASCII)


class Credentials(NamedTuple):
    """The `username` and `credential` of an `RTCIceServer`."""

    username: str
    password: str


def member(secret: bytes, room: str, peer: str) -> str:
    """The TURN name of a member.  It doesn't reveal the room's name, and guesses can't be tested without the secret."""
    tag = hmac.digest(secret, b"eyeline room\0" + room.encode(), "sha256")[:9]
    return f"{base64.urlsafe_b64encode(tag).decode()}.{peer}"


def mint(secret: bytes, member: str, unix_now: float) -> Credentials:
    """Credentials that expire after `LIFETIME_S`.  `member` has no spaces and at most 200 characters."""
    username = f"{int(unix_now) + LIFETIME_S}:{member}"
    return Credentials(username, password(secret, username))


def member_of(username: str) -> str:
    """The member in a user name, whatever its expiry; the whole user name if it has no expiry."""
    return username.partition(":")[2] or username


def is_current(username: str, unix_now: float) -> bool:
    """Whether the expiry of a user name is valid: in the future, but not too far."""
    found = _USERNAME.fullmatch(username)
    return found is not None and unix_now < int(found[1]) <= unix_now + MAX_REMAINING_S


def password(secret: bytes, username: str) -> str:
    """The password for a user name, whatever its expiry."""
    return base64.b64encode(hmac.digest(secret, username.encode(), "sha1")).decode()


def key_md5(username: str, realm: str, password: str) -> bytes:
    """The long-term key by MD5: 16 bytes (RFC 8489, 18.5.1.1)."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).digest()


def key_sha256(username: str, realm: str, password: str) -> bytes:
    """The long-term key by SHA-256: 32 bytes (RFC 8489, 18.5.1.2)."""
    return hashlib.sha256(f"{username}:{realm}:{password}".encode()).digest()
