"""TURN authentication by the long-term credential mechanism (RFC 8489, 9.2.4); keeps no state for strangers."""

from collections.abc import Callable
from typing import Final, NamedTuple

from eyeline.turn import credentials, integrity, nonce
from eyeline.turn.attribute_formats import Address, Attribute
from eyeline.turn.attributes import (
    ErrorCode,
    MessageIntegrity,
    MessageIntegritySha256,
    Nonce,
    PasswordAlgorithm,
    PasswordAlgorithms,
    Realm,
    Username,
)
from eyeline.turn.credentials import Credentials
from eyeline.turn.message import Message

REALM: Final = "eyeline"
"""Kept short, since it is part of answers to unauthenticated requests."""

_ALGORITHMS: Final = PasswordAlgorithms(
    (PasswordAlgorithm(PasswordAlgorithm.SHA256), PasswordAlgorithm(PasswordAlgorithm.MD5))
)


class Signer(NamedTuple):
    """The authenticated sender of a request; its answer is signed in the same way."""

    username: str
    key: bytes
    sha256: bool

    @property
    def member(self) -> str:
        return credentials.member_of(self.username)

    def sign(self, datagram: bytes) -> bytes:
        return (integrity.sign_sha256 if self.sha256 else integrity.sign)(datagram, self.key)


class ErrorAnswer(NamedTuple):
    """The attributes of an unsigned error response."""

    attributes: tuple[Attribute, ...]


class Authenticator:
    """Mints and verifies credentials, and keeps the set of current members."""

    def __init__(self, secret: bytes, nonce_key: bytes) -> None:
        self._secret = secret
        self._nonce_key = nonce_key
        self._members: set[str] = set()

    def mint(self, room: str, peer: str, unix_now: float) -> Credentials:
        """Credentials for `peer` in `room`, who is a member from now on."""
        member = self.member(room, peer)
        self._members.add(member)
        return credentials.mint(self._secret, member, unix_now)

    def is_member(self, member: str) -> bool:
        """Whether the member currently has a seat."""
        return member in self._members

    def forget(self, member: str) -> None:
        """The member has given up its seat."""
        self._members.discard(member)

    def member(self, room: str, peer: str) -> str:
        """The TURN name of `peer` in `room`."""
        return credentials.member(self._secret, room, peer)

    def challenge(self, code: int, client: Address, now: float) -> ErrorAnswer:
        """A 401 or 438 with the realm, nonce and algorithms that a client needs to sign its next request."""
        fresh = Nonce(nonce.make(self._nonce_key, client, now))
        return ErrorAnswer((ErrorCode(code), Realm(REALM), fresh, _ALGORITHMS))

    def check(self, datagram: bytes, request: Message, client: Address, now: float) -> Signer | ErrorAnswer:
        """Authenticate a request.  Doesn't check the expiry: see `credentials.is_current`.

        An unknown user and a wrong signature take the same time and get the same answer.
        """
        sha256 = request.get(MessageIntegritySha256)
        if sha256 is None and request.get(MessageIntegrity) is None:
            return self.challenge(401, client, now)
        realm, proof, name = request.get(Realm), request.get(Nonce), request.get(Username)
        if realm is None or proof is None or name is None:
            return ErrorAnswer((ErrorCode(400),))
        if not nonce.is_good(self._nonce_key, proof.text, client, now):
            return self.challenge(438, client, now)
        make_key = _key_maker(request)
        if make_key is None:
            return ErrorAnswer((ErrorCode(400),))
        username = name.text
        key = make_key(username, REALM, credentials.password(self._secret, username))
        if sha256 is None:
            proved = integrity.is_signed(datagram, key)
        else:
            proved = len(sha256.digest) == 32 and integrity.is_signed_sha256(datagram, key)
        if not proved or realm.text != REALM:
            return self.challenge(401, client, now)
        return Signer(username, key, sha256 is not None)


def _key_maker(request: Message) -> Callable[[str, str, str], bytes] | None:
    """The key function for the algorithm that the client chose; None if the offer was tampered with (9.2.4)."""
    offered, chosen = request.get(PasswordAlgorithms), request.get(PasswordAlgorithm)
    if offered is None and chosen is None:
        return credentials.key_md5
    if offered != _ALGORITHMS or chosen is None or chosen not in _ALGORITHMS.algorithms:
        return None
    return credentials.key_sha256 if chosen.algorithm == PasswordAlgorithm.SHA256 else credentials.key_md5
