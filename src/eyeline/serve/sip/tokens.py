"""Credentials that end: with them a page registers without holding a password that stays valid.

As with TURN, the digest username is `end:user`, where `end` is a Unix time in seconds, and the password is an HMAC of
it.  So nothing is stored, and a user needs no account.
"""

import base64
import hmac
import re
from typing import Final, NamedTuple

from eyeline.serve.sip.accounts import SipPassword
from eyeline.sip.effects import SipAccount

SECONDS_MAX: Final = 24 * 60 * 60
"""The longest that credentials can be valid.  Those that end later weren't made here."""

_USERNAME: Final = re.compile(r"([0-9]{1,11}):([a-z0-9+][a-z0-9._+-]{0,63})")


class Token(NamedTuple):
    """Digest credentials of a user until a Unix time."""

    username: str
    password: str
    ends: int


def mint(key: bytes, user: str, unix: float, seconds: float) -> Token:
    """Credentials for `user`, a `UserName`, that are valid for so many seconds."""
    ends = int(unix + seconds)
    username = f"{ends}:{user}"
    return Token(username, _password(key, username), ends)


def account(key: bytes, realm: str, username: str, unix: float) -> SipAccount | None:
    """The account of a digest username made here; None if it is another's, or over."""
    found = _USERNAME.fullmatch(username)
    if found is None or not unix < int(found[1]) <= unix + SECONDS_MAX:
        return None
    hashed = SipPassword.of(username, realm, _password(key, username))
    return SipAccount(found[2], hashed.md5, hashed.sha256, float(found[1]))


def _password(key: bytes, username: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, username.encode(), "sha256")[:24]).decode()
