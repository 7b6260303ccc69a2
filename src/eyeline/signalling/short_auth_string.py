"""Short authentication string (SAS, as in RFC 6189): four emoji that two people compare to detect an attacker between
them.

Each end of a connection has a key, identified by its DTLS fingerprint.  One end commits to a nonce, the other answers
with its own, then the first reveals its nonce.  So an attacker can't try nonces until the emoji match, and a guess
succeeds once in 2^24.  `docs/peer-protocol.md` defines the frames; `web/sdk/src/verification/short-auth-string.ts`
exchanges them.
"""

import hashlib
from typing import Final, Literal

from msgspec import Struct

SAS_NONCE_BYTES: Final = 16
"""Length of each side's nonce in bytes."""

EMOJI: Final = (
    *(("🦊", "fox"), ("🐻", "bear"), ("🦒", "giraffe"), ("🐯", "tiger"), ("🐮", "cow"), ("🐵", "monkey")),
    *(("🐔", "hen"), ("🦆", "duck"), ("🦉", "owl"), ("🐺", "wolf"), ("🐸", "frog"), ("🐊", "crocodile")),
    *(("🐍", "snake"), ("🐳", "whale"), ("🦔", "hedgehog"), ("🦈", "shark"), ("🐌", "snail"), ("🐞", "ladybird")),
    *(("🦀", "crab"), ("🐪", "camel"), ("🌻", "sunflower"), ("🍁", "maple"), ("🌈", "rainbow"), ("⭐", "star")),
    *(("🌋", "volcano"), ("🌊", "wave"), ("⛄", "snowman"), ("🌞", "sun"), ("🍋", "lemon"), ("🍇", "grapes")),
    *(
        ("🍒", "cherries"),
        ("🍍", "pineapple"),
        ("🥕", "carrot"),
        ("🥑", "avocado"),
        ("🥐", "croissant"),
        ("🍔", "burger"),
    ),
    *(("🍩", "doughnut"), ("🍦", "ice cream"), ("🍯", "honey"), ("🥚", "egg"), ("☕", "coffee"), ("🚗", "car")),
    *(("🚌", "bus"), ("🚁", "helicopter"), ("⛵", "sailboat"), ("🎈", "balloon"), ("🥁", "drum"), ("🎻", "violin")),
    *(("🎲", "dice"), ("🧲", "magnet"), ("🔭", "telescope"), ("🧭", "compass"), ("🧦", "socks"), ("👑", "crown")),
    *(("👢", "boot"), ("🏠", "house"), ("🏰", "castle"), ("⛺", "tent"), ("🧹", "broom"), ("🧵", "thread")),
    *(("📷", "camera"), ("🧺", "basket"), ("🧩", "puzzle"), ("🪂", "parachute")),
)
"""The 64 emoji, each with a word to read aloud."""


class Ends(Struct, frozen=True):
    """The SHA-256 fingerprints of both keys of a connection, as seen by one end."""

    committer: bytes
    responder: bytes


def commitment(nonce: bytes, ends: Ends) -> bytes:
    """The hash that the committer sends first."""
    return _hash("commit", nonce, ends)


def emoji(committed: bytes, answered: bytes, ends: Ends) -> tuple[tuple[str, str], ...]:
    """The four emoji for both nonces, each with its word."""
    bits = int.from_bytes(_hash("emoji", committed + answered, ends)[:3])
    return tuple(EMOJI[bits >> shift & 63] for shift in (18, 12, 6, 0))


def statement(role: Literal["committer", "responder"], committed: bytes, answered: bytes, ends: Ends) -> bytes:
    """The bytes that each end signs with its long-term key (ECDSA, P-256, SHA-256), to be recognised in later calls."""
    return _hash(role, committed + answered, ends)


def _hash(purpose: str, nonces: bytes, ends: Ends) -> bytes:
    return hashlib.sha256(f"eyeline {purpose}\0".encode() + nonces + ends.committer + ends.responder).digest()
