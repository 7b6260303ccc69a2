"""Four emoji that two people compare, to know that nobody is between them (a short authentication string, RFC 6189).

Each connection has two ends with a key each, which its fingerprint names.  One end commits itself to a nonce, the other
answers with its own, the first reveals: so nobody can try nonces until the emoji match, and a guess is right once in
2^24.  `docs/peer-protocol.md` has the frames; `web/sdk/src/verification/short-auth-string.ts` plays them.
"""

import hashlib
from typing import Final, Literal

from msgspec import Struct

SAS_NONCE_BYTES: Final = 16
"""Bytes of each side's nonce."""

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
"""64 of them, with the words to read aloud."""

COMPARED: Final = 4
"""How many are compared."""


class Ends(Struct, frozen=True):
    """The SHA-256 fingerprints of both keys of a connection, as one end knows them."""

    committer: bytes
    responder: bytes


def commitment(nonce: bytes, ends: Ends) -> bytes:
    """What the committer says first."""
    return _hash("commit", nonce, ends)


def emoji(committed: bytes, answered: bytes, ends: Ends) -> tuple[tuple[str, str], ...]:
    """The four, each with its word, from both nonces."""
    bits = int.from_bytes(_hash("emoji", committed + answered, ends)[:3])
    return tuple(EMOJI[bits >> shift & 63] for shift in (18, 12, 6, 0))


def statement(role: Literal["committer", "responder"], committed: bytes, answered: bytes, ends: Ends) -> bytes:
    """What each end signs with its long-term key (ECDSA, P-256, SHA-256), to be recognised another time."""
    return _hash(role, committed + answered, ends)


def _hash(purpose: str, nonces: bytes, ends: Ends) -> bytes:
    return hashlib.sha256(f"eyeline {purpose}\0".encode() + nonces + ends.committer + ends.responder).digest()
