"""Invitations of words: the room and the key that five words stand for, as in docs/peer-protocol.md."""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent
VECTORS = json.loads((Path(__file__).parent / "vectors" / "words.json").read_text(encoding="utf-8"))
LETTERS = "abcdefghjkmnpqrstuvwxyz123456789"


def rendezvous(words: list[str], url: str) -> tuple[str, str]:
    """The name and the key of the room."""
    place = urlsplit(url)
    salt = f"eyeline words 1 {place.netloc}{place.path}"
    derived = hashlib.pbkdf2_hmac("sha256", " ".join(words).encode(), salt.encode(), 1_000_000)
    name = "".join(LETTERS[byte & 31] for byte in derived[:16])
    groups = [name[start : start + 4] for start in range(0, 16, 4)]
    return "-".join(groups), urlsafe_b64encode(derived[16:]).decode().rstrip("=")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["url"]))
def test_words_lead_to_the_room_and_key_of_the_vectors(vector: dict[str, object]) -> None:
    words = [str(word) for word in vector["words"]]  # type: ignore[attr-defined]
    assert rendezvous(words, str(vector["url"])) == (vector["room"], vector["key"])


def test_three_letters_tell_the_words_apart_and_one_wrong_letter_can_be_mended() -> None:
    text = (ROOT / "web/app/src/model/invitation/word-list.ts").read_text(encoding="utf-8")
    words = re.findall(r"[a-z]+", text.partition("`\n")[2].partition("`")[0])
    assert len(words) == 1296
    assert len({word[:3] for word in words}) == 1296
    assert words == sorted(words)
