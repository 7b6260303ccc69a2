"""End-to-end encryption of signalling: members who share a link's secret encrypt names and signals, so that the broker
can neither read nor change them.

`docs/peer-protocol.md` defines the format; this module and `web/sdk/src/signalling/signal-encryption.ts` both pass the
vectors in `tests/vectors/seal.json`.  Keys are derived with HKDF-SHA-256 (RFC 5869), encryption is AES-256-GCM (NIST
SP 800-38D).  The caller passes in randomness: an `iv` must never be used twice with one secret.
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
"""Length of a member's nonce in bytes; each page load makes a new one."""

IV_BYTES: Final = 12
"""Length of the random initialization vector of each ciphertext, in bytes."""

CARD_CHARACTERS: Final = 400
"""Length of an encrypted card, the same for every name."""

_NAME_BYTES: Final = 256
_COUNT_BYTES: Final = 8
_TAG_BYTES: Final = 16

Purpose = Literal["card", "signal"]


class Card(Struct, frozen=True):
    """A member's name and nonce; its encrypted form replaces the name in messages."""

    nonce: bytes
    name: str


class Endpoint(Struct, frozen=True):
    """Sender or receiver of an encrypted signal: the peer id given by the broker, and the nonce from the card."""

    id: str
    nonce: bytes


class Seal:
    """Encrypts and decrypts cards and signals with the keys derived from one room's secret."""

    def __init__(self, secret: bytes, room: str) -> None:
        self._cards = AESGCM(derive(secret, room, "card"))
        self._signals = AESGCM(derive(secret, room, "signal"))

    def seal_card(self, card: Card, iv: bytes) -> str:
        """The encrypted card for `join` and `resume`: `CARD_CHARACTERS` long."""
        plain = card.nonce + card.name.encode().ljust(_NAME_BYTES, b"\0")
        return _to_text(iv + self._cards.encrypt(iv, plain, None))

    def open_card(self, text: str) -> Card | None:
        """Decrypt a card.  Returns None if it isn't one, or was encrypted with another secret or for another room."""
        raw = _from_text(text)
        if raw is None or len(text) != CARD_CHARACTERS:
            return None
        try:
            plain = self._cards.decrypt(raw[:IV_BYTES], raw[IV_BYTES:], None)
            return Card(plain[:NONCE_BYTES], plain[NONCE_BYTES:].rstrip(b"\0").decode())
        except (InvalidTag, UnicodeError):
            return None

    def seal_signal(self, text: str, sender: Endpoint, receiver: Endpoint, count: int, iv: bytes) -> str:
        """The encrypted `data` of a `signal`.  `count` must increase with each signal from this sender to receiver."""
        sealed = self._signals.encrypt(iv, text.encode(), _associated_data(sender, receiver, count))
        return _to_text(count.to_bytes(_COUNT_BYTES) + iv + sealed)

    def open_signal(self, data: str, sender: Endpoint, receiver: Endpoint, after: int) -> tuple[int, str] | None:
        """Decrypt a signal to its count and text.

        Returns None if it was for other endpoints, was changed, or its count isn't greater than `after` (a replay).
        """
        raw = _from_text(data)
        if raw is None or len(raw) < _COUNT_BYTES + IV_BYTES + _TAG_BYTES:
            return None
        count = int.from_bytes(raw[:_COUNT_BYTES])
        if count <= after:
            return None
        iv, sealed = raw[_COUNT_BYTES : _COUNT_BYTES + IV_BYTES], raw[_COUNT_BYTES + IV_BYTES :]
        try:
            return count, self._signals.decrypt(iv, sealed, _associated_data(sender, receiver, count)).decode()
        except (InvalidTag, UnicodeError):
            return None


def derive(secret: bytes, room: str, purpose: Purpose) -> bytes:
    """Derive the 32-byte key for one purpose in one room."""
    salt = f"eyeline.v1 {room}".encode()
    return HKDF(SHA256(), length=32, salt=salt, info=purpose.encode()).derive(secret)


def _associated_data(sender: Endpoint, receiver: Endpoint, count: int) -> bytes:
    ends = (sender.id, _to_text(sender.nonce), receiver.id, _to_text(receiver.nonce))
    return " ".join([*ends, str(count)]).encode()


def _to_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_text(text: str) -> bytes | None:
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if _to_text(raw) == text else None  # the decoder skips invalid characters
