"""End-to-end encryption of signalling: members who share a link's secret seal what they say through the broker.

The broker can neither read nor change it.  `docs/peer-protocol.md` has the format; this module and
`web/sdk/src/signalling/signal-encryption.ts` both pass the vectors in `tests/vectors/seal.json`.  Keys come from
HKDF-SHA-256 (RFC 5869), sealing is AES-256-GCM (NIST SP 800-38D).  The caller passes in randomness: an `iv` must never
be used twice under one secret.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

LINK_SECRET_BYTES: Final = 16
"""Bytes of the secret in a link, after `#`; 22 characters of base64url."""

NONCE_BYTES: Final = 16
"""Bytes of a member's nonce, fresh with each page."""

IV_BYTES: Final = 12
"""Bytes of chance in each sealed text."""

CARD_CHARACTERS: Final = 400
"""Characters of every card, however long the name."""

_NAME_BYTES: Final = 256
_COUNT_BYTES: Final = 8
_TAG_BYTES: Final = 16

Purpose = Literal["card", "signal"]


class Card(Struct, frozen=True):
    """What a member shows to those who share the secret, in the place of a name."""

    nonce: bytes
    name: str


class Endpoint(Struct, frozen=True):
    """One end of a sealed way: the id that the broker gave, and the nonce of the card there."""

    id: str
    nonce: bytes


class Seal:
    """The keys of one room's secret."""

    def __init__(self, secret: bytes, room: str) -> None:
        self._cards = AESGCM(derive(secret, room, "card"))
        self._signals = AESGCM(derive(secret, room, "signal"))

    def seal_card(self, card: Card, iv: bytes) -> str:
        """The card as `join` and `resume` carry it: `CARD_CHARACTERS` long."""
        plain = card.nonce + card.name.encode().ljust(_NAME_BYTES, b"\0")
        return _to_text(iv + self._cards.encrypt(iv, plain, None))

    def open_card(self, text: str) -> Card | None:
        """None if it is no card, or was sealed with another secret or for another room."""
        raw = _from_text(text)
        if raw is None or len(text) != CARD_CHARACTERS:
            return None
        try:
            plain = self._cards.decrypt(raw[:IV_BYTES], raw[IV_BYTES:], None)
            return Card(plain[:NONCE_BYTES], plain[NONCE_BYTES:].rstrip(b"\0").decode())
        except (InvalidTag, UnicodeError):
            return None

    def seal_signal(self, text: str, sender: Endpoint, receiver: Endpoint, count: int, iv: bytes) -> str:
        """The data of a `signal`.  `count` grows with each one that this sender seals for this receiver."""
        sealed = self._signals.encrypt(iv, text.encode(), _way(sender, receiver, count))
        return _to_text(count.to_bytes(_COUNT_BYTES) + iv + sealed)

    def open_signal(self, data: str, sender: Endpoint, receiver: Endpoint, after: int) -> tuple[int, str] | None:
        """The count and the text; None if it was sealed for another way, changed, or not `after` the last one."""
        raw = _from_text(data)
        if raw is None or len(raw) < _COUNT_BYTES + IV_BYTES + _TAG_BYTES:
            return None
        count = int.from_bytes(raw[:_COUNT_BYTES])
        if count <= after:
            return None
        iv, sealed = raw[_COUNT_BYTES : _COUNT_BYTES + IV_BYTES], raw[_COUNT_BYTES + IV_BYTES :]
        try:
            return count, self._signals.decrypt(iv, sealed, _way(sender, receiver, count)).decode()
        except (InvalidTag, UnicodeError):
            return None


def derive(secret: bytes, room: str, purpose: Purpose) -> bytes:
    """The key of 32 bytes for one purpose in one room."""
    salt = f"eyeline.v1 {room}".encode()
    return HKDF(SHA256(), length=32, salt=salt, info=purpose.encode()).derive(secret)


def _way(sender: Endpoint, receiver: Endpoint, count: int) -> bytes:
    ends = (sender.id, _to_text(sender.nonce), receiver.id, _to_text(receiver.nonce))
    return " ".join([*ends, str(count)]).encode()


def _to_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_text(text: str) -> bytes | None:
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if _to_text(raw) == text else None  # the decoder skips what is no base64
